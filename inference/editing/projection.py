"""Anchors seen through a camera on a small grid: where each falls, and which is in front."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.head.gaussians import FloatArray
from inference.rendering.camera import Camera

GRID = 128
"""Edge of the grid on which heads are compared with maps (our choice: 3 mm of a head)."""

_GAP = 0.006  # metres
_SURROUNDED = 5  # of the eight cells around one that must lie before it
_HIDDEN = 0.012  # metres behind the foremost anchor from which on an anchor is hidden


@dataclass(frozen=True)
class Projection:
    """Anchors on the grid.

    Attributes:
        points: [N, 2] places in cells, centre of the first at 0.
        depth: [N] metres before the camera.
        cells: [N] the cell of each, row by row; those outside are moved to the border.
        inside: [N] whether it lies on the grid.
    """

    points: FloatArray
    depth: FloatArray
    cells: NDArray[np.int64]
    inside: NDArray[np.bool_]


def project(means: FloatArray, camera: Camera) -> Projection:
    """Where anchors [N, 3] fall."""
    pose = camera.world_to_camera.astype(np.float32)
    there = means @ pose[:3, :3].T + pose[:3, 3]
    depth = np.maximum(there[:, 2], 1e-3)
    k = camera.intrinsics.astype(np.float32)
    scale = np.array([GRID / camera.width, GRID / camera.height], np.float32)
    pixels = there[:, :2] / depth[:, None] * k[[0, 1], [0, 1]] + k[:2, 2]
    points = (pixels * scale - 0.5).astype(np.float32)
    nearest = np.round(points).astype(np.int64)
    inside = ((nearest >= 0) & (nearest < GRID)).all(1)
    nearest = np.clip(nearest, 0, GRID - 1)
    return Projection(points, depth, nearest[:, 1] * GRID + nearest[:, 0], inside)


def front(
    seen: Projection,
    labels: NDArray[np.uint8],  # [N] class of each anchor
) -> tuple[NDArray[np.uint8], FloatArray]:
    """What is in front: labels [128, 128], 0 where nothing is, and depths, infinite there.

    A cell that no anchor falls into takes what is foremost beside it, once.
    """
    picture, depth = _foremost(seen, labels)
    around, further = _beside(picture, depth)
    # Something that shines through a gap lies far behind what is beside it.
    gap = (depth > further + _GAP) & (further < np.inf)
    neighbours = sum(
        (np.roll(depth, shift, (0, 1)) < depth - _GAP).astype(np.int8)
        for shift in ((-1, 0), (1, 0), (0, -1), (0, 1), (-1, -1), (1, 1), (-1, 1), (1, -1))
    )
    gap &= neighbours >= _SURROUNDED
    return np.where(gap, around, picture), np.where(gap, further, depth)


def _foremost(
    seen: Projection,
    labels: NDArray[np.uint8],  # [N]
) -> tuple[NDArray[np.uint8], FloatArray]:
    """Label and depth [128, 128] of what is nearest in each cell."""
    cells, depth, labels = seen.cells[seen.inside], seen.depth[seen.inside], labels[seen.inside]
    nearest = np.full(GRID * GRID, np.inf, np.float32)
    np.minimum.at(nearest, cells, depth)
    first = depth == nearest[cells]
    picture = np.zeros(GRID * GRID, np.uint8)
    picture[cells[first]] = labels[first]
    return picture.reshape(GRID, GRID), nearest.reshape(GRID, GRID)


def _beside(
    picture: NDArray[np.uint8],  # [128, 128]
    depth: FloatArray,  # [128, 128]
) -> tuple[NDArray[np.uint8], FloatArray]:
    """What is foremost in each cell and the eight around it."""
    wide = np.pad(depth, 1, constant_values=np.inf)
    labels = np.pad(picture, 1)
    around, nearest = picture, depth
    for down in range(3):
        for right in range(3):
            window = np.s_[down : down + GRID, right : right + GRID]
            nearer = wide[window] < nearest
            around = np.where(nearer, labels[window], around)
            nearest = np.where(nearer, wide[window], nearest)
    return around, nearest


def visible(seen: Projection, depth: FloatArray) -> NDArray[np.bool_]:
    """[N] which anchors lie on the grid and nearly in front; depth [128, 128] as `front` gives."""
    return seen.inside & (seen.depth < depth.ravel()[seen.cells] + _HIDDEN)


def shrink(labels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A map [S, S] on the grid [128, 128]: the class in the middle of each cell."""
    size = len(labels)
    index = ((np.arange(GRID) + 0.5) * size / GRID).astype(int)
    return labels[np.ix_(index, index)]
