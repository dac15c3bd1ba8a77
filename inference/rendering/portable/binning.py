"""Depth order and the lists of Gaussians that touch each tile."""

from typing import Any

import numpy as np

from inference.rendering.portable.jit import kernel
from inference.rendering.portable.layout import CULLED

U32 = np.uint32
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
    histograms = np.zeros((3, _BUCKETS), np.uint32)
    count = 0
    for i in range(len(keys)):
        if keys[i] != CULLED:
            key = np.int64(keys[i]) - low
            first[count] = (U64(key) << U64(32)) | U64(i)
            count += 1
            histograms[0, key & (_BUCKETS - 1)] += U32(1)
            histograms[1, (key >> _DIGIT) & (_BUCKETS - 1)] += U32(1)
            histograms[2, key >> (2 * _DIGIT)] += U32(1)
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
            bucket = (item >> shift) & U64(_BUCKETS - 1)
            place = places[bucket]
            target[place] = item
            places[bucket] = place + U32(1)
        source, target = target, source
    return source[:count]


@kernel
def scatter(
    order: Any,  # [V] uint64, near to far, index in the low half
    tiles: Any,  # [M * 2] int32, see projection.project
    row_from: int,
    row_to: int,
    tile_columns: int,
    cursors: Any,  # in: [T] uint32 where each tile's list starts; out: where it ends
    members: Any,  # out: [E] int32 Gaussians, tile by tile, near to far
) -> None:
    """Write the lists of the tiles in rows row_from to row_to."""
    for item in order:
        i = np.int64(item & U64(0xFFFFFFFF))
        columns, rows = tiles[2 * i], tiles[2 * i + 1]
        x0, x1 = columns & 0xFFFF, columns >> 16
        y0, y1 = max(rows & 0xFFFF, row_from) - row_from, min(rows >> 16, row_to) - row_from
        if x1 - x0 == 1 and y1 - y0 == 1:  # most are: spare the processor two loops to guess
            tile = y0 * tile_columns + x0
            place = cursors[tile]
            members[place] = i
            cursors[tile] = place + U32(1)
            continue
        for row in range(y0, y1):
            for tile in range(row * tile_columns + x0, row * tile_columns + x1):
                place = cursors[tile]
                members[place] = i
                cursors[tile] = place + U32(1)


@kernel
def scatter_with_slots(
    order: Any,  # as in scatter
    tiles: Any,
    row_from: int,
    row_to: int,
    tile_columns: int,
    cursors: Any,
    members: Any,
    slots: Any,  # out: [E] int32 the place of each entry if they were sorted by Gaussian
    slot_starts: Any,  # out: [V + 1] int32 where the slots of each Gaussian start
) -> None:
    """The same, and number the entries Gaussian by Gaussian, for the backward pass."""
    slot = 0
    for rank in range(len(order)):
        i = np.int64(order[rank] & U64(0xFFFFFFFF))
        slot_starts[rank] = slot
        columns, rows = tiles[2 * i], tiles[2 * i + 1]
        x0, x1 = columns & 0xFFFF, columns >> 16
        for row in range(max(rows & 0xFFFF, row_from), min(rows >> 16, row_to)):
            first = (row - row_from) * tile_columns
            for tile in range(first + x0, first + x1):
                place = cursors[tile]
                members[place] = i
                slots[place] = slot
                cursors[tile] = place + U32(1)
                slot += 1
    slot_starts[len(order)] = slot
