"""Makes several heads around one style, in a worker; each is shown as it comes."""

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from desktop.editing.look import Look, StyleSource
from desktop.editing.maker import EditMaker, Wanted
from desktop.engine_holder import EngineHolder, editing_engine
from desktop.session import Session, Topic
from desktop.workers import Job, JobRunner
from inference.editing.types import EditedHead

COUNT = 4  # variations at once


class Variations(QObject):
    """Adds variations of the look in the window to the filmstrip.

    Signals:
        started: a Job began.
        failed: a sentence for the user.
        stopped: the user cancelled.
    """

    started = Signal(object)
    failed = Signal(str)
    stopped = Signal()

    def __init__(
        self,
        session: Session,
        maker: EditMaker,
        runner: JobRunner,
        engine: EngineHolder,
        add: Callable[[Wanted, EditedHead], object],
    ) -> None:
        super().__init__()
        self._session, self._maker, self._runner, self._engine = session, maker, runner, engine
        self._add = add
        self._seed = 0
        self._pending = False  # asked for before the face was read
        self._job: Job | None = None
        session.subscribe(self._on_session)

    def make(self) -> None:
        """Make COUNT of them; the seeds go on where they ended."""
        reading = self._session.reading
        if reading is None:
            self._pending = True
            self._maker.enter(on=True)
            return
        look = self._session.edits.look
        if look.seed is not None:  # around a variation: that is the style now
            look = Look(source=StyleSource(look.style(reading.style)), keep=look.keep)
        wanted = []
        for _ in range(COUNT):
            self._seed += 1
            one = self._maker.wanted(replace(look, seed=self._seed))
            if one is not None:
                wanted.append(one)
        if not wanted:
            return
        engine = self._engine

        def work(job: Job) -> None:
            editing = editing_engine(engine.get(job.report, job.token))
            for number, one in enumerate(wanted):
                start = number / len(wanted)

                def report(_: str, fraction: float, start: float = start) -> None:
                    job.report("Making variations", start + fraction / len(wanted))

                job.share((one, editing.edit(one.request, report, job.token)))

        job = self._runner.start("Making variations", work, lane="variations")
        self._job = job
        job.partial.connect(self._on_made)
        job.failed.connect(self.failed)
        job.cancelled.connect(self.stopped)
        self.started.emit(job)

    def _on_made(self, made: tuple[Wanted, EditedHead]) -> None:
        wanted, edited = made
        self._maker.remember(wanted.key, edited)
        self._add(wanted, edited)

    def _on_session(self, topic: Topic) -> None:
        if topic is Topic.PORTRAIT:
            self._pending, self._seed = False, 0
            if self._job is not None and not self._job.done:
                self._job.superseded = True
                self._job.cancel()
        elif topic is Topic.READING and self._pending and self._session.reading is not None:
            self._pending = False
            self.make()
