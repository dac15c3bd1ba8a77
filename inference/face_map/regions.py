"""Regions of a map: what a click fills, and what a line drawn by hand encloses."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from inference.face_map.footprint import Point
from inference.face_map.labels import ByteArray


def class_at(labels: ByteArray, x: float, y: float) -> int | None:
    """The class under a point of the map, or None beside it."""
    column, row = int(np.floor(x)), int(np.floor(y))
    inside = 0 <= row < labels.shape[0] and 0 <= column < labels.shape[1]
    return int(labels[row, column]) if inside else None


def region_at(labels: ByteArray, x: float, y: float, *, contiguous: bool) -> NDArray[np.bool_]:
    """Everything of the class under a point [H, W], or only the patch that the point is in.

    Pixels that touch at a side belong together. Beside the map it is empty.
    """
    label = class_at(labels, x, y)
    if label is None:
        return np.zeros(labels.shape, bool)
    same = labels == label
    if not contiguous:
        return same
    _, patches = cv2.connectedComponents(same.astype(np.uint8), connectivity=4)
    patch: NDArray[np.bool_] = patches == patches[int(np.floor(y)), int(np.floor(x))]
    return patch


def polygon_mask(points: Sequence[Point], size: int) -> NDArray[np.bool_]:
    """What a closed line encloses [size, size]; fewer than three points enclose nothing."""
    if len(points) < 3:
        return np.zeros((size, size), bool)
    picture = Image.new("1", (size, size))
    # Pillow's coordinates are those of pixel centres.
    outline = [(x - 0.5, y - 0.5) for x, y in points]
    ImageDraw.Draw(picture).polygon(outline, fill=1)
    return np.array(picture, bool)


def box_of(mask: NDArray[np.bool_]) -> tuple[int, int, int, int] | None:
    """(left, top, right, bottom) around the pixels of a mask [H, W], or None."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not len(rows):
        return None
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
