"""Triangles and lines into a depth buffer, on the CPU, one after the other."""

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from inference.rendering.camera import Camera
from training.synthetic.projection import NEAR

Single = NDArray[np.float32]
CHANNELS = 9
"""RGB and opacity; neck, nose, scalp 0..1; brow, negative on the right; cover, bare below 0."""


@dataclass(frozen=True)
class Buffers:
    """What each sample shows.

    Attributes:
        depth: [S, S] metres along the view axis, infinite where nothing is.
        values: [S, S, CHANNELS].
        label: [S, S] uint8 FaRL class of the triangle.
        part: [S, S] uint8 its part.
    """

    depth: Single
    values: Single
    label: NDArray[np.uint8]
    part: NDArray[np.uint8]

    @classmethod
    def empty(cls, size: int) -> "Buffers":
        return cls(
            np.full((size, size), np.inf, np.float32),
            np.zeros((size, size, CHANNELS), np.float32),
            np.zeros((size, size), np.uint8),
            np.zeros((size, size), np.uint8),
        )


def project(points: Single, camera: Camera) -> Single:
    """Pixels and depth of points [N, 3], as [N, 3]; the first pixel's centre is at 0.5."""
    pose = camera.world_to_camera
    local = points.astype(np.float64) @ pose[:3, :3].T + pose[:3, 3]
    flat = local @ camera.intrinsics.T
    depth = np.maximum(flat[:, 2:], 1e-6)
    pixels: Single = np.concatenate([flat[:, :2] / depth, local[:, 2:]], 1).astype(np.float32)
    return pixels


@njit(cache=True)
def fill_triangles(
    seen: Single,
    values: Single,
    triangles: NDArray[np.int32],
    labels: NDArray[np.uint8],
    parts: NDArray[np.uint8],
    cull: bool,
    depth: Single,
    shown: Single,
    label: NDArray[np.uint8],
    part: NDArray[np.uint8],
) -> None:
    """Draw triangles [T, 3] of points as `project` gives them, with values [N, CHANNELS].

    Args:
        seen: [N, 3] pixels and depth.
        values: [N, CHANNELS].
        triangles: [T, 3].
        labels: [T].
        parts: [T].
        cull: leave out triangles whose back is seen.
        depth: changed in place, like shown, label and part: see Buffers.
        shown: see Buffers.values.
        label: see Buffers.
        part: see Buffers.
    """
    size = depth.shape[0]
    channels = values.shape[1]
    mixed = np.zeros(channels, np.float32)
    for t in range(len(triangles)):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        if min(seen[a, 2], seen[b, 2], seen[c, 2]) < NEAR:
            continue
        ax, ay, bx, by, cx, cy = (
            *(seen[a, 0], seen[a, 1], seen[b, 0]),
            *(seen[b, 1], seen[c, 0], seen[c, 1]),
        )
        area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
        if area == 0 or (cull and area > 0):  # rows run down: fronts are clockwise
            continue
        left = max(int(np.ceil(min(ax, bx, cx) - 0.5)), 0)
        right = min(int(np.floor(max(ax, bx, cx) - 0.5)), size - 1)
        top = max(int(np.ceil(min(ay, by, cy) - 0.5)), 0)
        bottom = min(int(np.floor(max(ay, by, cy) - 0.5)), size - 1)
        for row in range(top, bottom + 1):
            y = row + 0.5
            for column in range(left, right + 1):
                x = column + 0.5
                wa = ((bx - x) * (cy - y) - (by - y) * (cx - x)) / area
                wb = ((cx - x) * (ay - y) - (cy - y) * (ax - x)) / area
                wc = 1 - wa - wb
                if wa < 0 or wb < 0 or wc < 0:
                    continue
                wa, wb, wc = wa / seen[a, 2], wb / seen[b, 2], wc / seen[c, 2]
                z = 1 / (wa + wb + wc)
                if z >= depth[row, column]:
                    continue
                for k in range(channels):
                    mixed[k] = z * (wa * values[a, k] + wb * values[b, k] + wc * values[c, k])
                if mixed[channels - 1] < 0:
                    continue
                depth[row, column] = z
                label[row, column] = labels[t]
                part[row, column] = parts[t]
                for k in range(channels):
                    shown[row, column, k] = mixed[k]


@njit(cache=True)
def draw_lines(
    seen: Single,
    colours: Single,
    depth: Single,
    shown: Single,
    label: NDArray[np.uint8],
    part: NDArray[np.uint8],
    code: int,
    part_code: int,
) -> None:
    """Draw lines one pixel wide.

    Args:
        seen: [L, K, 3] pixels and depth.
        colours: [L, K, 3].
        depth: changed in place, like shown, label and part: see Buffers.
        shown: see Buffers.values.
        label: see Buffers.
        part: see Buffers.
        code: FaRL class of the lines.
        part_code: their part.
    """
    size = depth.shape[0]
    for line in range(seen.shape[0]):
        for k in range(seen.shape[1] - 1):
            one, two = seen[line, k], seen[line, k + 1]
            if one[2] < NEAR or two[2] < NEAR:
                continue
            steps = int(max(abs(two[0] - one[0]), abs(two[1] - one[1]))) + 1
            if steps > 4 * size:
                continue
            for step in range(steps):
                t = step / steps
                column = int(np.floor(one[0] + t * (two[0] - one[0])))
                row = int(np.floor(one[1] + t * (two[1] - one[1])))
                if not (0 <= column < size and 0 <= row < size):
                    continue
                z = one[2] + t * (two[2] - one[2])
                if z >= depth[row, column]:
                    continue
                depth[row, column] = z
                label[row, column] = code
                part[row, column] = part_code
                for c in range(3):
                    shown[row, column, c] = colours[line, k, c]
                shown[row, column, 3] = 1
