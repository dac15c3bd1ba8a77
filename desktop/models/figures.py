"""The newest figures of work in another thread; the window looks at them when it wants to."""

import time

UNKNOWN = -1.0
"""The fraction of work whose end nobody knows."""


class Figures:
    """What a worker last said; nothing it says is lost between two looks but older news."""

    def __init__(self, words: str) -> None:
        self._newest = (words, UNKNOWN, time.monotonic())

    def tell(self, words: str, fraction: float) -> None:
        """Say where the work is, from its thread.

        Args:
            words: for people.
            fraction: 0..1, or UNKNOWN.
        """
        self._newest = (words, fraction, time.monotonic())  # one assignment: never half of it

    @property
    def words(self) -> str:
        """Where the work is."""
        return self._newest[0]

    @property
    def fraction(self) -> float:
        """How far it is, 0..1, or UNKNOWN."""
        return self._newest[1]

    @property
    def silence(self) -> float:
        """Seconds since the last news."""
        return time.monotonic() - self._newest[2]
