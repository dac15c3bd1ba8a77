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
from inference.rendering.portable.jit import kernel
from inference.rendering.portable.layout import PLANE, STRIDE, TILE
from inference.rendering.portable.rows import ROW_SLOTS

F = np.float32


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
    colour: Any,  # out: [H, W, 3] float32 over nothing
    alpha: Any,  # out: [H, W] float32
    depth: Any,  # out: [H, W] float32 accumulated, not divided by alpha
) -> None:
    """Blend tiles until none is left; write floats."""
    height, width = alpha.shape
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
            for column in range(columns):
                at = row * STRIDE + column
                y, x = top + row, left + column
                alpha[y, x] = F(1) - abs(planes[at])
                colour[y, x, 0] = planes[PLANE + at]
                colour[y, x, 1] = planes[2 * PLANE + at]
                colour[y, x, 2] = planes[3 * PLANE + at]
                depth[y, x] = planes[4 * PLANE + at]


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
    picture: Any,  # out: [H, W, 4] uint8 premultiplied
) -> None:
    """Blend tiles until none is left; write bytes."""
    height, width = picture.shape[:2]
    planes = np.empty(TILE_PLANES * PLANE, np.float32)
    spans = np.empty(2 * ROW_SLOTS, np.int32)
    half, full = F(0.5), F(255)
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
            for column in range(columns):
                at = row * STRIDE + column
                y, x = top + row, left + column
                veil = abs(planes[at])
                r = planes[PLANE + at] + veil * red
                g = planes[2 * PLANE + at] + veil * green
                b = planes[3 * PLANE + at] + veil * blue
                a = F(1) - veil + veil * solid
                picture[y, x, 0] = np.uint8(min(max(r * full + half, F(0)), full))
                picture[y, x, 1] = np.uint8(min(max(g * full + half, F(0)), full))
                picture[y, x, 2] = np.uint8(min(max(b * full + half, F(0)), full))
                picture[y, x, 3] = np.uint8(min(max(a * full + half, F(0)), full))
