"""Depth order and the lists of Gaussians that touch each tile."""

from typing import Any

import numpy as np

from inference.rendering.portable.jit import kernel
from inference.rendering.portable.layout import CULLED

U64 = np.uint64
_DIGIT = 11  # bits of the key that one pass of the radix sort looks at
_BUCKETS = 1 << _DIGIT


@kernel
def depth_sort(
    keys: Any,  # [N] int32
    first: Any,  # scratch: [N] uint64
    second: Any,  # scratch: [N] uint64
) -> Any:
    """Stable radix sort by depth; the result holds the Gaussians' indices in its low halves.

    Returns:
        One of the scratch arrays, cut to the Gaussians that are drawn. Of the key only the
        bits in which the drawn ones differ are looked at.
    """
    low, high = np.int64(2**31), np.int64(CULLED)
    for key in keys:
        if key != CULLED:
            low, high = min(low, np.int64(key)), max(high, np.int64(key))
    histograms = np.zeros((3, _BUCKETS), np.int32)
    count = 0
    for i in range(len(keys)):
        if keys[i] != CULLED:
            key = np.int64(keys[i]) - low
            first[count] = (U64(key) << U64(32)) | U64(i)
            count += 1
            histograms[0, key & (_BUCKETS - 1)] += 1
            histograms[1, (key >> _DIGIT) & (_BUCKETS - 1)] += 1
            histograms[2, key >> (2 * _DIGIT)] += 1
    source, target = first, second
    for digit in range(3):
        if (high - low) >> (digit * _DIGIT) <= 0:
            break
        places = histograms[digit]
        places[1:] = np.cumsum(places)[:-1]
        places[0] = 0
        shift = U64(32 + digit * _DIGIT)
        for i in range(count):
            item = source[i]
            bucket = np.int64((item >> shift) & U64(_BUCKETS - 1))
            target[places[bucket]] = item
            places[bucket] += 1
        source, target = target, source
    return source[:count]


@kernel
def scatter(
    order: Any,  # [V] uint64, near to far, index in the low half
    tiles_x: Any,  # [N] int32
    tiles_y: Any,  # [N] int32
    row_from: int,
    row_to: int,
    tile_columns: int,
    cursors: Any,  # in: [T] int32 where each tile's list starts; out: where it ends
    members: Any,  # out: [E] int32 Gaussians, tile by tile, near to far
) -> None:
    """Write the lists of the tiles in rows row_from to row_to."""
    for item in order:
        i = np.int64(item & U64(0xFFFFFFFF))
        x0, x1 = tiles_x[i] & 0xFFFF, tiles_x[i] >> 16
        y0, y1 = max(tiles_y[i] & 0xFFFF, row_from), min(tiles_y[i] >> 16, row_to)
        for row in range(y0, y1):
            for column in range(x0, x1):
                tile = (row - row_from) * tile_columns + column
                place = cursors[tile]
                members[place] = i
                cursors[tile] = place + 1


@kernel
def scatter_with_slots(
    order: Any,  # as in scatter
    tiles_x: Any,
    tiles_y: Any,
    row_from: int,
    row_to: int,
    tile_columns: int,
    cursors: Any,
    members: Any,
    slots: Any,  # out: [E] int32 places in `members`, Gaussian by Gaussian, near to far
    slot_starts: Any,  # out: [V + 1] int32 where each Gaussian's slots start
) -> None:
    """The same, and remember where each Gaussian was put, for the backward pass."""
    slot = 0
    for rank in range(len(order)):
        i = np.int64(order[rank] & U64(0xFFFFFFFF))
        slot_starts[rank] = slot
        x0, x1 = tiles_x[i] & 0xFFFF, tiles_x[i] >> 16
        y0, y1 = max(tiles_y[i] & 0xFFFF, row_from), min(tiles_y[i] >> 16, row_to)
        for row in range(y0, y1):
            for column in range(x0, x1):
                tile = (row - row_from) * tile_columns + column
                place = cursors[tile]
                members[place] = i
                cursors[tile] = place + 1
                slots[slot] = place
                slot += 1
    slot_starts[len(order)] = slot
