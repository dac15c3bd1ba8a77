"""Runs engine calls off the user interface's thread: progress, cancel, errors, latest wins."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal, Slot

from inference.errors import PercHeadError
from inference.progress import Cancelled, CancelToken

LOG = logging.getLogger("perchead")
REPORT_EVERY = 0.03  # seconds; more reports than that a screen does not show


class Job(QObject):
    """One piece of work in its own thread; its signals arrive on the thread that made it.

    A job tells exactly one of succeeded, failed and cancelled, then ended. A superseded
    job tells nothing but ended.
    """

    progressed = Signal(str, float)
    partial = Signal(object)
    succeeded = Signal(object)
    failed = Signal(str)
    cancelled = Signal()
    ended = Signal()

    _reported = Signal(str, float)
    _shared = Signal(object)
    _finished = Signal(str, object)

    def __init__(self, title: str, work: "Work", after: threading.Thread | None) -> None:
        super().__init__()
        self.title = title
        self.token = CancelToken()
        self.superseded = False
        self.stage = title
        self.fraction = 0.0
        self.done = False
        self._work = work
        self._after = after
        self._last_report = 0.0
        self._last_stage = ""
        queued = Qt.ConnectionType.QueuedConnection
        self._reported.connect(self._on_reported, queued)
        self._shared.connect(self._on_shared, queued)
        self._finished.connect(self._on_finished, queued)
        self.thread_ = threading.Thread(target=self._run, name=f"perchead {title}")

    def cancel(self) -> None:
        """Ask the work to stop; `cancelled` tells when it has."""
        self.token.cancel()

    def report(self, stage: str, fraction: float) -> None:
        """Tell progress; called by the work in its thread."""
        now = time.monotonic()
        if stage == self._last_stage and now - self._last_report < REPORT_EVERY:
            return
        self._last_report, self._last_stage = now, stage
        self._reported.emit(stage, fraction)

    def share(self, value: Any) -> None:
        """Hand a partial result over; called by the work in its thread."""
        self.token.check()
        self._shared.emit(value)

    def _run(self) -> None:
        if self._after is not None:
            self._after.join()
            self._after = None
        try:
            self.token.check()
            outcome: tuple[str, Any] = ("succeeded", self._work(self))
        except Cancelled:
            outcome = ("cancelled", None)
        except PercHeadError as error:
            outcome = ("failed", str(error))
        except MemoryError:
            outcome = ("failed", "The memory is full: close other programs and try again.")
        except Exception as error:
            LOG.exception("%s failed", self.title)
            sentence = str(error) or type(error).__name__
            outcome = ("failed", f"Something unexpected went wrong ({sentence}): try again.")
        self._work = _nothing
        self._finished.emit(*outcome)

    @Slot(str, float)
    def _on_reported(self, stage: str, fraction: float) -> None:
        if not self.superseded and not self.token.cancelled:
            self.stage, self.fraction = stage, fraction
            self.progressed.emit(stage, fraction)

    @Slot(object)
    def _on_shared(self, value: object) -> None:
        if not self.superseded and not self.token.cancelled:
            self.partial.emit(value)

    @Slot(str, object)
    def _on_finished(self, outcome: str, value: object) -> None:
        self.done = True
        if not self.superseded:
            # Whoever pressed Cancel an instant too late still gets what was asked for.
            if outcome == "cancelled" or self.token.cancelled:
                self.cancelled.emit()
            elif outcome == "failed":
                self.failed.emit(value)
            else:
                self.succeeded.emit(value)
        self.ended.emit()


Work = Callable[[Job], Any]


def _nothing(job: Job) -> None:
    """What is left of the work when it is done, so that its results can be freed."""


class JobRunner(QObject):
    """Starts jobs and owns their threads.

    Jobs of one lane run one after the other, and a new one supersedes those before it.
    """

    started = Signal(object)  # Job

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs: list[Job] = []
        self._newest: dict[str, Job] = {}
        self._closed = False

    def start(self, title: str, work: Work, lane: str | None = None) -> Job:
        """Run work(job) in a new thread.

        Args:
            title: for people, for example "Opening portrait".
            work: may call job.report, job.share and job.token.check.
            lane: jobs of the same lane replace each other; None runs on its own.

        Raises:
            RuntimeError: the runner was shut down.
        """
        if self._closed:
            raise RuntimeError("the runner was shut down")
        before = self._newest.get(lane) if lane is not None else None
        if before is not None and not before.done:
            before.superseded = True
            before.cancel()
        job = Job(title, work, before.thread_ if before else None)
        if lane is not None:
            self._newest[lane] = job
        self._jobs.append(job)
        job.ended.connect(lambda: self._forget(job))
        self.started.emit(job)
        job.thread_.start()
        return job

    @property
    def closed(self) -> bool:
        """Whether it was shut down and starts nothing any more."""
        return self._closed

    @property
    def running(self) -> list[Job]:
        """Jobs whose threads are not through, superseded ones included."""
        return list(self._jobs)

    def shutdown(self) -> None:
        """Cancel everything and wait until no thread is left."""
        self._closed = True
        for job in self._jobs:
            job.superseded = True
            job.cancel()
        for job in list(self._jobs):
            job.thread_.join()
        self._jobs.clear()
        self._newest.clear()

    def _forget(self, job: Job) -> None:
        job.thread_.join()
        if job in self._jobs:
            self._jobs.remove(job)
        for lane, newest in list(self._newest.items()):
            if newest is job:
                del self._newest[lane]
