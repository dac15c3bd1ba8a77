"""Which weights make the heads: the built-in ones, or a checkpoint of the user's."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from desktop.engine_holder import EngineHolder, engine_with
from desktop.preferences import Preferences
from desktop.workers import Job, JobRunner
from inference.engine_protocol import EngineProtocol


class Weights(QObject):
    """The choice, and changing it; the old weights stay in use until the new ones are loaded.

    Args:
        runner: runs the loading.
        engine: what hands the engine out.
        preferences: remember the choice.
        on_changed: called when other weights make the heads.
        make: makes an engine from a checkpoint's file, in a worker.

    Signals:
        changed: the choice, the loading or its problem is another.

    Attributes:
        job: the loading that is going on, or None.
        problem: why the last choice could not be used, or "".
    """

    changed = Signal()

    def __init__(
        self,
        runner: JobRunner,
        engine: EngineHolder,
        preferences: Preferences,
        on_changed: Callable[[], None],
        make: Callable[[str], EngineProtocol] = engine_with,
    ) -> None:
        super().__init__()
        self._runner, self._engine, self._preferences = runner, engine, preferences
        self._on_changed, self._make = on_changed, make
        self.job: Job | None = None
        self.problem = ""

    @property
    def file(self) -> Path | None:
        """The checkpoint in use; None for the built-in weights."""
        return Path(self._preferences.checkpoint) if self._preferences.checkpoint else None

    def use(self, file: Path | None) -> None:
        """Make heads with this checkpoint from now on, or with the built-in weights."""
        words = str(file.absolute()) if file else ""

        def work(job: Job) -> EngineProtocol:
            engine = self._make(words)
            engine.load_models(job.report, job.token)
            return engine

        self.problem = ""
        self.job = job = self._runner.start("Loading the weights", work, lane="weights")
        job.succeeded.connect(lambda engine: self._on_loaded(engine, words))
        job.failed.connect(self._on_failed)
        job.ended.connect(lambda: self._on_ended(job))
        self.changed.emit()

    def cancel(self) -> None:
        """Stop the loading; what was in use stays in use."""
        if self.job is not None:
            self.job.cancel()

    def _on_loaded(self, engine: EngineProtocol, words: str) -> None:
        self._engine.replace(engine)
        self._preferences.checkpoint = words
        self._preferences.save()
        self._on_changed()

    def _on_failed(self, sentence: str) -> None:
        self.problem = sentence

    def _on_ended(self, job: Job) -> None:
        if job is self.job:
            self.job = None
            self.changed.emit()
