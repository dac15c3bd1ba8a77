"""How long work still takes, in words."""

import time
from collections.abc import Callable

_QUIET = 3.0  # seconds before the first guess


class TimeLeft:
    """Guesses from the fraction done since it was made.

    Args:
        start: fraction 0..1 that is done already.
        clock: seconds.
    """

    def __init__(self, start: float = 0.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._start, self._clock = start, clock
        self._began = clock()

    def words(self, fraction: float) -> str:
        """For example "3 min left", or "" while nobody can tell."""
        passed, done = self._clock() - self._began, fraction - self._start
        if passed < _QUIET or done <= 0 or fraction >= 1:
            return ""
        return f"{duration(passed / done * (1 - fraction))} left"


def duration(seconds: float) -> str:
    """A length of time for people, to two figures or so."""
    if seconds < 55:
        return f"{max(5, 5 * round(seconds / 5))} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{max(1, minutes)} min"
    return f"{minutes // 60} h {minutes % 60:02d} min"
