"""Makes what the first edit of a portrait needs while the user still looks at its map."""

from PySide6.QtCore import QObject, QTimer

from desktop.editing.reading import FaceReading
from desktop.engine_holder import EngineHolder, editing_engine
from desktop.session import Session, Topic
from desktop.workers import Job, JobRunner
from inference.editing.types import EditRequest
from inference.engine_protocol import Reconstruction

AFTER = 500  # milliseconds after the face was read, where no map appears; our choice
AFTER_MAP = 30  # milliseconds after the map appeared: it is painted undisturbed; our choice
WORDS = "a person"  # any, so that the network that reads them is loaded


class Preparation(QObject):
    """Follows the session: once the face was read, prepares the edits of the head that there is.

    It says nothing: whatever is wrong, the first edit tells. A stroke does not stop it, since
    its head needs what is being made here and waits for no more than that; another head or
    another portrait does.

    Attributes:
        job: makes what all edits of the head share, while it runs.
    """

    def __init__(self, session: Session, runner: JobRunner, engine: EngineHolder) -> None:
        super().__init__()
        self._session, self._runner, self._engine = session, runner, engine
        self._for: tuple[Reconstruction, FaceReading] | None = None
        self.job: Job | None = None
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.timeout.connect(self._begin)
        session.subscribe(self._on_session)

    def map_appeared(self) -> None:
        """The user sees what can be painted on: a stroke may come soon."""
        if self._soon.isActive():
            self._soon.start(AFTER_MAP)

    def _on_session(self, topic: Topic) -> None:
        if topic in (Topic.PORTRAIT, Topic.CROP, Topic.OPTIONS, Topic.HEAD, Topic.READING):
            self._follow()

    def _follow(self) -> None:
        head, reading = self._session.current_head, self._session.reading
        before = self._for
        if head is None or reading is None:
            self._for = None
        elif before is None or before[0] is not head or before[1] is not reading:
            self._for = head, reading
        else:
            return
        self._stop()
        if self._for is not None and self._session.untouched:
            self._soon.start(AFTER)

    def _stop(self) -> None:
        self._soon.stop()
        if self.job is not None:
            self.job.superseded = True
            self.job.cancel()
            self.job = None

    def _begin(self) -> None:
        if self._for is None or self._runner.closed:
            return
        engine, (head, reading) = self._engine, self._for
        own = reading.style
        request = EditRequest(reading.labels, own, head, reading.labels, own)

        def work(job: Job) -> None:
            editing = editing_engine(engine.get(job.report, job.token))
            editing.prepare_edits(request, job.report, job.token)

        job = self._runner.start("Getting ready", work, lane="preparation")
        self.job = job
        job.succeeded.connect(lambda: self._on_ready(job))
        job.ended.connect(lambda: self._on_ended(job))

    def _on_ended(self, job: Job) -> None:
        if job is self.job:
            self.job = None

    def _on_ready(self, job: Job) -> None:
        """Load what reads words too, unless an edit wants the processor for itself."""
        if job is not self.job or self._runner.closed or not self._session.untouched:
            return
        engine = self._engine

        def work(job: Job) -> None:
            editing = editing_engine(engine.get(job.report, job.token))
            editing.style_of_text(WORDS, job.report, job.token)

        self._runner.start("Getting ready for words", work, lane="preparation")
