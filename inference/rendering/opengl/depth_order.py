"""In which order Gaussians are drawn: far to near, sorted by a worker.

Depth along the view is direction . mean + constant, so that an order depends on the camera's
direction alone, and holds for every place, zoom and picture size.
"""

from concurrent.futures import Executor, Future
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.head.gaussians import FloatArray

Direction = NDArray[np.float64]  # [3] the camera's z axis in the world
Indices = NDArray[np.uint32]

SMALL_TURN = 0.035
"""Up to this change of direction, in radians (2 degrees), an older order looks right."""

PATIENCE = 0.004
"""Seconds that a preview waits for its own order; 65,536 Gaussians are sorted in about one
millisecond, so that only far larger clouds are ever drawn in an older one (our choice)."""


@dataclass(frozen=True)
class SortedOrder:
    """A finished order.

    Attributes:
        direction: the view that it is for.
        indices: [N] which Gaussian comes first, second, ...: far to near.
    """

    direction: Direction
    indices: Indices


def far_to_near(means: FloatArray, direction: Direction) -> Indices:
    """Indices [N] of means [N, 3] by falling depth; of equal ones the later index first.

    A radix sort of the floats' bits, in two halves because numpy has one for 16 bits only.
    """
    with np.errstate(all="ignore"):  # the shader leaves out what overflows
        depths = means @ direction.astype(np.float32)
    bits = depths.view(np.uint32)
    # Negative floats order backwards: turn all their bits, and the sign of the others.
    keys = bits ^ np.where(bits >> 31, np.uint32(0xFFFFFFFF), np.uint32(0x80000000))
    by_low = np.argsort(keys.astype(np.uint16), kind="stable")
    by_both = np.argsort((keys >> 16).astype(np.uint16)[by_low], kind="stable")
    return by_low[by_both][::-1].astype(np.uint32)


class DepthOrders:
    """The orders of one cloud; its methods are called by one thread at a time.

    Args:
        means: [N, 3] the centres.
        worker: runs the sorts, one after the other.
    """

    def __init__(self, means: FloatArray, worker: Executor) -> None:
        self._means, self._worker = means, worker
        self._newest: SortedOrder | None = None
        self._asked: Direction = np.zeros(3)
        self._sort: Future[SortedOrder] | None = None

    def exact(self, direction: Direction) -> SortedOrder:
        """The order of this very view."""
        return self._start(direction).result()

    def recent(self, direction: Direction, patience: float = PATIENCE) -> SortedOrder:
        """The order of this view or, while it is being sorted, that of one nearly the same."""
        sort = self._start(direction)
        newest = self._newest
        if newest is None or np.linalg.norm(newest.direction - direction) > SMALL_TURN:
            return sort.result()
        try:
            return sort.result(patience)
        except TimeoutError:
            return newest

    def _start(self, direction: Direction) -> Future[SortedOrder]:
        if self._sort is not None:
            if np.array_equal(self._asked, direction):
                return self._sort
            self._sort.cancel()  # what was not begun is not needed any more
        self._asked = direction
        self._sort = self._worker.submit(self._run, direction)
        return self._sort

    def _run(self, direction: Direction) -> SortedOrder:
        order = SortedOrder(direction, far_to_near(self._means, direction))
        self._newest = order
        return order
