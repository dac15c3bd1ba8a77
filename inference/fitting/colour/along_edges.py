"""Gaussians are drawn out along the edges that the photograph shows where they lie.

The head's Gaussians lie in a grid that knows no lapel, lip or strand: round ones make saw-teeth
of a slanted edge. The edges' direction is that of the structure tensor (Bigun and Granlund 1987).
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np

from inference.fitting.evidence.kinds import HAIR_LABELS
from inference.fitting.evidence.trust import View, seen_at, smoothstep
from inference.head.gaussians import FloatArray, Gaussians
from inference.head.rotations import quaternions_of, rotations_of
from inference.head.template import HeadTemplate
from inference.rendering.camera import Camera


@dataclass(frozen=True)
class EdgeLimits:
    """From where on edges are believed a little, and from where on in full; all are our choice.

    Attributes:
        contrast: RGB a pixel.
        coherence: how much stronger than across gradients are along them, 0..1.
        facing_degrees: angle between normal and view: in full, and no more.
    """

    contrast: tuple[float, float] = (0.01, 0.05)
    coherence: tuple[float, float] = (0.3, 0.8)
    facing_degrees: tuple[float, float] = (40.0, 65.0)


@dataclass(frozen=True)
class EdgeConfig:
    """How edges draw Gaussians out; all values are our choice.

    Attributes:
        gradient_px: blur before gradients are taken, pixels at 512.
        tensor_px: how far around an edge is felt, pixels at 512.
        longer: how much longer than wide Gaussians become on a clear edge, as large as they were.
        usual: limits; looser ones would make brush strokes of the skin's grain.
        hair: limits of hair, which is all edges.
    """

    gradient_px: float = 1.0
    tensor_px: float = 2.0
    longer: float = 4.0
    usual: EdgeLimits = EdgeLimits()
    hair: EdgeLimits = EdgeLimits((0.005, 0.025), (0.15, 0.6))


def draw_out_along_edges(
    gaussians: Gaussians,
    camera: Camera,
    image: FloatArray,  # [S, S, 3]
    view: View,
    template: HeadTemplate,
    config: EdgeConfig,
) -> Gaussians:
    """Draw Gaussians out along the edges of the photograph.

    Args:
        gaussians: the head at the photograph's camera.
        camera: that camera, in the size of the photograph.
        image: the photograph.
        view: how the Gaussians lie in it.
        template: labels.
        config: how far.
    """
    felt = np.moveaxis(_edges(image, config), -1, 0)
    doubled_cosine, doubled_sine, contrast, coherence = (
        seen_at(gaussians, camera, part) for part in felt
    )
    hair = np.isin(template.labels, HAIR_LABELS)
    strength = np.where(
        hair,
        _strength(contrast, coherence, view, config.hair),
        _strength(contrast, coherence, view, config.usual),
    )
    pixels, _ = camera.project(gaussians.means.astype(np.float64))
    inside = ((pixels >= 0) & (pixels < len(image))).all(1)
    at = np.flatnonzero(inside & (strength > 0.05))
    angle = np.arctan2(doubled_sine[at], doubled_cosine[at]) / 2
    order = gaussians.scales[at].argsort(1)
    axes = np.take_along_axis(rotations_of(gaussians.quaternions[at]), order[:, None], 2)
    scales = np.take_along_axis(gaussians.scales[at], order, 1)
    thin, second, first = np.moveaxis(axes, 2, 0)
    across = np.stack([-np.sin(angle), np.cos(angle)], 1) @ camera.world_to_camera[:2, :3]
    edge = np.cross(thin, across)
    length = np.linalg.norm(edge, axis=1, keepdims=True)
    edge = (edge / np.maximum(length, 1e-6)).astype(np.float32)
    # In the plane of the two longer axes: their ellipse, and the one that the edge asks for.
    flat = np.stack([(edge * first).sum(1), (edge * second).sum(1)], 1)
    own = np.zeros((len(at), 2, 2))
    own[:, 0, 0], own[:, 1, 1] = scales[:, 2] ** 2, scales[:, 1] ** 2
    variance = scales[:, 1] * scales[:, 2]
    along_it = flat[:, :, None] * flat[:, None, :]
    ratio = config.longer
    wanted = variance[:, None, None] * (np.eye(2) / ratio + (ratio - 1 / ratio) * along_it)
    share = strength[at, None, None]
    sizes, turns = np.linalg.eigh((1 - share) * own + share * wanted)
    major = turns[:, :1, 1] * first + turns[:, 1:, 1] * second
    minor = np.cross(thin, major)
    quaternions, new = gaussians.quaternions.copy(), gaussians.scales.copy()
    quaternions[at] = quaternions_of(np.stack([major, minor, thin], 2))
    new[at] = np.stack([np.sqrt(sizes[:, 1]), np.sqrt(sizes[:, 0]), scales[:, 0]], 1)
    return replace(gaussians, quaternions=quaternions, scales=new.astype(np.float32))


def _edges(image: FloatArray, config: EdgeConfig) -> FloatArray:
    """[S, S, 4]: cosine and sine of twice the edges' angle, RGB a pixel at 512, coherence."""
    scale = len(image) / 512
    smooth = cv2.GaussianBlur(image, (0, 0), config.gradient_px * scale)
    right = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, scale=scale / 8)
    down = cv2.Sobel(smooth, cv2.CV_32F, 0, 1, scale=scale / 8)
    tensor = np.dstack([(right**2).sum(-1), (down**2).sum(-1), (right * down).sum(-1)])
    xx, yy, xy = np.moveaxis(cv2.GaussianBlur(tensor, (0, 0), config.tensor_px * scale), -1, 0)
    apart = np.maximum(np.hypot(xx - yy, 2 * xy), 1e-9)
    # The gradient's angle doubled; the edge lies across it.
    along = (yy - xx) / apart, -2 * xy / apart
    felt = np.stack([*along, np.sqrt(xx + yy), apart / np.maximum(xx + yy, 1e-9)], -1)
    return np.asarray(felt, np.float32)


def _strength(
    contrast: FloatArray,  # [N]
    coherence: FloatArray,  # [N]
    view: View,
    limits: EdgeLimits,
) -> FloatArray:
    """[N] 0..1, how far each Gaussian follows the edge that it lies on."""
    near, far = np.cos(np.radians(limits.facing_degrees))
    return (
        smoothstep((view.cosine - far) / (near - far))
        * smoothstep((contrast - limits.contrast[0]) / (limits.contrast[1] - limits.contrast[0]))
        * smoothstep(
            (coherence - limits.coherence[0]) / (limits.coherence[1] - limits.coherence[0])
        )
    )
