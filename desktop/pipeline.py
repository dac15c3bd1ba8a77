"""From a file to a head, step by step in a worker; does again only what has changed."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from desktop.engine_holder import EngineHolder, can_edit
from desktop.images import encoded_png, preview_of
from desktop.session import Session, Topic
from desktop.workers import Job, JobRunner, Work
from inference.engine_protocol import EngineProtocol, Reconstruction, ReconstructionOptions
from inference.portrait.types import CropBox, FaceDetection, LoadedImage, PreparedPortrait
from inference.rendering.sharpened import PictureSharpener

NO_FACE = "No face was found: drag the square onto the head."
REMEMBERED_HEADS = 6  # undo and redo between these is instant; about 10 MB each


Target = tuple[CropBox, ReconstructionOptions]


@dataclass(frozen=True)
class Loaded:
    """Partial result: the engine is loaded.

    Attributes:
        layers: of its decoder.
        sharpener: what its pictures go through, or None.
        edits: whether it can also repaint and restyle heads.
    """

    layers: int
    sharpener: PictureSharpener | None
    edits: bool


@dataclass(frozen=True)
class Opened:
    """Partial result: the photograph was read."""

    image: LoadedImage
    preview: QImage
    source: Path | None


@dataclass(frozen=True)
class Found:
    """Partial result: the detector has looked."""

    faces: list[FaceDetection]
    crop: CropBox


@dataclass(frozen=True)
class FacePicked:
    """Result: another face, and the crop that suits it."""

    index: int
    crop: CropBox


class Pipeline(QObject):
    """Watches the session and makes what it lacks.

    Attributes:
        needs_hand: no face was found, and the user has not placed the box yet.
        layers: decoder layers of the engine, once it is loaded.
        sharpener: what the engine's final pictures go through, if anything, once it is loaded.
        edits: whether the engine can repaint and restyle heads, once it is loaded.
        preview: the open photograph for the screen.

    Signals:
        started: a Job began; the status line shows it.
        failed: a sentence for the user.
        make_failed: the same, where it is the open portrait's head that failed.
        stopped: the user cancelled.
        state_changed: busy, needs_hand, layers or sharpener may have changed.
    """

    started = Signal(object)
    failed = Signal(str)
    make_failed = Signal(str)
    stopped = Signal()
    state_changed = Signal()

    def __init__(self, session: Session, runner: JobRunner, engine: EngineHolder) -> None:
        super().__init__()
        self._session, self._runner, self._engine = session, runner, engine
        self._job: Job | None = None
        self._target: Target | None = None
        self._reading = False  # the open portrait is still the one before
        self._writing = False  # our own writes to the session start nothing
        self._heads: OrderedDict[Target, Reconstruction] = OrderedDict()
        self.needs_hand = False
        self.layers: int | None = None
        self.sharpener: PictureSharpener | None = None
        self.edits = False
        self.preview: QImage | None = None
        session.subscribe(self._on_session)

    @property
    def busy(self) -> bool:
        """Whether a head is being made."""
        return self._job is not None

    @property
    def job(self) -> Job | None:
        """What is running."""
        return self._job

    def preload(self) -> None:
        """Load the models in the background, so that the first portrait need not wait."""

        def work(job: Job) -> None:
            self._load(job)

        job = self._runner.start("Loading the models", work, lane="models")
        job.partial.connect(self._on_partial)
        job.failed.connect(self.failed)
        self.started.emit(job)

    def open(self, source: Path | QImage, name: str | None = None) -> None:
        """Open a photograph from a file or from the clipboard, and make its head."""
        options = self._session.edits.options

        def work(job: Job) -> Reconstruction | None:
            job.report("Opening the portrait", 0.0)
            engine = self._load(job)
            given = encoded_png(source) if isinstance(source, QImage) else source
            image = engine.open_image(given, name)
            path = source if isinstance(source, Path) else None
            job.share(Opened(image, preview_of(image.rgb), path))
            return _find_and_make(engine, job, image, options)

        self._start("Opening the portrait", work, None)
        self._reading = True

    def pick_face(self, index: int) -> None:
        """Use another of the detected faces; its suggested crop replaces the box."""
        session = self._session
        image, faces = session.image, session.faces
        if image is None or not faces or index == session.edits.face:
            return

        def work(job: Job) -> FacePicked:
            return FacePicked(index, self._load(job).suggest_crop(image, faces[index]))

        self._start("Picking the face", work, None)

    def make(self) -> None:
        """Make the head with the box and the options as they are."""
        self.needs_hand = False
        self.refresh()

    def again(self) -> None:
        """Make the head once more from the photograph."""
        self._heads.clear()
        self._session.prepared = None
        self._session.head = None
        self.make()

    def engine_changed(self) -> None:
        """Another model makes the heads from now on: the open one is made again."""
        self.preload()
        session, image = self._session, self._session.image
        options = session.edits.options
        if options.layers is not None:  # it may have fewer
            options = replace(options, layers=None)
            self._write(lambda: session.change("Show All Layers", options=options))
        if image is not None and session.reading is not None:
            # Regions and look were read by the old model's networks, and edits rest on them.
            self._heads.clear()
            self._write(lambda: session.open_portrait(image, session.source))
            self.refresh()
        elif image is not None:
            self.again()

    def refresh(self) -> None:
        """Make what the session lacks: nothing, only the head, or crop and head."""
        session = self._session
        image, crop, options = session.image, session.edits.crop, session.edits.options
        if image is None or self.needs_hand:
            return
        if session.faces is None or crop is None:
            if not self.busy:  # the search for faces was stopped
                engine = self._load
                self._start(
                    "Finding the face",
                    lambda job: _find_and_make(engine(job), job, image, options),
                    None,
                )
            return
        target = (crop, options)
        if self.busy and target == self._target:
            return
        head = session.head
        if head is not None and (head.portrait.crop, head.options) == target:
            self._drop()
            return
        if target in self._heads:
            self._drop()
            self._heads.move_to_end(target)
            self._write(lambda: session.set_head(self._heads[target]))
            return
        prepared = session.prepared
        if prepared is not None and prepared.crop != crop:
            prepared = None

        def work(job: Job) -> Reconstruction:
            return _make(self._load(job), job, image, crop, prepared, options)

        self._start("Making the head", work, target)

    def cancel(self) -> None:
        """Stop what is being made, at the user's wish."""
        if self._job is not None:
            self._job.cancel()

    def _drop(self) -> None:
        """Stop what is no longer wanted."""
        if self._job is not None:
            self._job.superseded = True
            self._job.cancel()
            self._job = None
            self.state_changed.emit()

    def _load(self, job: Job) -> EngineProtocol:
        engine = self._engine.get(job.report, job.token)
        job.share(Loaded(engine.decoder_layers, engine.sharpener, can_edit(engine)))
        return engine

    def _start(self, title: str, work: Work, target: Target | None) -> None:
        job = self._runner.start(title, work, lane="head")
        self._job, self._target = job, target
        self._reading = False
        job.partial.connect(self._on_partial)
        job.succeeded.connect(lambda result: self._on_succeeded(job, result))
        job.failed.connect(lambda sentence: self._on_stopped(job, sentence))
        job.cancelled.connect(lambda: self._on_stopped(job, None))
        self.started.emit(job)
        self.state_changed.emit()

    def _write(self, change: Callable[[], None]) -> None:
        self._writing = True
        try:
            change()
        finally:
            self._writing = False

    def _on_session(self, topic: Topic) -> None:
        if topic in (Topic.CROP, Topic.OPTIONS) and not self._writing:
            # Moving the box by hand answers "no face was found".
            if topic is Topic.CROP:
                self.needs_hand = False
            self.refresh()

    def _on_partial(self, value: object) -> None:
        session = self._session
        if isinstance(value, Loaded):
            self.layers, self.sharpener = value.layers, value.sharpener
            self.edits = value.edits
            self.state_changed.emit()
        elif isinstance(value, Opened):
            self._heads.clear()
            self.needs_hand = False
            self.preview = value.preview
            self._reading = False
            self._write(lambda: session.open_portrait(value.image, value.source))
        elif isinstance(value, Found):
            self.needs_hand = not value.faces
            self._target = (value.crop, session.edits.options)
            self._write(lambda: session.set_faces(value.faces, value.crop))
            self.state_changed.emit()
        elif isinstance(value, PreparedPortrait):
            self._write(lambda: session.set_prepared(value))

    def _on_succeeded(self, job: Job, result: object) -> None:
        if job is not self._job:
            return
        self._job, self._target = None, None
        if isinstance(result, Reconstruction):
            self._heads[(result.portrait.crop, result.options)] = result
            while len(self._heads) > REMEMBERED_HEADS:
                self._heads.popitem(last=False)
            self._write(lambda: self._session.set_head(result))
            self.refresh()  # options may have changed while the portrait was being opened
        elif isinstance(result, FacePicked):
            self._session.change("Pick Face", face=result.index, crop=result.crop)
        elif self.needs_hand:
            self.failed.emit(NO_FACE)
        self.state_changed.emit()

    def _on_stopped(self, job: Job, sentence: str | None) -> None:
        if job is not self._job:
            return
        self._job, self._target = None, None
        self.state_changed.emit()
        if sentence is None:
            self.stopped.emit()
        else:
            self.failed.emit(sentence)
            if not self._reading:
                self.make_failed.emit(sentence)


def _find_and_make(
    engine: EngineProtocol, job: Job, image: LoadedImage, options: ReconstructionOptions
) -> Reconstruction | None:
    """Find faces and make the best one's head; None where there is no face."""
    faces = engine.detect(image, job.report, job.token)
    crop = engine.suggest_crop(image, faces[0] if faces else None)
    job.share(Found(faces, crop))
    return _make(engine, job, image, crop, None, options) if faces else None


def _make(
    engine: EngineProtocol,
    job: Job,
    image: LoadedImage,
    crop: CropBox,
    prepared: PreparedPortrait | None,
    options: ReconstructionOptions,
) -> Reconstruction:
    """Cut the head out where that is not done yet, and make the head."""
    if prepared is None:
        prepared = engine.prepare(image, crop, job.report, job.token)
        job.share(prepared)
    return engine.reconstruct(prepared, options, job.report, job.token)
