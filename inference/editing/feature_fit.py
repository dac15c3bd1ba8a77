"""Brings brows, eyes, nose and lips to the place and size that the face map gives them.

Only place and size: bent to a map's outline cell by cell, a nose swells and a mouth smirks, since
a feature is a few cells of the map across and its shape is what the model knows better.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.editing.projection import GRID
from inference.face_map.labels import FEATURES, Label
from inference.head.gaussians import FloatArray

SMALLEST = 0.5
"""Cells below which a feature's standard deviation is not believed."""

_FEW = 8  # cells from which on a feature has a size
_UNCOVERED = 0.6  # share of a feature that must be in sight: place and size of half a brow mislead
_NEAR = 4.0  # cells over which a feature's movement dies away around it (our choice)
_LEAST, _MOST = 0.7, 1.5  # by how much a feature may shrink and grow

# How a feature of the template looks beside the same in a face map, on heads that are exactly
# right: extents across and down over the map's, and how far it lies lower, in the map's extents.
# Written by `python -m training.feature_bias`.
_OWN = {
    Label.RIGHT_BROW: (1.2, 1.5, 2.14),
    Label.LEFT_BROW: (1.2, 1.5, 2.14),
    Label.RIGHT_EYE: (0.92, 0.92, 0.14),
    Label.LEFT_EYE: (0.92, 0.92, 0.14),
    Label.NOSE: (0.76, 0.92, -0.27),
    Label.LOWER_LIP: (1.04, 1.06, 0.13),
    Label.UPPER_LIP: (1.09, 1.19, 0.06),
}


def feature_displacement(
    shown: NDArray[np.uint8],  # [128, 128] what the head shows now
    wanted: NDArray[np.uint8],  # [128, 128] what it shall show
    outlines: FloatArray,  # [128, 128, 2] cells, how the whole moves already
) -> FloatArray:
    """What features move beyond that, [128, 128, 2] cells across and down."""
    rows, columns = np.mgrid[:GRID, :GRID].astype(np.float32)
    places = np.stack([columns, rows], axis=2)
    total = np.zeros((GRID, GRID, 2), np.float32)
    weight = np.zeros((GRID, GRID, 1), np.float32)
    for label in FEATURES:
        here, there = (shown == label), (wanted == label)
        across, down, lower = _OWN.get(label, (1.0, 1.0, 0.0))
        expected = here.sum() / (across * down)
        if here.sum() < _FEW or there.sum() < _UNCOVERED * expected:
            continue
        middle, extent = _place_and_size(here, places + outlines)
        goal, size = _place_and_size(there, places)
        scale = (size * np.array([across, down]) / extent).clip(_LEAST, _MOST)
        goal = np.asarray(goal + np.array([0.0, lower]) * size, np.float32)
        move = (goal - middle) + (scale - 1) * (places + outlines - middle)
        distance = cv2.distanceTransform((~here).astype(np.uint8), cv2.DIST_L2, 5)
        share = np.exp(-0.5 * (distance / _NEAR) ** 2)[..., None]
        total += share * move.astype(np.float32)
        weight += share
    return np.asarray(total / np.maximum(weight, 1.0), np.float32)


def _place_and_size(
    mask: NDArray[np.bool_],  # [128, 128]
    places: FloatArray,  # [128, 128, 2]
) -> tuple[FloatArray, FloatArray]:
    """Mean [2] and standard deviation [2] across and down, in cells."""
    inside = places[mask]
    return inside.mean(0), np.maximum(inside.std(0), SMALLEST)
