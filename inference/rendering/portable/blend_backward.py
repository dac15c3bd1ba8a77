"""Gradients of blending one tile, near to far like the blending itself.

A pixel's colour is the sum of weight_i c_i with weight_i = alpha_i T_i. With g the gradient of
the loss by the pixel's channels, everything behind Gaussian i enters its derivative only by the
scalar Q_i = sum over j > i of weight_j (g . c_j):

    dL/dalpha_i = T_i (g . c_i) - Q_i / (1 - alpha_i)

Q starts as g . (drawn colour), so walking front to back needs nothing stored on the way.
Each (tile, Gaussian) entry writes its partial sums to a slot of its own, beside those of the same
Gaussian; reduce_entries in gradients.py adds them in a fixed order. No atomics: the result is the
same every time.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from inference.rendering.ewa import ALPHA_MAX, TRANSMITTANCE_MIN
from inference.rendering.portable.blend import AHEAD
from inference.rendering.portable.intrinsics import prefetch, sums_of
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
    any_lane,
    exp2,
    horizontal_sum,
    iota,
    minimum,
    select,
    splat,
)

F = np.float32

TILE_PLANES = 6
"""Transmittance, Q, gradients by red, green, blue and accumulated depth."""

PARTIALS = 10
"""Floats of an entry: gradients by red, green, blue; then s, s dx, s dy, s dx dx, s dx dy,
s dy dy summed over pixels, with s the gradient by the exponent sigma (alpha = o exp(-sigma))
and (dx, dy) from the centre to the pixel; then the gradient by depth."""


def _make_tile_gradients(with_depth: bool) -> Callable[..., None]:
    @inlined
    def step(planes: Any, at: Any, power: Any, red: Any, green: Any, blue: Any, depth: Any) -> Any:
        """Eight pixels: the weights times each channel's gradient, and the gradient by sigma."""
        zero = splat(F(0))
        free = select(power >= F(-LOG2_255), exp2(power), zero)
        alpha = minimum(free, splat(F(ALPHA_MAX)))
        before = load(planes, at)
        weight = alpha * before
        after = before - weight
        drawn = after > F(TRANSMITTANCE_MIN)
        weight = select(drawn, weight, zero)
        store(planes, at, select(drawn, after, zero))
        g0, g1 = load(planes, 2 * PLANE + at), load(planes, 3 * PLANE + at)
        g2 = load(planes, 4 * PLANE + at)
        facing = g0 * red + g1 * green + g2 * blue
        by_depth = zero
        if with_depth:
            g3 = load(planes, 5 * PLANE + at)
            facing = facing + g3 * depth
            by_depth = weight * g3
        behind = load(planes, PLANE + at) - weight * facing
        store(planes, PLANE + at, behind)
        by_alpha = before * facing - behind / (F(1) - alpha)
        counts = drawn & (free <= F(ALPHA_MAX))
        by_sigma = select(counts, -(free * by_alpha), zero)
        return weight * g0, weight * g1, weight * g2, by_depth, by_sigma

    @inlined
    def tile_gradients(
        records: Any,  # [M * RECORD]
        members: Any,  # [E] int32
        begin: Any,
        end: Any,
        left: Any,  # the tile's first pixel
        top: Any,
        planes: Any,  # [TILE_PLANES * PLANE]
        spans: Any,  # scratch: [2 * ROW_SLOTS] int32
        slots: Any,  # [E] int32, see binning.scatter_with_slots
        partials: Any,  # out: [E * PARTIALS], entry e at slots[e]
    ) -> None:
        """Fill the partial gradients of members[begin:end]."""
        zero = splat(F(0))
        live, since_check = np.int64(ALL_LIVE), 0
        for entry in range(begin, end):
            out = np.int64(slots[entry]) * PARTIALS
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
                store(partials, out, zero)
                partials[out + 8], partials[out + 9] = F(0), F(0)
                continue
            by_red, by_green, by_blue, by_depth = zero, zero, zero, zero
            s, s_x, s_y, s_xx, s_xy, s_yy = zero, zero, zero, zero, zero, zero
            if x1 - x0 <= LANES:
                dx = iota() + (F(x0) - x)
                power_0 = peak - dx * dx * qa
                slope = dx * qb
                for row in range(y0, y1):
                    dy = F(row) - y
                    power = power_0 - (slope + qc * dy) * dy
                    a0, a1, a2, a3, v = step(
                        planes, row * STRIDE + x0, power, red, green, blue, depth
                    )
                    by_red, by_green, by_blue = by_red + a0, by_green + a1, by_blue + a2
                    by_depth = by_depth + a3
                    v_y = v * dy
                    s, s_y, s_yy = s + v, s_y + v_y, s_yy + v_y * dy
                s_x, s_xy = s * dx, s_y * dx
                s_xx = s_x * dx
            else:
                row_spans(x, y, qa, qb, qc, peak, y0, y1, spans)
                for row in range(y0, y1):
                    dy = F(row) - y
                    slope_row, power_row = qb * dy, peak - qc * dy * dy
                    row_s, row_x = zero, zero
                    for column in range(spans[row], spans[ROW_SLOTS + row], LANES):
                        if not any_lane(load(planes, row * STRIDE + column) > F(0)):
                            continue
                        dx = iota() + (F(column) - x)
                        power = power_row - dx * (dx * qa + slope_row)
                        a0, a1, a2, a3, v = step(
                            planes, row * STRIDE + column, power, red, green, blue, depth
                        )
                        by_red, by_green, by_blue = by_red + a0, by_green + a1, by_blue + a2
                        by_depth = by_depth + a3
                        v_x = v * dx
                        row_s, row_x, s_xx = row_s + v, row_x + v_x, s_xx + v_x * dx
                    s, s_x = s + row_s, s_x + row_x
                    s_y, s_xy, s_yy = s_y + row_s * dy, s_xy + row_x * dy, s_yy + row_s * (dy * dy)
            store(partials, out, sums_of(by_red, by_green, by_blue, s, s_x, s_y, s_xx, s_xy))
            partials[out + 8] = horizontal_sum(s_yy)
            partials[out + 9] = horizontal_sum(by_depth)
            since_check += 1
            if since_check == CHECK_EVERY:
                since_check = 0
                live = live_blocks(planes)

    return tile_gradients


tile_gradients = _make_tile_gradients(with_depth=False)
"""For losses that do not look at depth."""

tile_gradients_with_depth = _make_tile_gradients(with_depth=True)
"""For losses on colour, alpha and depth."""
