"""Where a matting network is asked: what is surely person, surely background, or to be found out.

The band around the outline is wide around the face, where hair is, and narrow at clothes.
"""

import cv2
import numpy as np

from inference.head.gaussians import FloatArray
from inference.portrait.types import FaceLandmarks

UNKNOWN = 128 / 255
"""What the trimap says where it does not know: the grey of the usual trimap files."""

REFERENCE = 512
"""Edge of the crop, in pixels, that the lengths below are for."""

HAIR_BAND, CLOTHES_BAND = 32.0, 8.0
"""How far from the outline, to either side, the network is asked (our choice, as what follows)."""

HAIR_REACH, HAIR_END = 1.1, 1.5
"""Distance from the face's middle, in heights of the face, up to which the band has its full
width, and from which it is that of clothes."""

SURE = 0.05
"""How near the alpha must be to 0 or 1 to count as known."""


def make_trimap(
    alpha: FloatArray,  # [S, S] 0..1
    landmarks: FaceLandmarks | None,
) -> FloatArray:
    """The trimap of an outline that is roughly right.

    Args:
        alpha: the foreground so far.
        landmarks: in pixels of the same crop; without them hair may be anywhere.

    Returns:
        [S, S] float32: 0 background, 1 person, UNKNOWN between.
    """
    band = _band(alpha.shape[0], landmarks)
    trimap = np.full(alpha.shape, UNKNOWN, np.float32)
    trimap[_distance_to(alpha > SURE) > band] = 0
    trimap[_distance_to(alpha < 1 - SURE) > band] = 1
    if landmarks is not None:
        trimap[_face(alpha.shape[0], landmarks) & (alpha > 0.5)] = 1
    return trimap


def _band(size: int, landmarks: FaceLandmarks | None) -> FloatArray:
    """Half the width of what is unknown, [S, S] pixels."""
    scale = size / REFERENCE
    if landmarks is None:
        return np.full((size, size), HAIR_BAND * scale, np.float32)
    points = landmarks.points
    height = float(np.ptp(points[:, 1]))
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    rows, columns = np.mgrid[:size, :size] + 0.5
    away = np.hypot(columns - middle[0], rows - middle[1]) / max(height, 1.0)
    clothes = ((away - HAIR_REACH) / (HAIR_END - HAIR_REACH)).clip(0, 1)
    width = HAIR_BAND + (CLOTHES_BAND - HAIR_BAND) * clothes
    return np.asarray(width * scale, np.float32)


def _distance_to(mask: np.ndarray) -> FloatArray:
    """Pixels from each pixel to the nearest one of the mask, [S, S]; infinite without one."""
    if not mask.any():
        return np.full(mask.shape, np.inf, np.float32)
    outside = np.asarray(~mask, np.uint8)
    return np.asarray(cv2.distanceTransform(outside, cv2.DIST_L2, cv2.DIST_MASK_PRECISE))


def _face(size: int, landmarks: FaceLandmarks) -> np.ndarray:
    """[S, S] whether a pixel lies within the landmarks."""
    hull = cv2.convexHull(np.round(landmarks.points).astype(np.int32))
    drawn = cv2.fillConvexPoly(np.zeros((size, size), np.uint8), hull, 1)
    return np.asarray(drawn > 0)
