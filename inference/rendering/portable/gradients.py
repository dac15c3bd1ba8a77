"""From gradients of pictures to partial gradients of entries to sums per Gaussian."""

from typing import Any

import numpy as np

from inference.rendering.portable.blend_backward import (
    PARTIALS,
    TILE_PLANES,
    tile_gradients,
    tile_gradients_with_depth,
)
from inference.rendering.portable.intrinsics import claim
from inference.rendering.portable.jit import kernel
from inference.rendering.portable.layout import PLANE, STRIDE, TILE
from inference.rendering.portable.memory import load, store
from inference.rendering.portable.rows import ROW_SLOTS
from inference.rendering.portable.simd import splat

F = np.float32
BLOCK = 1024  # Gaussians in one unit of work of reduce_entries


@kernel
def blend_gradients(
    worker: int,
    counter: Any,  # [1] int64: next place in tile_order
    records: Any,  # as in draw.draw_frame, down to row_from
    members: Any,
    starts: Any,
    tile_order: Any,
    tile_columns: int,
    row_from: int,
    colour: Any,  # [H, W, 3] what draw_frame wrote
    alpha: Any,  # [H, W]
    depth: Any,  # [H, W] accumulated
    by_colour: Any,  # [H, W, 3] gradient of the loss
    by_alpha: Any,  # [H, W]
    by_depth: Any,  # [H, W] by accumulated depth
    depth_counts: bool,  # False: by_depth is zero and not looked at
    slots: Any,  # [E] int32 see binning.scatter_with_slots
    partials: Any,  # out: [E * PARTIALS]
) -> None:
    """Walk the tiles again, until none is left."""
    height, width = alpha.shape
    planes = np.empty(TILE_PLANES * PLANE, np.float32)
    spans = np.empty(2 * ROW_SLOTS, np.int32)
    while True:
        turn = claim(counter)
        if turn >= len(tile_order):
            break
        tile = tile_order[turn]
        begin, end = starts[tile], starts[tile + 1]
        if begin == end:
            continue
        tile_row = tile // tile_columns
        left, top = (tile - tile_row * tile_columns) * TILE, (tile_row + row_from) * TILE
        planes[:] = F(0)  # pixels outside of the picture are finished
        for row in range(min(TILE, height - top)):
            for column in range(min(TILE, width - left)):
                at = row * STRIDE + column
                y, x = top + row, left + column
                g0, g1, g2 = by_colour[y, x, 0], by_colour[y, x, 1], by_colour[y, x, 2]
                q = g0 * colour[y, x, 0] + g1 * colour[y, x, 1] + g2 * colour[y, x, 2]
                q -= by_alpha[y, x] * (F(1) - alpha[y, x])
                if depth_counts:
                    planes[5 * PLANE + at] = by_depth[y, x]
                    q += by_depth[y, x] * depth[y, x]
                planes[at] = F(1)
                planes[PLANE + at] = q
                planes[2 * PLANE + at] = g0
                planes[3 * PLANE + at] = g1
                planes[4 * PLANE + at] = g2
        if depth_counts:
            tile_gradients_with_depth(
                records, members, begin, end, left, top, planes, spans, slots, partials
            )
        else:
            tile_gradients(records, members, begin, end, left, top, planes, spans, slots, partials)


@kernel
def reduce_entries(
    worker: int,
    counter: Any,  # [1] int64: next block of ranks
    order: Any,  # [V] uint64, index of a Gaussian in the low half
    slot_starts: Any,  # [V + 1] int32
    partials: Any,  # [E * PARTIALS]
    add: bool,  # to what is in sums; False: what is there does not count
    sums: Any,  # in and out: [M * PARTIALS], one row per Gaussian
) -> None:
    """Add each Gaussian's entries to its sums, in the order of its tiles."""
    while True:
        start = claim(counter) * BLOCK
        if start >= len(order):
            break
        for rank in range(start, min(start + BLOCK, len(order))):
            target = np.int64(order[rank] & np.uint64(0xFFFFFFFF)) * PARTIALS
            total, by_y, by_depth = splat(F(0)), F(0), F(0)
            if add:
                total, by_y, by_depth = load(sums, target), sums[target + 8], sums[target + 9]
            for slot in range(slot_starts[rank], slot_starts[rank + 1]):
                source = slot * PARTIALS
                total = total + load(partials, source)
                by_y += partials[source + 8]
                by_depth += partials[source + 9]
            store(sums, target, total)
            sums[target + 8], sums[target + 9] = by_y, by_depth
