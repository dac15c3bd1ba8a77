"""One program at a time changes a model's files; the one place that imports filelock."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import filelock

from inference.errors import OutputError
from inference.progress import CancelToken

_POLL = 0.1  # seconds


@contextmanager
def exclusive(path: Path, cancel: CancelToken, wait: bool = True) -> Iterator[None]:
    """Hold the lock file at `path`; the system frees it when a program dies.

    Args:
        path: the lock file; it is made.
        cancel: ends the waiting.
        wait: whether to wait for another program, or to give up at once.

    Raises:
        OutputError: another program holds it and `wait` is off, or it cannot be made.
        Cancelled: the token was set while waiting.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(path)
        while True:
            cancel.check()
            try:
                lock.acquire(timeout=_POLL, poll_interval=_POLL / 2)
                break
            except filelock.Timeout:
                if not wait:
                    raise OutputError(
                        "Another program is working on this model's files: wait for it to end."
                    ) from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(
            f"Cannot write {path.parent} ({reason}): choose another folder with PERCHEAD_MODELS."
        ) from error
    try:
        yield
    finally:
        lock.release()
