"""Outlines in the head's space, and the pixels they cover."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.face_map.face_frame import FaceFrame, Points
from inference.face_map.regions import polygon_mask

Mask = NDArray[np.bool_]


def covered(points: Points, size: int) -> Mask:
    """What an outline [N, 2] of pixels encloses [size, size]."""
    return polygon_mask([(float(x), float(y)) for x, y in points], size)


def hull(frame: FaceFrame, points: Points, size: int) -> Mask:
    """What the convex hull of points [N, 3] covers in the picture."""
    pixels = frame.project(points).astype(np.float32)
    return covered(cv2.convexHull(pixels)[:, 0].astype(np.float64), size)


def band(pixels: Points, width: float, size: int) -> Mask:
    """What a line of some width through pixels [N, 2] covers."""
    mask = np.zeros((size, size), np.uint8)
    line = np.round(pixels * 16).astype(np.int32)
    cv2.polylines(mask, [line], isClosed=False, color=1, thickness=max(2, round(width)), shift=4)
    return mask.astype(bool)


def ellipsoid(
    centre: Sequence[float], radii: Sequence[float], rows: int = 24, columns: int = 48
) -> Points:
    """Points [N, 3] of an axis-aligned ellipsoid, metres."""
    up, around = np.meshgrid(
        np.linspace(-np.pi / 2, np.pi / 2, rows), np.linspace(0, 2 * np.pi, columns)
    )
    ball = np.stack(
        [np.cos(up) * np.sin(around), np.sin(up), np.cos(up) * np.cos(around)], -1
    ).reshape(-1, 3)
    return ball * np.array(radii) + np.array(centre)


def superellipse(width: float, height: float, power: float, count: int = 64) -> Points:
    """An outline [count, 2] between an ellipse (power 2) and a rectangle (large powers)."""
    angle = np.linspace(0, 2 * np.pi, count, endpoint=False)
    cos, sin = np.cos(angle), np.sin(angle)
    x = np.sign(cos) * np.abs(cos) ** (2 / power) * width / 2
    y = np.sign(sin) * np.abs(sin) ** (2 / power) * height / 2
    return np.stack([x, y], -1)
