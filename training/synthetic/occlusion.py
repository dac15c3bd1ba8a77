"""Ambient light at points, with what stands in its way read from depth maps."""

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

Single = NDArray[np.float32]


@njit(parallel=True, fastmath=True, cache=True)
def gather_irradiance(
    points: Single,
    axes: Single,
    hair: bool,
    directions: Single,
    irradiance: Single,
    matrices: Single,
    depths: Single,
) -> tuple[Single, Single]:
    """Irradiance and openness at points.

    Args:
        points: [N, 3] metres.
        axes: [N, 3] unit normals, or tangents for hair.
        hair: points lie on strands, which take light from the side and let some through.
        directions: [M, 3] to the lights.
        irradiance: [M, 3] that each light gives to a surface facing it.
        matrices: [M, 4, 4] world to clip space of each light's orthographic view.
        depths: [M, S, S] depth maps 0..1, row 0 at the bottom.

    Returns:
        Irradiance [N, 3], and the share of the light that arrives if it came evenly from
        all sides, [N] 0..1.
    """
    count, lights, size = len(points), len(directions), depths.shape[1]
    total = np.zeros((count, 3), np.float32)
    opened = np.zeros(count, np.float32)
    span = np.float32(1.4)  # metres between the clip planes
    for i in prange(count):
        possible = np.float32(1e-6)
        for j in range(lights):
            d = directions[j]
            facing = axes[i, 0] * d[0] + axes[i, 1] * d[1] + axes[i, 2] * d[2]
            if hair:
                gain = 0.8 * np.sqrt(max(0.0, 1 - facing * facing))
                lift, near, fall = 0.0, 0.002, 0.012
            else:
                gain = max(facing, 0.0)
                lift, near, fall = 0.004, 0.004, 0.006
            if gain <= 0:
                continue
            x = points[i, 0] + axes[i, 0] * lift
            y = points[i, 1] + axes[i, 1] * lift
            z = points[i, 2] + axes[i, 2] * lift
            m = matrices[j]
            u = (m[0, 0] * x + m[0, 1] * y + m[0, 2] * z + m[0, 3]) * 0.5 + 0.5
            v = (m[1, 0] * x + m[1, 1] * y + m[1, 2] * z + m[1, 3]) * 0.5 + 0.5
            w = (m[2, 0] * x + m[2, 1] * y + m[2, 2] * z + m[2, 3]) * 0.5 + 0.5
            # Soft edges: the mean over a small ring, or the nearest texel inside hair.
            taps = 1 if hair else 4
            seen = np.float32(0)
            for tap in range(taps):
                du = 0.0 if hair else (1.5 if tap % 2 == 0 else -1.5)
                dv = 0.0 if hair else (1.5 if tap < 2 else -1.5)
                column = min(max(int(u * size + du), 0), size - 1)
                row = min(max(int(v * size + dv), 0), size - 1)
                hidden = (w - depths[j, row, column]) * span - near
                seen += np.exp(-max(hidden, 0.0) / fall)
            seen *= gain / taps
            possible += gain
            opened[i] += seen
            for c in range(3):
                total[i, c] += seen * irradiance[j, c]
        opened[i] /= possible
    return total, opened
