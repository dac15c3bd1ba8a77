"""Where the head's outline lies, and where the photograph's matte says it should lie."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.fitting.evidence.regions import widened
from inference.fitting.solvers.blending import Blending
from inference.head.gaussians import FloatArray
from inference.rendering.camera import Camera

SMOOTHING_PX = 2.0
"""Blur before normals are taken, pixels at 256 (our choice)."""


@dataclass(frozen=True)
class OutlineMatches:
    """Points of the head's outline and how far each should move in the picture.

    Attributes:
        points: [K, 3] metres: the mean place of the Gaussians that make the outline there.
        shifts: [K, 2] pixels, along the outline's normal.
        trust: [K] 0..1; low where the matte leaves the picture.
        anchors: [K] the Gaussian that gives most to the outline there.
    """

    points: NDArray[np.float64]
    shifts: NDArray[np.float64]
    trust: NDArray[np.float64]
    anchors: NDArray[np.int64]


def match_outline(
    blending: Blending,
    means: FloatArray,  # [N, 3]
    matte: FloatArray,  # [H, W] at the blending's size
    reach_px: float,
    inside: FloatArray | None = None,  # [H, W]
    every: int = 4,
) -> OutlineMatches:
    """Look from the head's outline along its normal for the matte's outline.

    Args:
        blending: of the head from the photograph's camera.
        means: the Gaussians' centres, metres.
        matte: foreground 0..1 of the photograph.
        reach_px: how far to look to either side, pixels.
        inside: 1 where the photograph shows anything, None if everywhere: beyond, outlines are
            not known.
        every: take one outline pixel in this many.
    """
    sigma = SMOOTHING_PX * blending.width / 256
    alpha = _padded_blur(blending.alpha, sigma)
    foreground = _padded_blur(matte, sigma / 2)
    pixels = _contour(alpha)[::every]
    pixels = pixels[(pixels > 1).all(1) & (pixels < np.array(alpha.shape)[::-1] - 2).all(1)]
    if inside is not None:
        pixels = pixels[_sample(inside, pixels) > 0.5]
    if len(pixels) == 0:
        empty = np.zeros((0, 3))
        return OutlineMatches(empty, empty[:, :2], empty[:, 0], np.zeros(0, np.int64))
    normal = -np.stack(
        [_sample(np.gradient(alpha, axis=1), pixels), _sample(np.gradient(alpha, axis=0), pixels)],
        axis=1,
    )
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-9)
    steps = np.arange(-reach_px, reach_px + 0.25, 0.5)
    along = pixels[:, None] + steps[None, :, None] * normal[:, None]
    ends = np.array(foreground.shape[::-1])
    out = np.asarray((along < 0).any(-1) | (along > ends).any(-1))
    if inside is not None:
        out |= _sample(inside, along) < 0.5
    shift, trust = _nearest_crossing(_sample(foreground, along), out, steps)
    rows = pixels[:, 1].astype(int) * blending.width + pixels[:, 0].astype(int)
    weights = blending.matrix[rows]
    total = np.asarray(weights.sum(1)).ravel()
    points = (weights @ means.astype(np.float64)) / np.maximum(total, 1e-9)[:, None]
    keep = (trust > 0) & (total > 0.05)
    most = np.asarray(weights.argmax(1)).ravel()
    return OutlineMatches(points[keep], (shift[:, None] * normal)[keep], trust[keep], most[keep])


def shown_at_targets(
    matches: OutlineMatches,
    camera: Camera,
    chance: FloatArray,  # [H, W] at the camera's size
    radius_px: float,
) -> FloatArray:
    """The highest chance [K] within so many pixels of where each match is to go."""
    pixels, _ = camera.project(matches.points)
    height, width = chance.shape
    column, row = np.clip((pixels + matches.shifts).T.astype(int), 0, [[width - 1], [height - 1]])
    return np.asarray(widened(chance, radius_px)[row, column], np.float32)


def _nearest_crossing(
    values: NDArray[np.float64],  # [K, S] matte along each normal, inside to outside
    out: NDArray[np.bool_],  # [K, S] whether that is beyond the picture
    steps: NDArray[np.float64],  # [S] pixels
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Signed distance to where the matte ends, and how sure that is, [K] each."""
    crossing = (values[:, :-1] >= 0.5) & (values[:, 1:] < 0.5) & ~out[:, 1:]
    middle = (steps[:-1] + steps[1:]) / 2
    cost = np.where(crossing, np.abs(middle), np.inf)
    best = cost.argmin(1)
    found = np.isfinite(cost.min(1))
    leaves = out.argmax(1)
    # Foreground all the way to the picture's edge: the outline lies at least there.
    centre = len(steps) // 2
    beyond = ~found & out.any(1) & (leaves > centre)
    beyond &= values[np.arange(len(values)), np.maximum(leaves - 1, 0)] >= 0.5
    shift = np.where(found, middle[best], 0.0)
    shift = np.where(beyond, steps[leaves] + 2.0, shift)
    return shift, np.where(found, 1.0, np.where(beyond, 0.5, 0.0))


def _contour(alpha: FloatArray) -> NDArray[np.float64]:
    """Pixels (x, y) on the outer outline at alpha 0.5, in order along it."""
    mask = (alpha > 0.5).astype(np.uint8)
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not contours:
        return np.zeros((0, 2))
    return max(contours, key=len)[:, 0].astype(np.float64)


def _padded_blur(picture: FloatArray, sigma: float) -> FloatArray:
    blurred = cv2.GaussianBlur(picture.astype(np.float32), (0, 0), max(sigma, 0.5))
    return blurred.astype(np.float32)


def _sample(picture: FloatArray, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Bilinear values [...] at pixel indices (x, y) [..., 2]; edges are repeated."""
    height, width = picture.shape
    x, y = np.clip(points, 0, [width - 1, height - 1]).reshape(-1, 2).T
    left, top = np.minimum(x.astype(int), width - 2), np.minimum(y.astype(int), height - 2)
    right_share, lower_share = x - left, y - top
    upper = (1 - right_share) * picture[top, left] + right_share * picture[top, left + 1]
    lower = (1 - right_share) * picture[top + 1, left] + right_share * picture[top + 1, left + 1]
    values = (1 - lower_share) * upper + lower_share * lower
    return np.asarray(values.reshape(points.shape[:-1]), np.float64)
