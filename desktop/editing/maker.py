"""Reads the face when editing begins, and makes the head of map and look; latest wins."""

from collections import OrderedDict
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal

from desktop.editing.look import Look
from desktop.editing.reading import FaceReading, reading_of
from desktop.engine_holder import EngineHolder, editing_engine
from desktop.session import Session, Topic
from desktop.workers import Job, JobRunner
from inference.editing.types import EditedHead, EditRequest
from inference.engine_protocol import Reconstruction, ReconstructionOptions
from inference.errors import PercHeadError
from inference.portrait.types import CropBox, PreparedPortrait

DEBOUNCE = 80  # milliseconds from the last stroke or step of a slider; our choice
REMEMBERED_HEADS = 24  # undo, redo and the filmstrip are instant between these; 4 MB each


@dataclass(frozen=True)
class EditKey:
    """All that decides an edited head: equal keys give equal heads.

    Attributes:
        crop, options: of the portrait's own head.
        labels: digest of the face map.
        look: what it shall look like.
    """

    crop: CropBox
    options: ReconstructionOptions
    labels: bytes
    look: Look


@dataclass(frozen=True)
class Wanted:
    """A key with what the engine needs to make its head."""

    key: EditKey
    request: EditRequest


class EditMaker(QObject):
    """Watches the session and makes the edited head that it lacks.

    Attributes:
        problem: why the face could not be read, or "".

    Signals:
        started: a Job began; the status line shows it.
        made: a new head, with what it was made from: (Wanted, EditedHead).
        shown: another head is shown: its EditKey, or None for the portrait's own.
        failed: a sentence for the user.
        stopped: the user cancelled.
        state_changed: reading, making or problem may have changed.
    """

    started = Signal(object)
    made = Signal(object, object)
    shown = Signal(object)
    failed = Signal(str)
    stopped = Signal()
    state_changed = Signal()

    def __init__(self, session: Session, runner: JobRunner, engine: EngineHolder) -> None:
        super().__init__()
        self._session, self._runner, self._engine = session, runner, engine
        self._reading: Job | None = None
        self._making: Job | None = None
        self._target: EditKey | None = None
        self._heads: OrderedDict[EditKey, EditedHead] = OrderedDict()
        self._entered = False
        self.current: EditKey | None = None
        self.problem = ""
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(DEBOUNCE)
        self._soon.timeout.connect(self.refresh)
        session.subscribe(self._on_session)

    @property
    def reading(self) -> Job | None:
        """The job that reads the face, while it runs."""
        return self._reading

    @property
    def making(self) -> Job | None:
        """The job that makes an edited head, while it runs."""
        return self._making

    def enter(self, *, on: bool) -> None:
        """Editing begins, or ends: read the face if that is still to be done."""
        self._entered = on
        if on:
            self.problem = ""
            self.refresh()

    def prepare(self) -> None:
        """The user is about to ask for something: read the face meanwhile."""
        head = self._session.current_head
        if head is not None and not self._runner.closed:
            nothing_there = self._session.reading is None and self._reading is None
            if nothing_there and not self.problem:
                self._read(head.portrait)

    def wanted(self, look: Look | None = None) -> Wanted | None:
        """What map and look (by default the session's) ask for; None before it can be made.

        Raises:
            UsageError: styles of different networks were mixed.
        """
        session = self._session
        head, reading, document = session.current_head, session.reading, session.face_map
        if head is None or reading is None or document is None:
            return None
        look = session.edits.look if look is None else look
        labels = np.array(document.labels)
        key = EditKey(head.portrait.crop, head.options, digest(labels), look)
        return Wanted(key, request_of(labels, look, reading, head))

    def head_of(self, wanted: Wanted) -> EditedHead | None:
        """The head, if it is still remembered."""
        return self._heads.get(wanted.key)

    def remember(self, key: EditKey, edited: EditedHead) -> None:
        """Keep a head that was made elsewhere, such as a variation."""
        self._heads[key] = edited
        self._heads.move_to_end(key)
        while len(self._heads) > REMEMBERED_HEADS:
            self._heads.popitem(last=False)

    def refresh(self) -> None:
        """Make what is lacking: read the face, then make the head."""
        self._soon.stop()
        session = self._session
        head = session.current_head
        if head is None or self._runner.closed:
            return
        if session.reading is None:
            if session.edits.look.plain and not self._entered:
                self._show(None, None)
            elif self._reading is None and not self.problem:
                self._read(head.portrait)
            return
        if session.untouched:
            self._drop()
            self._show(None, None)
            return
        try:
            wanted = self.wanted()
        except PercHeadError as error:
            self._drop()
            self.failed.emit(str(error))
            return
        if wanted is None or (self._making is not None and wanted.key == self._target):
            return
        self._drop()
        if wanted.key == self.current:
            return
        there = self._heads.get(wanted.key)
        if there is not None:
            self.remember(wanted.key, there)
            self._show(wanted.key, there)
        else:
            self._make(wanted)

    def cancel(self) -> None:
        """Stop what runs, at the user's wish."""
        for job in (self._reading, self._making):
            if job is not None:
                job.cancel()

    # Jobs

    def _read(self, portrait: PreparedPortrait) -> None:
        engine = self._engine

        def work(job: Job) -> FaceReading:
            _warm_up()
            editing = editing_engine(engine.get(job.report, job.token))
            parsing = editing.parse(portrait, job.report, job.token)
            style = editing.style_of_portrait(portrait, job.report, job.token)
            return reading_of(portrait, parsing, style)

        job = self._runner.start("Reading the face", work, lane="reading")
        self._reading = job
        job.succeeded.connect(lambda reading: self._on_read(job, reading))
        job.failed.connect(lambda sentence: self._on_not_read(job, sentence))
        job.cancelled.connect(lambda: self._on_not_read(job, None))
        self.started.emit(job)
        self.state_changed.emit()

    def _on_read(self, job: Job, reading: FaceReading) -> None:
        if job is not self._reading:
            return
        self._reading = None
        self._session.set_reading(reading)
        self.state_changed.emit()
        self.refresh()

    def _on_not_read(self, job: Job, sentence: str | None) -> None:
        if job is not self._reading:
            return
        self._reading = None
        self.problem = sentence or "Stopped before the face was read."
        self.state_changed.emit()
        if sentence is None:
            self.stopped.emit()
        else:
            self.failed.emit(sentence)

    def _make(self, wanted: Wanted) -> None:
        engine = self._engine

        def work(job: Job) -> EditedHead:
            editing = editing_engine(engine.get(job.report, job.token))
            return editing.edit(wanted.request, job.report, job.token)

        job = self._runner.start("Making the head", work, lane="edit")
        self._making, self._target = job, wanted.key
        job.succeeded.connect(lambda edited: self._on_made(job, wanted, edited))
        job.failed.connect(lambda sentence: self._on_not_made(job, sentence))
        job.cancelled.connect(lambda: self._on_not_made(job, None))
        self.started.emit(job)
        self.state_changed.emit()

    def _on_made(self, job: Job, wanted: Wanted, edited: EditedHead) -> None:
        if job is not self._making:
            return
        self._making, self._target = None, None
        self.remember(wanted.key, edited)
        self.made.emit(wanted, edited)
        self._show(wanted.key, edited)
        self.state_changed.emit()

    def _on_not_made(self, job: Job, sentence: str | None) -> None:
        if job is not self._making:
            return
        self._making, self._target = None, None
        self.state_changed.emit()
        if sentence is None:
            self.stopped.emit()
        else:
            self.failed.emit(sentence)

    def _drop(self) -> None:
        """Stop the head that is no longer wanted."""
        if self._making is not None:
            self._making.superseded = True
            self._making.cancel()
            self._making, self._target = None, None
            self.state_changed.emit()

    def _show(self, key: EditKey | None, edited: EditedHead | None) -> None:
        self.current = key
        self._session.set_edited(edited)
        self.shown.emit(key)

    # Reacting

    def _on_session(self, topic: Topic) -> None:
        if topic is Topic.PORTRAIT:
            self._forget()
        elif topic is Topic.HEAD:
            self._on_head()
        elif topic in (Topic.MAP, Topic.LOOK) and self._session.head is not None:
            if topic is Topic.LOOK:
                self.problem = ""
            self._soon.start()

    def _on_head(self) -> None:
        """Another head of the photograph, perhaps of another crop, which is another face map."""
        head = self._session.head
        if self._reading is not None and head is not None and self._session.reading is None:
            self._stop_reading()
        self.problem = ""
        self.refresh()

    def _forget(self) -> None:
        """Another portrait was opened."""
        self._soon.stop()
        self._drop()
        self._stop_reading()
        self._heads.clear()
        self.problem, self.current = "", None

    def _stop_reading(self) -> None:
        if self._reading is not None:
            self._reading.superseded = True
            self._reading.cancel()
            self._reading = None
            self.state_changed.emit()


def request_of(
    labels: NDArray[np.uint8],  # [512, 512]
    look: Look,
    reading: FaceReading,
    head: Reconstruction,
) -> EditRequest:
    """What the engine is asked for."""
    return EditRequest(
        labels,
        look.style(reading.style),
        base=head,
        base_labels=reading.labels,
        base_style=reading.style,
        keep_identity=look.keep,
    )


def digest(labels: NDArray[np.uint8]) -> bytes:
    """What tells one face map from another."""
    return blake2b(labels.tobytes(), digest_size=16).digest()


def _warm_up() -> None:
    """Import what painting needs here, where nobody waits: OpenCV takes a moment."""
    import inference.face_map.floating
    import inference.face_map.stamps.stamp  # noqa: F401
