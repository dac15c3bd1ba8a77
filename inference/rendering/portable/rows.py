"""Which pixels of a tile a wide Gaussian reaches, row by row."""

from typing import Any

import numpy as np

from inference.rendering.portable.jit import inlined
from inference.rendering.portable.layout import LOG2_255, STRIDE, TILE
from inference.rendering.portable.memory import store
from inference.rendering.portable.simd import (
    LANES,
    ceil,
    floor,
    iota,
    maximum,
    minimum,
    splat,
    sqrt,
    truncate,
)

F = np.float32

ROW_SLOTS = STRIDE
"""Room for the rows of a tile and a vector that sticks out."""


@inlined
def row_spans(
    x: Any, y: Any, qa: Any, qb: Any, qc: Any, peak: Any, y0: Any, y1: Any, spans: Any
) -> None:
    """Solve alpha = ALPHA_MIN for the columns at which each row y0..y1 is entered and left.

    Args:
        x: column of the centre, in pixels from the centre of the tile's first pixel.
        y: row of the centre, likewise.
        qa: see layout.py.
        qb: see layout.py.
        qc: see layout.py.
        peak: see layout.py.
        y0: first row.
        y1: one past the last row.
        spans: out: [2 * ROW_SLOTS] int32 first columns, then ends (one past the last).
    """
    half = F(0.5) / qa
    limit = peak + F(LOG2_255)
    for row in range(y0, y1, LANES):
        dy = iota() + (F(row) - y)
        b = dy * qb
        root = sqrt(maximum(b * b - (F(4) * qa) * (dy * dy * qc - limit), splat(F(0))))
        first = maximum(ceil(x - (b + root) * half), splat(F(0)))
        end = minimum(floor((root - b) * half + x) + F(1), splat(F(TILE)))
        store(spans, row, truncate(first))
        store(spans, ROW_SLOTS + row, truncate(end))
