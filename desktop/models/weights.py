"""Which weights make the heads, and what reads faces: the built-in ones, or the user's."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from desktop.engine_holder import EngineHolder, engine_with
from desktop.preferences import Preferences
from desktop.workers import Job, JobRunner
from inference.engine_protocol import EngineProtocol


class Weights(QObject):
    """The choices, and changing them; the old ones stay in use until the new ones are loaded.

    Args:
        runner: runs the loading.
        engine: what hands the engine out.
        preferences: remember the choice.
        on_changed: called when other weights make the heads.
        make: makes an engine from a checkpoint's file and a parser's name, in a worker.

    Signals:
        changed: the choice, the loading or its problem is another.

    Attributes:
        job: the loading that is going on, or None.
        problem: why the last choice could not be used, or "".
        of_parser: whether that last choice was of a parser.
    """

    changed = Signal()

    def __init__(
        self,
        runner: JobRunner,
        engine: EngineHolder,
        preferences: Preferences,
        on_changed: Callable[[], None],
        make: Callable[[str, str], EngineProtocol] = engine_with,
    ) -> None:
        super().__init__()
        self._runner, self._engine, self._preferences = runner, engine, preferences
        self._on_changed, self._make = on_changed, make
        self.job: Job | None = None
        self.problem = ""
        self.of_parser = False

    @property
    def file(self) -> Path | None:
        """The checkpoint in use; None for the built-in weights."""
        return Path(self._preferences.checkpoint) if self._preferences.checkpoint else None

    @property
    def parser(self) -> str:
        """What reads faces."""
        return self._preferences.parser

    def use(self, file: Path | None) -> None:
        """Make heads with this checkpoint from now on, or with the built-in weights."""
        self.of_parser = False
        self._load(str(file.absolute()) if file else "", self.parser)

    def use_parser(self, name: str) -> None:
        """Read faces with this parser from now on."""
        self.of_parser = True
        self._load(self._preferences.checkpoint, name)

    def _load(self, checkpoint: str, parser: str) -> None:
        read = self.of_parser

        def work(job: Job) -> EngineProtocol:
            engine = self._make(checkpoint, parser)
            engine.load_models(job.report, job.token)
            if read:  # else the first face that is read does it
                _load_parser(engine)
            return engine

        self.problem = ""
        self.job = job = self._runner.start("Loading the weights", work, lane="weights")
        job.succeeded.connect(lambda engine: self._on_loaded(engine, checkpoint, parser))
        job.failed.connect(self._on_failed)
        job.ended.connect(lambda: self._on_ended(job))
        self.changed.emit()

    def cancel(self) -> None:
        """Stop the loading; what was in use stays in use."""
        if self.job is not None:
            self.job.cancel()

    def _on_loaded(self, engine: EngineProtocol, checkpoint: str, parser: str) -> None:
        self._engine.replace(engine)
        self._preferences.checkpoint, self._preferences.parser = checkpoint, parser
        self._preferences.save()
        self._on_changed()

    def _on_failed(self, sentence: str) -> None:
        self.problem = sentence

    def _on_ended(self, job: Job) -> None:
        if job is self.job:
            self.job = None
            self.changed.emit()


def _load_parser(engine: EngineProtocol) -> None:
    """Load what reads faces now, so that what is missing is told where it was chosen."""
    from inference.engine import Engine

    if isinstance(engine, Engine):
        _ = engine.parser
