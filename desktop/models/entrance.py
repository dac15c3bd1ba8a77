"""Where the main window meets the models: showing them, and closing while one is on its way."""

import importlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QMessageBox, QWidget

from desktop.workers import Job, JobRunner

if TYPE_CHECKING:  # what few look at must not make every start slower
    from desktop.models.shelf import Shelf
    from desktop.models.weights import Weights
    from desktop.models.window import ModelsWindow
    from inference.catalogue.entries import ModelEntry
    from inference.catalogue.store import ModelStore


class Models:
    """The Models window, made when it is first wanted.

    Args:
        parent: the main window.
        runner: runs the work, and stops it when the application is closed.
        say: tells the user something while the window is closed.
        weights: which weights make heads; None leaves no choice.
        models: the table; None is the published one.
        store: where the files are; None is the user's own place.
    """

    def __init__(
        self,
        parent: QWidget,
        runner: JobRunner,
        say: Callable[[str], None],
        weights: "Weights | None" = None,
        models: "Sequence[ModelEntry] | None" = None,
        store: "ModelStore | None" = None,
    ) -> None:
        self._parent, self._runner, self._say = parent, runner, say
        self._models, self._store, self._weights = models, store, weights
        self._asking = False
        self.shelf: Shelf | None = None
        self.window: ModelsWindow | None = None

    def show(self) -> None:
        """Show the window, in front; the first time its libraries are imported in a worker."""
        if self.window is None:
            job = self._runner.start("Opening the models", _import_catalogue, lane="models")
            job.succeeded.connect(self._make)
        else:
            self.window.show()
            self.window.raise_()
            self.window.activateWindow()

    def _make(self) -> None:
        from desktop.models.shelf import Shelf
        from desktop.models.window import ModelsWindow
        from inference.catalogue.store import default_store
        from inference.catalogue.table import MODELS

        models, store = self._models or MODELS, self._store or default_store()
        self.shelf = Shelf(self._runner, models, store, self._parent)
        self.shelf.finished.connect(self._on_finished)
        self.window = ModelsWindow(self.shelf, self._parent, self._weights)
        self.window.finished.connect(self._on_closed)
        self.show()

    def may_close(self) -> bool:
        """Whether the application may be closed; asks where a model is on its way."""
        if self.shelf is None or not self.shelf.fetching:
            return True
        if self._asking:
            return False
        box = QMessageBox(self._parent)
        box.setWindowTitle("PercHead")
        box.setText(f"{_names(self.shelf.fetching)} on the way to this computer.")
        box.setInformativeText(
            "Closing PercHead stops that. What has arrived stays; Resume goes on from there."
        )
        close = box.addButton("Close Anyway", QMessageBox.ButtonRole.AcceptRole)
        box.setDefaultButton(box.addButton("Stay", QMessageBox.ButtonRole.RejectRole))
        self._asking = True
        box.exec()
        self._asking = False
        return box.clickedButton() is close or not self.shelf.fetching

    def _on_closed(self) -> None:
        if self.shelf is not None and self.shelf.fetching:
            self._say(f"{_names(self.shelf.fetching)} still on the way: see File, Models.")

    def _on_finished(self, model_id: str) -> None:
        if self.window is not None and not self.window.isVisible():
            self._say(f"{model_id} is on this computer now.")


def _import_catalogue(job: Job) -> None:
    for name in ("inference.catalogue.store", "inference.catalogue.table", "psutil"):
        importlib.import_module(name)


def _names(ids: list[str]) -> str:
    return f"{' and '.join(ids)} {'is' if len(ids) == 1 else 'are'}"
