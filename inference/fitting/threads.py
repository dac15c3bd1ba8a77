"""Compiled kernels give up the GIL, so plain threads share their work."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

MAX_THREADS = 8
"""More do not help work that is bound by memory (our choice)."""


def in_threads(work: Callable[..., Any], parts: Sequence[tuple[Any, ...]]) -> None:
    """Call work(*part) for every part, on as many threads as there are cores.

    Raises:
        Exception: the first that a part raised.
    """
    with ThreadPoolExecutor(min(os.cpu_count() or 1, MAX_THREADS, len(parts))) as pool:
        for done in [pool.submit(work, *part) for part in parts]:
            done.result()
