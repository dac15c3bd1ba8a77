"""Hair that begins on the skin: no slit along the hairline through which the back is seen.

The template's hair is a shell above the scalp that ends in a step. From the front one looks
through the slit below its edge into the back of the head, and where the photograph shows a
forehead that reaches higher than the template's, the step crosses bare skin.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from inference.fitting.evidence.kinds import FACE, HAIR_LABELS
from inference.fitting.evidence.trust import seen_at, smoothstep
from inference.fitting.shape.surface import turn_along
from inference.head.gaussians import FloatArray, Gaussians
from inference.head.template import HeadTemplate
from inference.rendering.camera import Camera

FRONT = -0.01
"""Hairlines in front of this depth, metres, are the face's; behind, hair hangs (our choice)."""

SLOPE = 1.1
"""Metres over which hair rises by one metre (our choice)."""

REACHES = (0.004, 0.035)
"""Least and most metres over which it rises (our choice)."""

BARE_REACH = 0.06
"""Scalp farther than this from the template's face is never bare, metres (our choice)."""

ANGLES = (0.2, 0.5)
"""Cosines of normal and view at which the photograph tells nothing of a scalp, and all."""

BALD = 0.95
"""Share of the scalp in sight that must be bare before all of it is (our choice)."""

NEAREST = 6
"""Points of the face whose place the hairline takes over (our choice)."""

STEPS = 12
"""Averaging steps of what the photograph tells (our choice)."""


def lay_down(
    gaussians: Gaussians, template: HeadTemplate, camera: Camera, hair: FloatArray | None
) -> Gaussians:
    """Let the hair rise from the face instead of standing above it.

    Args:
        gaussians: the head at the photograph's camera.
        template: anchors, labels and neighbours.
        camera: of the photograph.
        hair: [S, S] 0..1 chance of hair or a hat at each pixel, None where it is not known:
            then hair rises from the template's hairline, else from the photograph's.
    """
    scalp = np.flatnonzero(np.isin(template.labels, HAIR_LABELS))
    face = np.flatnonzero(
        (template.labels == FACE)
        & (template.anchors[:, 2] > FRONT)
        & np.isin(template.labels[template.neighbours], HAIR_LABELS).any(1)
    )
    moves = gaussians.means - template.anchors
    apart, near = cKDTree(template.anchors[face]).query(template.anchors[scalp], k=NEAREST)
    weight = 1 / np.maximum(apart, 1e-4)
    weight /= weight.sum(1, keepdims=True)
    ground = (weight[..., None] * moves[face][near]).sum(1)
    start = template.anchors[face]
    distance = apart[:, 0]
    if hair is not None:
        bare = bare_scalp(gaussians, template, camera, hair)[scalp]
        bare &= distance < BARE_REACH
        if bare.any():
            start = np.concatenate([start, template.anchors[scalp][bare]])
            distance, _ = cKDTree(start).query(template.anchors[scalp])
    lift = moves[scalp] - ground
    reach = np.clip(SLOPE * np.linalg.norm(lift, axis=1), *REACHES)
    share = smoothstep((distance / reach).astype(np.float32))
    means = gaussians.means.copy()
    means[scalp] -= (1 - share)[:, None] * lift
    laid = replace(gaussians, means=means)
    members = np.zeros(len(means), bool)
    members[scalp] = share < 1
    flat = np.zeros(len(means), np.float32)
    flat[scalp] = 1 - share
    return turn_along(laid, gaussians.means, members, flat, template.neighbours, template.normals)


def bare_scalp(
    gaussians: Gaussians, template: HeadTemplate, camera: Camera, hair: FloatArray
) -> NDArray[np.bool_]:
    """[N] where the photograph, or its mirror image, shows skin in the hair's place.

    Who has next to no hair in sight has none at all.
    """
    ray = camera.position - gaussians.means
    cosine = (template.normals * ray).sum(1) / np.linalg.norm(ray, axis=1)
    low, high = ANGLES
    seen = smoothstep(((cosine - low) / (high - low)).astype(np.float32))
    skin = 1 - seen_at(gaussians, camera, hair)
    scalp = np.isin(template.labels, HAIR_LABELS)
    if (seen * skin)[scalp].sum() > BALD * seen[scalp].sum() > 0:
        return scalp
    there = np.maximum(seen[template.mirror] - seen, 0)
    shown = seen * skin + there * skin[template.mirror]
    for _ in range(STEPS):
        shown = 0.4 * shown + 0.6 * shown[template.neighbours].mean(1)
    return scalp & (shown > 0.5)
