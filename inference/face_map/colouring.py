"""A map as colours over a photograph."""

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from inference.face_map.labels import COLOURS, COUNT, ByteArray, Label

Pixels = NDArray[np.uint32]
"""0xAARRGGBB, premultiplied, as Qt's ARGB32_Premultiplied has it."""


def colour_table(opacity: float, hidden: Collection[int] = (), *, ground: bool = False) -> Pixels:
    """The colour of each class [256] at an opacity 0..1.

    Args:
        opacity: of the classes that are shown.
        hidden: classes that are clear.
        ground: whether the background has a colour; else it is clear, as over a photograph.
    """
    alpha = np.full(COUNT, round(255 * min(max(opacity, 0.0), 1.0)), np.uint32)
    alpha[[int(label) for label in hidden]] = 0
    if not ground:
        alpha[Label.BACKGROUND] = 0
    red, green, blue = ((COLOURS.astype(np.uint32) * alpha[:, None] + 127) // 255).T
    table = np.zeros(256, np.uint32)
    table[:COUNT] = alpha << 24 | red << 16 | green << 8 | blue
    return table


def outlined(labels: ByteArray, table: Pixels, width: int = 1) -> Pixels:
    """Colours [H, W] of the pixels that border on another class; the others are clear.

    Args:
        labels: [H, W].
        table: [256] from colour_table.
        width: of the line inside each class, pixels.
    """
    edge = np.zeros(labels.shape, bool)
    for step in range(1, width + 1):
        down = labels[step:] != labels[:-step]
        right = labels[:, step:] != labels[:, :-step]
        edge[step:] |= down
        edge[:-step] |= down
        edge[:, step:] |= right
        edge[:, :-step] |= right
    return np.where(edge, table[labels], np.uint32(0))
