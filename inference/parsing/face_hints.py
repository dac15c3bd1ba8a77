"""The features of a face as its landmarks outline them, as pictures that the parser reads."""

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.face_map.labels import ByteArray, Label
from inference.fitting.evidence.landmark_groups import FACE_OVAL, NUM_LANDMARKS
from inference.portrait.types import FaceLandmarks

_UPPER_LIP_TOP = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291)
_UPPER_LIP_BOTTOM = (308, 415, 310, 311, 312, 13, 82, 81, 80, 191, 78)
_LOWER_LIP_TOP = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308)
_LOWER_LIP_BOTTOM = (291, 375, 321, 405, 314, 17, 84, 181, 91, 146, 61)

OUTLINES: dict[Label, tuple[int, ...]] = {
    Label.FACE: FACE_OVAL,
    Label.RIGHT_BROW: (46, 53, 52, 65, 55, 107, 66, 105, 63, 70),
    Label.LEFT_BROW: (276, 283, 282, 295, 285, 336, 296, 334, 293, 300),
    Label.RIGHT_EYE: (33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246),
    Label.LEFT_EYE: (
        *(263, 249, 390, 373, 374, 380, 381, 382),
        *(362, 398, 384, 385, 386, 387, 388, 466),
    ),
    Label.NOSE: (168, 122, 174, 198, 49, 64, 98, 2, 327, 294, 279, 420, 399, 351),
    Label.INNER_MOUTH: (*_UPPER_LIP_BOTTOM, *_LOWER_LIP_TOP[1:-1]),
    Label.LOWER_LIP: (*_LOWER_LIP_TOP, *_LOWER_LIP_BOTTOM),
    Label.UPPER_LIP: (*_UPPER_LIP_TOP, *_UPPER_LIP_BOTTOM),
}
"""Landmarks around each feature, in order (the canonical face model's FACEMESH_* lists; the nose
is our choice)."""

COUNT = len(OUTLINES)
_BITS = 4  # of a pixel's fraction


def face_hints(
    landmarks: FaceLandmarks | None,
    edge: int,
    size: int,
) -> ByteArray:
    """Draw the outlines filled and antialiased, in the order of OUTLINES.

    Args:
        landmarks: in pixels of a square picture; without them all is empty.
        edge: of that picture, pixels.
        size: of the hints, pixels.

    Returns:
        [COUNT, size, size] 0..255.
    """
    hints = np.zeros((COUNT, size, size), np.uint8)
    if landmarks is None:
        return hints
    for plane, outline in zip(hints, OUTLINES.values(), strict=True):
        points = landmarks.points[list(outline)] * (size / edge) - 0.5  # pixel centres
        _fill(plane, points, size)
    return hints


def _fill(plane: ByteArray, points: NDArray[np.float64], size: int) -> None:
    within = np.clip(points, -2 * size, 3 * size)  # OpenCV's fixed-point numbers have an end
    ring = np.round(within * (1 << _BITS)).astype(np.int32)
    cv2.fillPoly(plane, [ring], 255, lineType=cv2.LINE_AA, shift=_BITS)


assert all(0 <= index < NUM_LANDMARKS for ring in OUTLINES.values() for index in ring)
