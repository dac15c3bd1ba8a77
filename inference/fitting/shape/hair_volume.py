"""Hair is about as thick behind the head as at its outline."""

import numpy as np
from numpy.typing import NDArray

from inference.fitting.evidence.kinds import HAIR_LABELS
from inference.fitting.shape.outline import OutlineMatches
from inference.head.gaussians import FloatArray
from inference.head.template import HeadTemplate
from inference.rendering.camera import Camera

EVERY = 97
"""One hair anchor in this many takes part (our choice)."""

HEIGHT_SIGMA = 0.35
"""How near in height, as the sine of the elevation, outline and back are related."""

GROWTH_LIMITS = (-0.25, 0.4)
"""Relative growth of the hair that is believed (our choice)."""


def grow_behind(
    matches: OutlineMatches,
    moves: NDArray[np.float64],  # [K, 3]
    means: FloatArray,  # [N, 3]
    template: HeadTemplate,
    camera: Camera,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Points of the hair that the camera does not see, and how far they should move.

    Where the outline's hair moves away from the middle of the hair by some share of its
    distance, the hair behind at the same height does so too. Otherwise a full head of hair
    would end in a ridge along the outline.

    Args:
        matches: the outline.
        moves: how far its points should move, metres.
        means: the Gaussians' centres, metres.
        template: labels and normals.
        camera: the photograph's camera.

    Returns:
        Points and moves, [B, 3] metres each; empty if the outline shows no hair.
    """
    hair = np.isin(template.labels, HAIR_LABELS)
    rim = hair[matches.anchors] & (matches.trust >= 1)
    view = camera.position - means
    view /= np.linalg.norm(view, axis=1, keepdims=True)
    away = np.flatnonzero(hair & ((template.normals * view).sum(1) < -0.25))[::EVERY]
    if rim.sum() < 8 or len(away) == 0:
        return np.zeros((0, 3)), np.zeros((0, 3))
    centre = means[hair].mean(0)
    spokes = matches.points[rim] - centre
    lengths = np.linalg.norm(spokes, axis=1)
    spokes /= lengths[:, None]
    growth = np.clip((moves[rim] * spokes).sum(1) / lengths, *GROWTH_LIMITS)
    behind = means[away].astype(np.float64)
    offsets = behind - centre
    heights = offsets[:, 1] / np.linalg.norm(offsets, axis=1)
    near = np.exp(-((heights[:, None] - spokes[None, :, 1]) ** 2) / (2 * HEIGHT_SIGMA**2))
    shares = (near @ growth) / near.sum(1)
    return behind, offsets * shares[:, None]
