"""Blending the Gaussians of one tile, near to far.

The loop over Gaussians is the outer one: each adds itself to rows of eight pixels of the tile's
planes, which stay in the first-level cache. (A GPU has the loop over pixels outside.)
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from inference.rendering.ewa import ALPHA_MAX, TRANSMITTANCE_MIN
from inference.rendering.portable.intrinsics import prefetch
from inference.rendering.portable.jit import inlined
from inference.rendering.portable.layout import (
    BLUE,
    COLUMN_FROM,
    COLUMN_TO,
    DEPTH,
    GREEN,
    LOG2_255,
    PEAK,
    PLANE,
    QA,
    QB,
    QC,
    RECORD,
    RED,
    ROW_FROM,
    ROW_TO,
    STRIDE,
    TILE,
    X,
    Y,
)
from inference.rendering.portable.liveness import (
    ALL_LIVE,
    CHECK_EVERY,
    block_bits,
    live_blocks,
)
from inference.rendering.portable.memory import load, store
from inference.rendering.portable.rows import ROW_SLOTS, row_spans
from inference.rendering.portable.simd import (
    LANES,
    absolute,
    any_lane,
    exp2,
    iota,
    maximum,
    minimum,
    select,
    splat,
)

F = np.float32

TILE_PLANES = 5
"""Transmittance, red, green, blue, depth. Negative transmittance: the pixel is finished."""

AHEAD = 4  # Gaussians that are fetched before they are needed


@inlined
def open_tile(planes: Any, columns: Any, rows: Any) -> None:
    """Clear the planes; pixels outside of the picture count as finished."""
    for at in range(0, PLANE, LANES):
        store(planes, at, splat(F(-1)))
        for plane in range(1, TILE_PLANES):
            store(planes, plane * PLANE + at, splat(F(0)))
    for row in range(rows):
        for column in range(columns):
            planes[row * STRIDE + column] = F(1)


def _make_blend_tile(with_depth: bool) -> Callable[..., None]:
    @inlined
    def add(planes: Any, at: Any, power: Any, red: Any, green: Any, blue: Any, depth: Any) -> None:
        """Lay eight pixels of one Gaussian, alpha = 2^power, behind what is there."""
        alpha = minimum(exp2(power), splat(F(ALPHA_MAX)))
        alpha = select(power >= F(-LOG2_255), alpha, splat(F(0)))
        stored = load(planes, at)
        before = maximum(stored, splat(F(0)))
        weight = alpha * before
        after = before - weight
        drawn = after > F(TRANSMITTANCE_MIN)
        weight = select(drawn, weight, splat(F(0)))
        store(planes, at, select(drawn, after, -absolute(stored)))
        store(planes, PLANE + at, load(planes, PLANE + at) + weight * red)
        store(planes, 2 * PLANE + at, load(planes, 2 * PLANE + at) + weight * green)
        store(planes, 3 * PLANE + at, load(planes, 3 * PLANE + at) + weight * blue)
        if with_depth:
            store(planes, 4 * PLANE + at, load(planes, 4 * PLANE + at) + weight * depth)

    @inlined
    def blend_tile(
        records: Any,  # [M * RECORD]
        members: Any,  # [E] int32
        begin: Any,
        end: Any,
        left: Any,  # the tile's first pixel
        top: Any,
        planes: Any,  # [TILE_PLANES * PLANE], opened
        spans: Any,  # scratch: [2 * ROW_SLOTS] int32
    ) -> None:
        """Blend members[begin:end] into the planes."""
        live, since_check = np.int64(ALL_LIVE), 0
        for entry in range(begin, end):
            prefetch(records, np.int64(members[min(entry + AHEAD, end - 1)]) * RECORD)
            r = np.int64(members[entry]) * RECORD
            x, y = records[r + X] - (F(left) + F(0.5)), records[r + Y] - (F(top) + F(0.5))
            qa, qb, qc, peak = records[r + QA], records[r + QB], records[r + QC], records[r + PEAK]
            red, green, blue = records[r + RED], records[r + GREEN], records[r + BLUE]
            depth = records[r + DEPTH]
            x0 = max(np.int64(records[r + COLUMN_FROM]) - left, 0)
            x1 = min(np.int64(records[r + COLUMN_TO]) - left, TILE)
            y0 = max(np.int64(records[r + ROW_FROM]) - top, 0)
            y1 = min(np.int64(records[r + ROW_TO]) - top, TILE)
            if block_bits(x0, x1, y0, y1) & live == 0:
                continue
            if x1 - x0 <= LANES:
                dx = iota() + (F(x0) - x)
                power_0 = peak - dx * dx * qa
                slope = dx * qb
                for row in range(y0, y1):
                    dy = F(row) - y
                    power = power_0 - (slope + qc * dy) * dy
                    add(planes, row * STRIDE + x0, power, red, green, blue, depth)
            else:
                row_spans(x, y, qa, qb, qc, peak, y0, y1, spans)
                for row in range(y0, y1):
                    dy = F(row) - y
                    slope_row, power_row = qb * dy, peak - qc * dy * dy
                    for column in range(spans[row], spans[ROW_SLOTS + row], LANES):
                        if not any_lane(load(planes, row * STRIDE + column) > F(0)):
                            continue
                        dx = iota() + (F(column) - x)
                        power = power_row - dx * (dx * qa + slope_row)
                        add(planes, row * STRIDE + column, power, red, green, blue, depth)
            since_check += 1
            if since_check == CHECK_EVERY:
                since_check = 0
                live = live_blocks(planes)
                if live == 0:
                    break

    return blend_tile


blend_tile = _make_blend_tile(with_depth=False)
"""Blend colour only: for pictures on the screen."""

blend_tile_with_depth = _make_blend_tile(with_depth=True)
"""Blend colour and depth."""

assert TILE % LANES == 0
