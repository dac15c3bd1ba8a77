"""From tile lists to pictures: the kernels that blend and write out."""

from typing import Any

import numpy as np

from inference.rendering.portable.blend import (
    TILE_PLANES,
    blend_tile,
    blend_tile_with_depth,
    open_tile,
)
from inference.rendering.portable.intrinsics import claim
from inference.rendering.portable.jit import inlined, kernel
from inference.rendering.portable.layout import PLANE, STRIDE, TILE
from inference.rendering.portable.memory import load, store, store_strided
from inference.rendering.portable.rows import ROW_SLOTS
from inference.rendering.portable.simd import (
    LANES,
    absolute,
    int_or,
    lane,
    maximum,
    minimum,
    shift_left,
    splat,
    truncate,
)

F = np.float32
I32 = np.int32


@inlined
def as_byte(x: Any) -> Any:
    """0..1 as the nearest of 0..255, an Int8."""
    return truncate(minimum(maximum(x * F(255) + F(0.5), splat(F(0))), splat(F(255))))


@kernel
def draw_frame(
    worker: int,
    counter: Any,  # [1] int64: next place in tile_order
    records: Any,  # [M * RECORD] float32
    members: Any,  # [E] int32
    starts: Any,  # [T + 1] int32 where each tile's list starts
    tile_order: Any,  # [T] int64 the order in which tiles are taken: the longest first
    tile_columns: int,
    row_from: int,  # the first row of tiles that the lists are for
    width: int,
    height: int,
    colour: Any,  # out: [H * W * 3] float32 over nothing
    alpha: Any,  # out: [H * W] float32
    depth: Any,  # out: [H * W] float32 accumulated, not divided by alpha
) -> None:
    """Blend tiles until none is left; write floats."""
    planes = np.empty(TILE_PLANES * PLANE, np.float32)
    spans = np.empty(2 * ROW_SLOTS, np.int32)
    while True:
        turn = claim(counter)
        if turn >= len(tile_order):
            break
        tile = tile_order[turn]
        tile_row = tile // tile_columns
        left, top = (tile - tile_row * tile_columns) * TILE, (tile_row + row_from) * TILE
        columns, rows = min(TILE, width - left), min(TILE, height - top)
        open_tile(planes, columns, rows)
        blend_tile_with_depth(
            records, members, starts[tile], starts[tile + 1], left, top, planes, spans
        )
        for row in range(rows):
            out = (top + row) * width + left
            for column in range(0, columns, LANES):
                at, pixel = row * STRIDE + column, out + column
                opacity = F(1) - absolute(load(planes, at))
                red, green = load(planes, PLANE + at), load(planes, 2 * PLANE + at)
                blue, far = load(planes, 3 * PLANE + at), load(planes, 4 * PLANE + at)
                if columns - column >= LANES:
                    store(alpha, pixel, opacity)
                    store(depth, pixel, far)
                    store_strided(colour, 3 * pixel, 3, red)
                    store_strided(colour, 3 * pixel + 1, 3, green)
                    store_strided(colour, 3 * pixel + 2, 3, blue)
                else:
                    for k in range(columns - column):
                        alpha[pixel + k] = lane(opacity, k)
                        depth[pixel + k] = lane(far, k)
                        colour[3 * (pixel + k)] = lane(red, k)
                        colour[3 * (pixel + k) + 1] = lane(green, k)
                        colour[3 * (pixel + k) + 2] = lane(blue, k)


@kernel
def draw_rgba8(
    worker: int,
    counter: Any,  # as in draw_frame
    records: Any,
    members: Any,
    starts: Any,
    tile_order: Any,
    tile_columns: int,
    row_from: int,
    background: Any,  # [4] float32 colour, then the alpha of the background: 0 or 1
    width: int,
    height: int,
    picture: Any,  # out: [H * W] int32 premultiplied red | green << 8 | blue << 16 | alpha << 24
) -> None:
    """Blend tiles until none is left; write bytes."""
    planes = np.empty(TILE_PLANES * PLANE, np.float32)
    spans = np.empty(2 * ROW_SLOTS, np.int32)
    red, green, blue, solid = background[0], background[1], background[2], background[3]
    while True:
        turn = claim(counter)
        if turn >= len(tile_order):
            break
        tile = tile_order[turn]
        tile_row = tile // tile_columns
        left, top = (tile - tile_row * tile_columns) * TILE, (tile_row + row_from) * TILE
        columns, rows = min(TILE, width - left), min(TILE, height - top)
        open_tile(planes, columns, rows)
        blend_tile(records, members, starts[tile], starts[tile + 1], left, top, planes, spans)
        for row in range(rows):
            out = (top + row) * width + left
            for column in range(0, columns, LANES):
                at = row * STRIDE + column
                veil = absolute(load(planes, at))
                r = as_byte(load(planes, PLANE + at) + veil * red)
                g = as_byte(load(planes, 2 * PLANE + at) + veil * green)
                b = as_byte(load(planes, 3 * PLANE + at) + veil * blue)
                a = as_byte(F(1) - veil * (F(1) - solid))
                low = int_or(r, shift_left(g, I32(8)))
                pixels = int_or(low, shift_left(int_or(b, shift_left(a, I32(8))), I32(16)))
                if columns - column >= LANES:
                    store(picture, out + column, pixels)
                else:
                    for k in range(columns - column):
                        picture[out + column + k] = lane(pixels, k)
