"""The row that says where an export goes."""

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QLineEdit, QPushButton, QVBoxLayout, QWidget

from desktop.widgets.labels import label, row


class PathRow(QWidget):
    """A file name, a Browse button and what is to be said about them."""

    changed = Signal()

    def __init__(self, path: Path, filters: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._filters = filters
        self._suffixes = [
            part.strip("*) ") for part in filters.replace("(", " ").split() if part.startswith("*.")
        ]
        self.edit = QLineEdit(str(path))
        self.edit.setMinimumWidth(300)
        self.edit.setAccessibleName("File")
        browse = QPushButton("Browse…")
        browse.setAutoDefault(False)
        browse.clicked.connect(self._browse)
        self._note = label("", "small")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(5)
        layout.addWidget(row(self.edit, browse))
        layout.addWidget(self._note)
        self.edit.textChanged.connect(self._on_changed)
        self._on_changed()

    @property
    def path(self) -> Path | None:
        """The file, with a suffix; None where nothing sensible was typed."""
        text = self.edit.text().strip()
        if not text:
            return None
        path = Path(text).expanduser()
        if path.is_dir() or not path.name:
            return None
        if path.suffix.lower() not in self._suffixes:
            path = path.with_name(path.name + self._suffixes[0])
        return path

    def _on_changed(self) -> None:
        path = self.path
        if path is None:
            self._note.setText("Type a file name, or browse for one.")
        elif path.exists():
            self._note.setText("This file exists and will be replaced.")
        else:
            self._note.setText(" ")
        self.changed.emit()

    def _browse(self) -> None:
        chosen, _ = QFileDialog.getSaveFileName(self, "Export to", self.edit.text(), self._filters)
        if chosen:
            self.edit.setText(chosen)
