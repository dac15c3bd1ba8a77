"""What is asked before a model's files are touched: licence, file, and whether to remove."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QMenu, QMessageBox, QWidget

from desktop.models.licence_sheet import LicenceSheet
from desktop.models.shelf import Shelf
from inference.catalogue.entries import ModelEntry
from inference.catalogue.wording import size_text


class Asking:
    """Asks, then lets the shelf do it; nothing here waits for an answer but the file dialogs."""

    def __init__(self, window: QWidget, shelf: Shelf) -> None:
        self._window, self._shelf = window, shelf

    def get(self, entry: ModelEntry) -> None:
        """Fetch a model, its licence first."""
        self._after_licence(entry, "Get", lambda: self._shelf.get(entry))

    def bring(self, entry: ModelEntry, button: QWidget) -> None:
        """Import a model: its licence first, then which file or folder."""
        self._after_licence(entry, "Import", lambda: self._ask_source(entry, button))

    def remove(self, entry: ModelEntry) -> None:
        """Delete our copy, if that is really wanted."""
        place = self._shelf.places.get(entry.id)
        size = f" {size_text(place.arrived)} become free." if place else ""
        how = "Get it again" if entry.can_be_fetched else "Import it again"
        box = QMessageBox(self._window)
        box.setWindowTitle("Remove a Model")
        box.setIcon(QMessageBox.Icon.NoIcon)
        box.setText(f"Remove {entry.id} from this computer?")
        box.setInformativeText(f"{size} {how} whenever you like.".strip())
        remove = box.addButton("Remove", QMessageBox.ButtonRole.AcceptRole)
        box.setDefaultButton(box.addButton("Keep", QMessageBox.ButtonRole.RejectRole))
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.buttonClicked.connect(
            lambda pressed: self._shelf.remove(entry) if pressed is remove else None
        )
        box.open()

    def _after_licence(self, entry: ModelEntry, verb: str, then: Callable[[], None]) -> None:
        place = self._shelf.places.get(entry.id)
        if place is not None and place.accepted:
            then()
            return
        sheet = LicenceSheet(entry, verb, self._window)
        sheet.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        sheet.accepted.connect(then)
        sheet.open()

    def _ask_source(self, entry: ModelEntry, button: QWidget) -> None:
        if len(entry.files) == 1:
            self._ask_file(entry)
            return
        menu = QMenu(button)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction("The Folder with Its Files…", lambda: self._ask_folder(entry))
        menu.addAction("One of Its Files…", lambda: self._ask_file(entry))
        menu.popup(button.mapToGlobal(button.rect().bottomLeft()))

    def _ask_file(self, entry: ModelEntry) -> None:
        chosen, _ = QFileDialog.getOpenFileName(
            self._window, f"Import {entry.id}", str(Path.home())
        )
        if chosen:
            self._shelf.bring(entry, Path(chosen))

    def _ask_folder(self, entry: ModelEntry) -> None:
        chosen = QFileDialog.getExistingDirectory(
            self._window, f"Import {entry.id}", str(Path.home())
        )
        if chosen:
            self._shelf.bring(entry, Path(chosen))
