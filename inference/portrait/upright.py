"""Portraits of tilted heads, turned upright for networks that have seen few such heads."""

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.head.gaussians import FloatArray
from inference.portrait.cropping import OUTSIDE
from inference.portrait.types import FaceLandmarks, PreparedPortrait

LEVEL = float(np.radians(5.0))
"""Radians by which heads are tilted in training, often enough (our choice)."""

RIGHT_EYE, LEFT_EYE = (33, 133, 145, 159), (263, 362, 374, 386)
FOREHEAD, CHIN = 10, 152
"""Numbers of MediaPipe's face mesh."""


def beyond_level(roll: float) -> float:
    """Radians by which a head is tilted more than those that networks know."""
    return float(roll - np.clip(roll, -LEVEL, LEVEL))


def roll_of(landmarks: FaceLandmarks) -> float:
    """Radians by which a face is tilted clockwise in its picture.

    The mean of what the eyes and the middle line say: a turned and lowered head tilts each of
    them, but the other way round.
    """
    points = landmarks.points
    across = points[list(LEFT_EYE)].mean(0) - points[list(RIGHT_EYE)].mean(0)
    down = points[CHIN] - points[FOREHEAD]
    by_eyes = np.arctan2(across[1], across[0])
    by_line = np.arctan2(-down[0], down[1])
    difference = (by_line - by_eyes + np.pi) % (2 * np.pi) - np.pi
    return float(by_eyes + difference / 2)


def turn_back(size: int, tilt: float) -> NDArray[np.float64]:
    """[2, 3] of cv2.warpAffine that turns a square picture back about its middle.

    Args:
        size: edge of the picture in pixels.
        tilt: radians by which what it shows is tilted clockwise.
    """
    middle = ((size - 1) / 2, (size - 1) / 2)
    return np.asarray(cv2.getRotationMatrix2D(middle, np.degrees(tilt), 1.0), np.float64)


def turned_upright(portrait: PreparedPortrait) -> PreparedPortrait:
    """The portrait turned back about its middle; itself where it is level, or nobody can tell."""
    if portrait.landmarks is None:
        return portrait
    tilt = beyond_level(roll_of(portrait.landmarks))
    if tilt == 0:
        return portrait
    size = portrait.size
    turn = turn_back(size, tilt)

    def turned(picture: FloatArray, outside: float) -> FloatArray:
        border = (outside,) * 3
        found = cv2.warpAffine(picture, turn, (size, size), borderValue=border)
        return np.asarray(found, np.float32)

    inside = np.ones((size, size), np.float32) if portrait.inside is None else portrait.inside
    shown = (turned(inside, 0.0) > 0.99).astype(np.float32)
    points = (portrait.landmarks.points - 0.5) @ turn[:, :2].T + turn[:, 2] + 0.5
    return replace(
        portrait,
        image=turned(portrait.image, OUTSIDE),
        alpha=turned(portrait.alpha, 0.0) * shown,
        landmarks=replace(portrait.landmarks, points=points),
        inside=shown,
    )
