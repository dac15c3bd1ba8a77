"""Which networks make the heads: the built-in ones, or those that the user chose."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from desktop.engine_holder import EngineHolder, engine_with
from desktop.preferences import Choices, Preferences
from desktop.workers import Job, JobRunner
from inference.engine_protocol import EngineProtocol


class Weights(QObject):
    """The choices, and changing them; the old ones stay in use until the new ones are loaded.

    Args:
        runner: runs the loading.
        engine: what hands the engine out.
        preferences: remember the choices.
        on_changed: called when others make the heads.
        make: makes an engine from choices, in a worker.

    Signals:
        changed: a choice, the loading or its problem is another.

    Attributes:
        job: the loading that is going on, or None.
        problem: why the last choice could not be used, or "".
        changing: which field of Choices that last choice was about, or "".
    """

    changed = Signal()

    def __init__(
        self,
        runner: JobRunner,
        engine: EngineHolder,
        preferences: Preferences,
        on_changed: Callable[[], None],
        make: Callable[[Choices], EngineProtocol] = engine_with,
    ) -> None:
        super().__init__()
        self._runner, self._engine, self._preferences = runner, engine, preferences
        self._on_changed, self._make = on_changed, make
        self.job: Job | None = None
        self.problem = ""
        self.changing = ""

    @property
    def choices(self) -> Choices:
        """What is in use."""
        return self._preferences.choices

    @property
    def file(self) -> Path | None:
        """The checkpoint in use; None for the built-in weights."""
        return Path(self.choices.checkpoint) if self.choices.checkpoint else None

    def use(self, file: Path | None) -> None:
        """Make heads with this checkpoint from now on, or with the built-in weights."""
        self.choose("checkpoint", str(file.absolute()) if file else "")

    def choose(self, field: str, value: str) -> None:
        """Use another value of a field of Choices from now on."""
        choices = replace(self.choices, **{field: value})
        self.changing = field

        def work(job: Job) -> EngineProtocol:
            engine = self._make(choices)
            engine.load_models(job.report, job.token)
            if field == "parser":  # else the first face that is read does it
                _load_parser(engine)
            return engine

        self.problem = ""
        self.job = job = self._runner.start("Loading the weights", work, lane="weights")
        job.succeeded.connect(lambda engine: self._on_loaded(engine, choices))
        job.failed.connect(self._on_failed)
        job.ended.connect(lambda: self._on_ended(job))
        self.changed.emit()

    def cancel(self) -> None:
        """Stop the loading; what was in use stays in use."""
        if self.job is not None:
            self.job.cancel()

    def _on_loaded(self, engine: EngineProtocol, choices: Choices) -> None:
        self._engine.replace(engine)
        self._preferences.choices = choices
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
