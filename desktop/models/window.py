"""The window with the list of models."""

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, QUrl
from PySide6.QtGui import QDesktopServices, QShowEvent
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from desktop.models.asking import Asking
from desktop.models.choice_row import FOREGROUND, PARSER, ChoiceRow
from desktop.models.model_row import ModelRow
from desktop.models.shelf import Shelf
from desktop.models.weights import Weights
from desktop.models.weights_row import WeightsRow
from desktop.models.wording import PRIVACY
from desktop.widgets.labels import ElidedLabel, label
from inference.memory import total_memory_bytes

INTRODUCTION = (
    "What is built in makes and edits heads without any of the others. One is fetched from its "
    "publisher only when you press Get and have accepted its licence; nothing is sent but that "
    "request."
)


class ModelsWindow(QDialog):
    """The models under what they are for; work goes on when it is closed.

    Args:
        shelf: the models and the work on them.
        parent: the main window.
        weights: which weights make heads; None leaves no choice.
    """

    def __init__(
        self, shelf: Shelf, parent: QWidget | None = None, weights: Weights | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Models")
        room = self.screen().availableSize() - QSize(40, 80)
        self.resize(QSize(1060, 740).boundedTo(room))
        self.setSizeGripEnabled(True)
        self._shelf, self._memory = shelf, total_memory_bytes()
        self.asking = Asking(self, shelf)
        self.rows: dict[str, ModelRow] = {}
        self.weights = None if weights is None else WeightsRow(weights)
        self.parser = None if weights is None else ChoiceRow(weights, PARSER)
        self.foreground = None if weights is None else ChoiceRow(weights, FOREGROUND)
        self._ends = {
            "Heads": self.weights,
            "Face regions": self.parser,
            "Foreground": self.foreground,
        }
        inside = QWidget()
        self._list = QVBoxLayout(inside)
        self._list.setContentsMargins(26, 18, 26, 22)
        self._list.setSpacing(8)
        self._list.addStretch(1)
        self._scroll = QScrollArea()
        self._scroll.setWidget(inside)
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        head = QVBoxLayout()
        head.setContentsMargins(26, 22, 26, 14)
        head.setSpacing(6)
        head.addWidget(label("Models", "hero"))
        self.privacy = label(PRIVACY, "title")
        head.addWidget(self.privacy)
        head.addWidget(label(INTRODUCTION, "muted", wrap=True))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(head)
        layout.addWidget(_divider())
        layout.addWidget(self._scroll, 1)
        layout.addWidget(_divider())
        layout.addLayout(self._foot())
        shelf.changed.connect(self._on_changed)
        groups = list(dict.fromkeys(entry.group for entry in shelf.models))
        self._coming = sorted(shelf.models, key=lambda entry: groups.index(entry.group))
        self._add_next()

    def _add_next(self) -> None:
        """Add one row; the next one in another turn of the event loop, so that nothing waits."""
        if not self._coming:
            return
        entry = self._coming.pop(0)
        if not self.rows or list(self.rows.values())[-1].entry.group != entry.group:
            heading = label(entry.group.upper(), "section")
            heading.setContentsMargins(0, 14 if self.rows else 0, 0, 0)
            self._insert(heading)
        line = ModelRow(entry, self._shelf, self._memory)
        line.get_wanted.connect(lambda: self.asking.get(entry))
        line.import_wanted.connect(lambda: self.asking.bring(entry, line.import_))
        line.remove_wanted.connect(lambda: self.asking.remove(entry))
        self.rows[entry.id] = line
        self._insert(line)
        ending = not self._coming or self._coming[0].group != entry.group
        choice = self._ends.get(entry.group) if ending else None
        if choice is not None:
            self._insert(choice)
        self._scroll.setMinimumWidth(self._list.minimumSize().width() + 14)  # with its bar
        QTimer.singleShot(0, self, self._add_next)

    def _insert(self, part: QWidget) -> None:
        self._list.insertWidget(self._list.count() - 1, part)  # the last one stretches

    def _foot(self) -> QHBoxLayout:
        store = self._shelf.store
        where = ElidedLabel(f"Kept in {store.root}")
        where.setProperty("role", "small")
        where.setToolTip(f"{store.root}; what other programs keep in {store.shared} is used too")
        reveal = QPushButton("Open the Folder")
        reveal.setAutoDefault(False)
        reveal.clicked.connect(self._open_folder)
        close = QPushButton("Close")
        close.clicked.connect(self.close)
        foot = QHBoxLayout()
        foot.setContentsMargins(26, 12, 26, 18)
        foot.setSpacing(10)
        foot.addWidget(where, 1)
        foot.addWidget(reveal)
        foot.addWidget(close)
        return foot

    def _open_folder(self) -> None:
        root = self._shelf.store.root
        # Nothing makes the folder before something comes into it.
        there = next(folder for folder in (root, *root.parents) if folder.exists())
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(there)))

    def _on_changed(self, model_id: str) -> None:
        if model_id in self.rows:
            self.rows[model_id].refresh()

    # Another program may have changed the files while this window was not looked at.

    def showEvent(self, event: QShowEvent) -> None:
        self._shelf.look()
        super().showEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.ActivationChange and self.isActiveWindow():
            self._shelf.look()
        super().changeEvent(event)


def _divider() -> QFrame:
    line = QFrame()
    line.setObjectName("divider")
    line.setFixedHeight(1)
    return line
