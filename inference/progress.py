"""How long work reports where it is and how it is stopped."""

import threading
from collections.abc import Callable

Progress = Callable[[str, float], None]
"""progress(stage, fraction): a short stage name for people, and its fraction 0..1."""


def no_progress(stage: str, fraction: float) -> None:
    """Report nothing."""


class Cancelled(Exception):  # noqa: N818 - an event, not an error
    """The user asked for the work to stop; nothing is left behind."""


class CancelToken:
    """A flag that any thread may set; long work checks it at least every 100 ms."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
        """Ask the work that holds this token to stop."""
        self._event.set()

    @property
    def cancelled(self) -> bool:
        """Whether the work should stop."""
        return self._event.is_set()

    def check(self) -> None:
        """Stop here if asked to.

        Raises:
            Cancelled: cancel() was called.
        """
        if self._event.is_set():
            raise Cancelled
