"""How far the photograph may be believed, Gaussian by Gaussian and pixel by pixel."""

from dataclasses import dataclass

import cv2
import numpy as np

from inference.fitting.evidence.kinds import (
    EAR_LABELS,
    FACE,
    HAIR_LABELS,
    MOUTH,
    NECK,
    STRICT_LABELS,
)
from inference.fitting.solvers.blending import Blending
from inference.head.gaussians import FloatArray, Gaussians
from inference.head.template import NEIGHBOURS, HeadTemplate
from inference.portrait.types import PreparedPortrait
from inference.rendering.camera import Camera


@dataclass(frozen=True)
class TrustConfig:
    """What is believed; all values are our choice.

    Attributes:
        erode_px: the matte is worn off by this before colours are read, pixels at 512.
        facing_degrees: angle between normal and view at which the photograph is believed
            in full, and at which no more, for skin at the rim of the head: skin is seen
            from all sides and shows every smear.
        loose_facing_degrees: the same for all else.
        rim_px: how wide the rim is, pixels at 512.
        facing_floor: trust that remains for grazing views.
        detail_degrees: as facing_degrees, for fine detail.
        hair_detail_px: as many pixels at 512 fall on a Gaussian of hair that keeps its detail,
            and on one that loses it; hair stands off the template's surface, whose normals
            say little about it.
        detail_rim_px: as deep inside the foreground skin keeps its detail at any angle, and
            nearer to its end than this not, pixels at 512.
    """

    erode_px: float = 1.0
    facing_degrees: tuple[float, float] = (55.0, 78.0)
    loose_facing_degrees: tuple[float, float] = (75.0, 92.0)
    rim_px: float = 10.0
    facing_floor: float = 0.01
    detail_degrees: tuple[float, float] = (58.0, 82.0)
    hair_detail_px: tuple[float, float] = (0.8, 0.15)
    detail_rim_px: tuple[float, float] = (12.0, 3.0)


@dataclass(frozen=True)
class View:
    """How each Gaussian lies in the photograph.

    Attributes:
        cosine: [N] of the angle between normal and view.
        depth: [N] distance from the end of the foreground, pixels at 512.
    """

    cosine: FloatArray
    depth: FloatArray

    @classmethod
    def of(
        cls,
        gaussians: Gaussians,
        camera: Camera,
        portrait: PreparedPortrait,
        template: HeadTemplate,
    ) -> "View":
        """Measure the Gaussians against the photograph's camera and matte."""
        ray = camera.position - gaussians.means
        cosine = (template.normals * ray).sum(1) / np.linalg.norm(ray, axis=1)
        inside = (portrait.alpha > 0.5).astype(np.uint8)
        deep = np.asarray(cv2.distanceTransform(inside, cv2.DIST_L2, 3), np.float32)
        depth = seen_at(gaussians, camera, deep)
        scaled = depth * (512 / portrait.size)
        return cls(cosine.astype(np.float32), scaled.astype(np.float32))


def seen_at(
    gaussians: Gaussians,
    camera: Camera,
    picture: FloatArray,  # [S, S] in the size of the camera
) -> FloatArray:
    """What a picture of the photograph's crop says where each Gaussian lies, [N]."""
    pixels, _ = camera.project(gaussians.means.astype(np.float64))
    column, row = np.clip(pixels.T.astype(int), 0, len(picture) - 1)
    return np.asarray(picture[row, column], np.float32)


def facing_camera(view: View, template: HeadTemplate, config: TrustConfig) -> FloatArray:
    """0..1, how far the photograph may be believed at each Gaussian by its angle, [N]."""
    rim = np.clip(2 - view.depth / config.rim_px, 0, 1)
    strict = np.isin(template.labels, STRICT_LABELS) + 0.5 * np.isin(template.labels, EAR_LABELS)
    strict *= rim
    limits = np.outer(strict, config.facing_degrees)
    limits += np.outer(1 - strict, config.loose_facing_degrees)
    near, far = np.cos(np.radians(limits)).T
    ramp = smoothstep((view.cosine - far) / (near - far))
    ramp[template.labels == MOUTH] = 1
    return ramp


def pixel_weight(
    blending: Blending, facing: FloatArray, portrait: PreparedPortrait, config: TrustConfig
) -> FloatArray:
    """How far each pixel of the photograph may colour the head, [S, S] 0..1.

    Foreground well inside the matte, where the surface faces the camera: a grazing view
    smears one pixel over centimetres of the head.
    """
    radius = config.erode_px * portrait.size / 512
    edge = 2 * round(radius) + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (edge, edge))
    inside = cv2.erode((portrait.alpha > 0.9).astype(np.float32), kernel, borderValue=1.0)
    drawn = blending.picture(facing[:, None])[..., 0] / np.maximum(blending.alpha, 1e-3)
    return (inside * np.maximum(drawn, config.facing_floor) * blending.alpha).astype(np.float32)


def smoothstep(values: FloatArray) -> FloatArray:
    """0 below 0, 1 above 1, smooth between."""
    clipped = np.clip(values, 0, 1)
    return (clipped * clipped * (3 - 2 * clipped)).astype(np.float32)


def detail_seen(
    view: View, seen_px: FloatArray, template: HeadTemplate, config: TrustConfig
) -> FloatArray:
    """0..1, how far the photograph's fine detail at each Gaussian is true, [N].

    A slanted surface is seen through few pixels, which its colours stretch into streaks; what
    they have in common may stay, their differences may not. Skin loses its detail only along
    the rim of the head: the slanted parts of the face inside (nose, eyelids) have some.

    Args:
        view: angles and depths.
        seen_px: [N] blending weight of the believed pixels on each Gaussian, pixels at 512.
        template: labels.
        config: limits.
    """
    labels = template.labels
    near, far = np.cos(np.radians(config.detail_degrees))
    slanted = smoothstep((view.cosine - far) / (near - far))
    inner, outer = config.detail_rim_px
    inside = smoothstep((view.depth - outer) / (inner - outer))
    face = ~np.isin(labels, (NECK, FACE, *EAR_LABELS, *HAIR_LABELS))
    skin = np.isin(labels, (NECK, FACE))
    slanted[skin] = np.maximum(slanted, inside)[skin]
    slanted[face] = 1
    hair = np.isin(labels, HAIR_LABELS)
    many, few = config.hair_detail_px
    around = (seen_px + seen_px[template.neighbours].sum(1)) / (1 + NEIGHBOURS)
    slanted[hair] = smoothstep((around - few) / (many - few))[hair]
    seen = smoothstep((seen_px - 0.2) / 0.8)
    return (slanted * seen).astype(np.float32)
