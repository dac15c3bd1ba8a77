"""Compiled kernels give up the GIL, so plain threads share their work."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from inference.progress import CancelToken

MAX_THREADS = 8
"""More do not help work that is bound by memory (our choice)."""


def in_threads(
    work: Callable[..., Any],
    parts: Sequence[tuple[Any, ...]],
    cancel: CancelToken | None = None,
) -> None:
    """Call work(*part) for every part, on as many threads as there are cores.

    Args:
        work: gives up the GIL.
        parts: its arguments, one tuple a call.
        cancel: checked before every part.

    Raises:
        Cancelled: the token was set.
        Exception: the first that a part raised.
    """

    def one(part: tuple[Any, ...]) -> None:
        if cancel is not None:
            cancel.check()
        work(*part)

    with ThreadPoolExecutor(min(os.cpu_count() or 1, MAX_THREADS, len(parts))) as pool:
        for done in [pool.submit(one, part) for part in parts]:
            done.result()
