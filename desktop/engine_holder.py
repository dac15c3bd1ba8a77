"""Makes the engine once, in whichever worker needs it first."""

import gc
import threading
from collections.abc import Callable
from pathlib import Path

from desktop.preferences import Choices
from inference.engine_protocol import EditingEngineProtocol, EngineProtocol
from inference.errors import InvalidModelError, UsageError
from inference.progress import CancelToken, Progress

EngineFactory = Callable[[], EngineProtocol]


def default_engine() -> EngineProtocol:
    """The real engine; importing it brings torch, so only workers call this."""
    from inference.engine import Engine

    return Engine()


def engine_with(choices: Choices) -> EngineProtocol:
    """The real engine with the user's choices; for workers alone, like default_engine.

    Raises:
        InvalidModelError: the checkpoint is missing or is none.
        UsageError: there is no such parser or foreground.
    """
    from inference.engine import Engine

    if not choices.checkpoint:
        return Engine(parser=choices.parser, foreground=choices.foreground)
    from inference.model.checkpoint import read_info

    path = Path(choices.checkpoint)
    preset = read_info(path).preset
    return Engine(preset, path, parser=choices.parser, foreground=choices.foreground)


def remembered_engine(choices: Choices) -> EngineProtocol:
    """As engine_with, for choices of long ago; its errors say where others are made."""
    try:
        return engine_with(choices)
    except InvalidModelError as error:
        words = "Which weights make heads is chosen in File, Models."
        raise InvalidModelError(f"{error} {words}") from error


def can_edit(engine: EngineProtocol) -> bool:
    """Whether it reads face maps and makes heads from them."""
    calls = ("parse", "style_of_portrait", "style_of_text", "edit", "prepare_edits")
    return all(hasattr(engine, name) for name in calls)


def editing_engine(engine: EngineProtocol) -> EditingEngineProtocol:
    """The engine as one that edits.

    Raises:
        UsageError: it does not.
    """
    if not can_edit(engine):
        raise UsageError("This model makes heads but cannot edit them: choose another model.")
    return engine  # type: ignore[return-value]


class EngineHolder:
    """Hands the engine out with its models loaded; safe from any thread."""

    def __init__(self, factory: EngineFactory = default_engine) -> None:
        self._factory = factory
        self._lock = threading.Lock()
        self._engine: EngineProtocol | None = None

    def replace(self, engine: EngineProtocol) -> None:
        """From now on hand out this engine, whose models are loaded."""
        with self._lock:
            self._engine = engine

    def get(self, progress: Progress, cancel: CancelToken) -> EngineProtocol:
        """The engine, after its models are in memory; the first caller loads them.

        Raises:
            Cancelled: the token was set, also while another thread is loading.
            InvalidModelError: the models cannot be loaded.
        """
        while not self._lock.acquire(timeout=0.05):
            cancel.check()
            progress("Loading the models", 0.0)
        try:
            if self._engine is None:
                progress("Loading the models", 0.0)
                engine = self._factory()
                cancel.check()
                engine.load_models(progress, cancel)
                gc.freeze()  # models stay: no collection, which stops the window, looks at them
                self._engine = engine
            return self._engine
        finally:
            self._lock.release()
