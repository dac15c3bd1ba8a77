"""Ambient light at points of the skin, with what stands in its way read from depth maps."""

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

Single = NDArray[np.float32]


@njit(parallel=True, fastmath=True, cache=True)
def gather_irradiance(
    points: Single,
    normals: Single,
    through_hair: Single,
    directions: Single,
    irradiance: Single,
    matrices: Single,
    depths: Single,
) -> tuple[Single, Single]:
    """Irradiance and openness at points.

    Args:
        points: [N, 3] metres.
        normals: [N, 3] unit.
        through_hair: [N, >= M] share of each light that hair lets through; or [1, >= M].
        directions: [M, 3] to the lights.
        irradiance: [M, 3] that each light gives to a surface facing it.
        matrices: [M, 4, 4] world to clip space of each light's orthographic view.
        depths: [M, S, S] depth maps 0..1 of the bare head, row 0 at the bottom.

    Returns:
        Irradiance [N, 3], and the share of the light that arrives if it came evenly from
        all sides, [N] 0..1.
    """
    count, lights, size = len(points), len(directions), depths.shape[1]
    total = np.zeros((count, 3), np.float32)
    opened = np.zeros(count, np.float32)
    last = np.int64(len(through_hair) - 1)
    span = np.float32(1.4)  # metres between the clip planes
    lift, near, fall = np.float32(0.004), np.float32(0.004), np.float32(0.006)
    for i in prange(count):
        possible = np.float32(1e-6)
        hair = through_hair[min(np.int64(i), last)]
        x = points[i, 0] + normals[i, 0] * lift
        y = points[i, 1] + normals[i, 1] * lift
        z = points[i, 2] + normals[i, 2] * lift
        for j in range(lights):
            d = directions[j]
            facing = normals[i, 0] * d[0] + normals[i, 1] * d[1] + normals[i, 2] * d[2]
            if facing <= 0:
                continue
            m = matrices[j]
            u = (m[0, 0] * x + m[0, 1] * y + m[0, 2] * z + m[0, 3]) * 0.5 + 0.5
            v = (m[1, 0] * x + m[1, 1] * y + m[1, 2] * z + m[1, 3]) * 0.5 + 0.5
            w = (m[2, 0] * x + m[2, 1] * y + m[2, 2] * z + m[2, 3]) * 0.5 + 0.5
            seen = np.float32(0)
            for tap in range(4):  # soft edges: the mean over a small ring
                du = np.float32(1.5) if tap % 2 else np.float32(-1.5)
                dv = np.float32(1.5) if tap < 2 else np.float32(-1.5)
                column = min(max(int(u * size + du), 0), size - 1)
                row = min(max(int(v * size + dv), 0), size - 1)
                hidden = (w - depths[j, row, column]) * span - near
                seen += np.exp(-max(hidden, np.float32(0)) / fall)
            possible += facing
            seen *= facing * np.float32(0.25) * hair[j]
            opened[i] += seen
            for c in range(3):
                total[i, c] += seen * irradiance[j, c]
        opened[i] /= possible
    return total, opened
