"""How fast bytes arrive, and how long the rest takes."""

from collections import deque

_WINDOW = 5.0  # seconds; long enough to be calm, short enough to follow


class SpeedMeter:
    """Bytes per second over the last five seconds."""

    def __init__(self) -> None:
        self._marks: deque[tuple[float, int]] = deque()

    def add(self, now: float, done: int) -> float:
        """Take a mark.

        Args:
            now: seconds on any clock that only goes forward.
            done: bytes that are here in all.

        Returns:
            Bytes per second; 0 while there are too few marks. A step back (the file is fetched
            anew) starts the measurement again.
        """
        if self._marks and done < self._marks[-1][1]:
            self._marks.clear()
        self._marks.append((now, done))
        while len(self._marks) > 2 and now - self._marks[1][0] >= _WINDOW:
            self._marks.popleft()
        first_time, first_done = self._marks[0]
        return (done - first_done) / (now - first_time) if now > first_time else 0.0
