"""Makes styles of words and of pictures, in a worker; the latest wins."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from desktop.editing.look import StyleSource
from desktop.engine_holder import EngineHolder, editing_engine
from desktop.images import encoded_png
from desktop.workers import Job, JobRunner, Work
from inference.editing.types import Style
from inference.errors import NoFaceError
from inference.portrait.types import PreparedPortrait

THUMBNAIL = 96  # pixels an edge


class StyleReader(QObject):
    """Asks the engine for styles.

    Signals:
        started: a Job began; the status line shows it.
        read: a slot's name, and its new StyleSource.
        failed: a sentence for the user.
        stopped: the user cancelled.
        busy_changed: a slot began or ended reading.
    """

    started = Signal(object)
    read = Signal(str, object)
    failed = Signal(str)
    stopped = Signal()
    busy_changed = Signal()

    def __init__(self, runner: JobRunner, engine: EngineHolder) -> None:
        super().__init__()
        self._runner, self._engine = runner, engine
        self._jobs: dict[str, Job] = {}

    def busy(self, slot: str) -> bool:
        """Whether the slot's style is being read."""
        return slot in self._jobs

    def words(self, slot: str, text: str) -> None:
        """Read a description.

        Args:
            slot: whose style it becomes.
            text: English.
        """
        engine = self._engine

        def work(job: Job) -> StyleSource:
            editing = editing_engine(engine.get(job.report, job.token))
            return StyleSource(editing.style_of_text(text, job.report, job.token))

        self._start(slot, "Reading the words", work)

    def picture(self, slot: str, source: Path | QImage, name: str | None = None) -> None:
        """Read a reference: its face is found and cropped as a portrait's is.

        Args:
            slot: whose style it becomes.
            source: a file, or a pasted picture.
            name: what to call it, by default the file's name.
        """
        engine = self._engine

        def work(job: Job) -> StyleSource:
            editing = editing_engine(engine.get(job.report, job.token))
            job.report("Opening the picture", 0.0)
            given = encoded_png(source) if isinstance(source, QImage) else source
            image = editing.open_image(given, name)
            faces = editing.detect(image, job.report, job.token)
            if not faces:
                raise NoFaceError(
                    f"No face was found in {image.name}: choose a picture that shows one."
                )
            crop = editing.suggest_crop(image, faces[0])
            portrait = editing.prepare(image, crop, job.report, job.token)
            style = editing.style_of_portrait(portrait, job.report, job.token)
            named = Style(style.vector, style.network, image.name)
            return StyleSource(named, thumbnail_of(portrait))

        self._start(slot, "Reading the picture", work)

    def forget(self) -> None:
        """Another portrait was opened: what is being read is no longer wanted."""
        for job in self._jobs.values():
            job.superseded = True
            job.cancel()
        if self._jobs:
            self._jobs.clear()
            self.busy_changed.emit()

    def _start(self, slot: str, title: str, work: Work) -> None:
        job = self._runner.start(title, work, lane=f"style {slot}")
        self._jobs[slot] = job
        job.succeeded.connect(lambda source: self._on_read(slot, job, source))
        job.failed.connect(lambda sentence: self._on_stopped(slot, job, sentence))
        job.cancelled.connect(lambda: self._on_stopped(slot, job, None))
        self.started.emit(job)
        self.busy_changed.emit()

    def _on_read(self, slot: str, job: Job, source: StyleSource) -> None:
        if self._end(slot, job):
            self.read.emit(slot, source)

    def _on_stopped(self, slot: str, job: Job, sentence: str | None) -> None:
        if not self._end(slot, job):
            return
        if sentence is None:
            self.stopped.emit()
        else:
            self.failed.emit(sentence)

    def _end(self, slot: str, job: Job) -> bool:
        if self._jobs.get(slot) is not job:
            return False
        del self._jobs[slot]
        self.busy_changed.emit()
        return True


def thumbnail_of(portrait: PreparedPortrait) -> NDArray[np.uint8]:
    """[H, W, 3] uint8 RGB of a crop, small."""
    step = max(1, portrait.size // THUMBNAIL)
    edge = portrait.size // step
    blocks = portrait.image[: edge * step, : edge * step].reshape(edge, step, edge, step, 3)
    return np.asarray(np.clip(blocks.mean(axis=(1, 3)) * 255 + 0.5, 0, 255), np.uint8)
