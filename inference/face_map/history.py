"""Undo and redo of a face map: what each change did, tile by tile, compressed."""

import zlib
from collections import deque
from dataclasses import dataclass

import numpy as np

from inference.face_map.box import Box
from inference.face_map.labels import ByteArray

TILE = 64  # pixels an edge
MEMORY = 32 * 2**20
"""Bytes that the changes may take (our choice): some 20,000 strokes. The oldest go first."""

_OVERHEAD = 200  # bytes that Python takes for a tile beside its content


@dataclass(frozen=True)
class Change:
    """What one stroke did.

    Attributes:
        title: what the Edit menu calls it.
        tiles: (left, top, deflated XOR of before and after [TILE, TILE]) where they differ.
    """

    title: str
    tiles: tuple[tuple[int, int, bytes], ...]

    @property
    def size(self) -> int:
        """Bytes in memory, about."""
        return sum(len(data) + _OVERHEAD for _, _, data in self.tiles)

    def apply(self, labels: ByteArray) -> Box:
        """Turn before into after, or after into before, in place; returns where."""
        around: Box | None = None
        for left, top, data in self.tiles:
            box = Box(left, top, left + TILE, top + TILE).within(labels.shape[0])
            difference = np.frombuffer(zlib.decompress(data), np.uint8)
            labels[box.slices] ^= difference.reshape(labels[box.slices].shape)
            around = box.united(around)
        return around or Box(0, 0, 0, 0)


def change_between(
    title: str,
    before: ByteArray,  # [S, S]
    after: ByteArray,  # [S, S]
    within: Box,
) -> Change | None:
    """The change from one map to another, which differ inside a box only; None if they don't."""
    tiles = []
    for top in range(within.top - within.top % TILE, within.bottom, TILE):
        for left in range(within.left - within.left % TILE, within.right, TILE):
            place = Box(left, top, left + TILE, top + TILE).within(before.shape[0]).slices
            difference = before[place] ^ after[place]
            if difference.any():
                tiles.append((left, top, zlib.compress(difference.tobytes(), 1)))
    return Change(title, tuple(tiles)) if tiles else None


class History:
    """What may be undone and redone.

    Args:
        memory: bytes that all changes together may take.
    """

    def __init__(self, memory: int = MEMORY) -> None:
        self._memory = memory
        self._done: deque[Change] = deque()
        self._undone: list[Change] = []
        self._size = 0

    @property
    def size(self) -> int:
        """Bytes in memory, about."""
        return self._size

    @property
    def steps(self) -> int:
        """How many changes undo can take back; those that memory had no room for are gone."""
        return len(self._done)

    @property
    def undo_title(self) -> str | None:
        """What undo takes back, or None."""
        return self._done[-1].title if self._done else None

    @property
    def redo_title(self) -> str | None:
        """What redo does again, or None."""
        return self._undone[-1].title if self._undone else None

    def add(self, change: Change) -> None:
        """Remember what was done; what had been undone is gone."""
        self._size += change.size - sum(undone.size for undone in self._undone)
        self._undone.clear()
        self._done.append(change)
        while self._size > self._memory and len(self._done) > 1:
            self._size -= self._done.popleft().size

    def undo(self, labels: ByteArray) -> Box | None:
        """Take the last change back in place; returns where, or None."""
        if not self._done:
            return None
        change = self._done.pop()
        self._undone.append(change)
        return change.apply(labels)

    def redo(self, labels: ByteArray) -> Box | None:
        """Do the last undone change again in place; returns where, or None."""
        if not self._undone:
            return None
        change = self._undone.pop()
        self._done.append(change)
        return change.apply(labels)

    def clear(self) -> None:
        """Forget everything, for a new map."""
        self._done.clear()
        self._undone.clear()
        self._size = 0
