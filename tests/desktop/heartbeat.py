"""Measures whether the user interface's thread is blocked."""

from time import perf_counter, thread_time

from PySide6.QtCore import Qt, QTimer

OWN_WORK = 0.1  # seconds: what takes longer runs in another thread, or in several turns
PAUSE = 0.5  # seconds


class Heartbeat:
    """The longest turns of the event loop.

    How long a turn takes by the clock hangs on what else the computer does, so it only has to stay
    under PAUSE, which finds calls that wait; the thread's own work in a turn is held to OWN_WORK.
    benchmarks.editing_window measures pauses by the clock on a quiet computer.

    Attributes:
        longest: seconds by the clock.
        busiest: seconds in which this thread itself computed.
    """

    def __init__(self) -> None:
        self.longest = 0.0
        self.busiest = 0.0
        self._last = perf_counter()
        self._worked = thread_time()
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(5)
        self._timer.timeout.connect(self._beat)

    def start(self) -> None:
        self._last = perf_counter()
        self._worked = thread_time()
        self._timer.start()

    def stop(self) -> None:
        self._timer.stop()
        self._beat()

    def _beat(self) -> None:
        now, worked = perf_counter(), thread_time()
        self.longest = max(self.longest, now - self._last)
        self.busiest = max(self.busiest, worked - self._worked)
        self._last, self._worked = now, worked

    @property
    def regular(self) -> bool:
        """Whether no turn was too long."""
        return self.busiest < OWN_WORK and self.longest < PAUSE

    def __repr__(self) -> str:
        return f"Heartbeat(longest={self.longest:.3f}, busiest={self.busiest:.3f})"

    def __enter__(self) -> "Heartbeat":
        self.start()
        return self

    def __exit__(self, *_) -> None:
        self.stop()
