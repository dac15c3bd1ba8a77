"""Which parts of a tile still take light.

A tile is 4 x 4 blocks of 8 x 8 pixels, a bit each: bit 4 * row + column. Behind an opaque surface
most Gaussians touch only finished pixels; one look at the bits spares them.
"""

from typing import Any

import numpy as np

from inference.rendering.portable.jit import inlined
from inference.rendering.portable.layout import STRIDE, TILE
from inference.rendering.portable.memory import load
from inference.rendering.portable.simd import LANES, any_lane, maximum, splat

F = np.float32
I64 = np.int64

CHECK_EVERY = 16
"""Gaussians between two looks at the pixels."""

ALL_LIVE = 0xFFFF

_BLOCKS = TILE // LANES


@inlined
def live_blocks(planes: Any) -> Any:
    """Bits of the blocks in which any pixel's transmittance (the first plane) is positive."""
    live = I64(0)
    for block in range(_BLOCKS * _BLOCKS):
        first = (block // _BLOCKS) * LANES * STRIDE + (block % _BLOCKS) * LANES
        most = splat(F(-1))
        for row in range(LANES):
            most = maximum(most, load(planes, first + row * STRIDE))
        live |= I64(any_lane(most > F(0))) << I64(block)
    return live


@inlined
def block_bits(x0: Any, x1: Any, y0: Any, y1: Any) -> Any:
    """Bits of the blocks that hold pixels x0 <= x < x1, y0 <= y < y1; none of it may be empty."""
    columns = (I64(2) << ((x1 - I64(1)) >> I64(3))) - (I64(1) << (x0 >> I64(3)))
    below = I64(16) << (((y1 - I64(1)) >> I64(3)) * I64(4))
    above = I64(1) << ((y0 >> I64(3)) * I64(4))
    return ((below - above) & I64(0x1111)) * columns


assert TILE == 32
assert LANES == 8
