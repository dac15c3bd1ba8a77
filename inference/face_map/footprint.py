"""Which pixels a round brush covers on its way."""

import numpy as np
from numpy.typing import NDArray

from inference.face_map.box import Box

Point = tuple[float, float]
"""(x, y) in pixels of the map; the centre of the first pixel is (0.5, 0.5)."""


def swept_disc(start: Point, end: Point, radius: float, size: int) -> tuple[Box, NDArray[np.bool_]]:
    """The pixels whose centres a disc passes that moves along a straight line.

    Args:
        start: centre of the disc at first.
        end: and at last.
        radius: of the disc, pixels; one pixel is covered however small it is.
        size: edge of the map.

    Returns:
        The box around them and the mask [h, w] inside it; both empty beside the map.
    """
    radius = max(radius, 0.5)
    (x0, y0), (x1, y1) = start, end
    box = Box(
        int(np.floor(min(x0, x1) - radius)),
        int(np.floor(min(y0, y1) - radius)),
        int(np.ceil(max(x0, x1) + radius)) + 1,
        int(np.ceil(max(y0, y1) + radius)) + 1,
    ).within(size)
    if box.empty:
        return Box(0, 0, 0, 0), np.zeros((0, 0), bool)
    x = np.arange(box.left, box.right, dtype=np.float32)[None, :] + np.float32(0.5 - x0)
    y = np.arange(box.top, box.bottom, dtype=np.float32)[:, None] + np.float32(0.5 - y0)
    dx, dy = np.float32(x1 - x0), np.float32(y1 - y0)
    length = dx * dx + dy * dy
    if length > 0:
        along = np.clip((x * dx + y * dy) / length, 0, 1)
        x, y = x - along * dx, y - along * dy
    # A disc of half a pixel must not slip between four centres.
    reach = np.float32(max(radius, 0.71))
    return box, x * x + y * y <= reach * reach
