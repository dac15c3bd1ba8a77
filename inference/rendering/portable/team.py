"""A few threads that run one kernel together."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np


def usable_cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class WorkerTeam:
    """Runs a kernel in several threads of its own, the caller's among them.

    Not numba's parallel loops: their threading layers abort when two threads use them at once
    or after a fork, and the OpenMP one fights with torch's for the cores. A kernel without the
    GIL needs no more than threads and an atomic counter.

    Args:
        size: number of threads that work, the caller's included.
    """

    def __init__(self, size: int) -> None:
        if size < 1:
            raise ValueError("a team needs at least one thread")
        self.size = size
        self._pool: ThreadPoolExecutor | None = None
        self._process = 0

    def run(self, kernel: Callable[..., None], *arguments: Any) -> None:
        """Call kernel(worker, counter, *arguments) for every worker 0 .. size-1.

        The kernel claims units of work from the counter until none is left. A worker whose
        thread has not even started when the caller finds nothing left is not waited for.
        """
        counter = np.zeros(1, np.int64)
        if self.size == 1:
            kernel(0, counter, *arguments)
            return
        pool = self._threads()
        helpers = [
            pool.submit(kernel, worker, counter, *arguments) for worker in range(1, self.size)
        ]
        try:
            kernel(0, counter, *arguments)
        finally:
            for helper in helpers:
                if not helper.cancel():
                    helper.result()

    def close(self) -> None:
        """End the threads; a later run starts them again."""
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None

    def _threads(self) -> ThreadPoolExecutor:
        # Threads do not survive a fork: a child process makes its own.
        if self._pool is None or self._process != os.getpid():
            self._pool = ThreadPoolExecutor(self.size - 1, thread_name_prefix="perchead-raster")
            self._process = os.getpid()
        return self._pool
