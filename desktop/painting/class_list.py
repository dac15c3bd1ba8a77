"""The palette: the 19 classes, each with its toggles."""

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QPushButton, QScrollArea, QVBoxLayout, QWidget

from desktop.painting.class_row import ClassRow, ToggleIcons
from desktop.painting.state import PaintState
from desktop.theme import Palette
from desktop.widgets.labels import label as text_label
from desktop.widgets.labels import row
from inference.face_map.document import FaceMapDocument
from inference.face_map.labels import Label

WIDTHS = {"all": 236, "names": 140, "colours": 62}  # pixels, by what there is room for


class ClassList(QFrame):
    """Chooses the class and protects classes; keys Up and Down go through them.

    Signals:
        protection_changed: locks or "paint only over" are different.
    """

    protection_changed = Signal()

    def __init__(
        self,
        document: FaceMapDocument,
        state: PaintState,
        palette: Palette,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.setProperty("edge", "right")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName("Classes")
        self._document, self._state = document, state
        self._revealed: Label | None = None
        icons = ToggleIcons.of(palette)
        self.rows = {label: ClassRow(label, icons) for label in Label}
        inside = QWidget()
        layout = QVBoxLayout(inside)
        layout.setContentsMargins(8, 2, 8, 8)
        layout.setSpacing(0)
        for label, class_row in self.rows.items():
            class_row.chosen.connect(lambda label=label: self._choose(label))
            class_row.toggled.connect(
                lambda what, on, label=label: self._toggle(label, what, on=on)
            )
            layout.addWidget(class_row)
        layout.addStretch(1)
        self._scroll = QScrollArea(self)
        self._scroll.setWidget(inside)
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.clear = QPushButton("Clear")
        self.clear.setObjectName("quiet")
        self.clear.setToolTip("Show every class, lock none and paint over all")
        self.clear.clicked.connect(self._on_clear)
        self._title = text_label("CLASSES", "section")
        head = row(self._title, None, self.clear)
        head.setContentsMargins(16, 10, 12, 0)
        head.setFixedHeight(38)
        outside = QVBoxLayout(self)
        outside.setContentsMargins(0, 0, 0, 0)
        outside.setSpacing(2)
        outside.addWidget(head)
        outside.addWidget(self._scroll, 1)
        self._room = "all"
        self.setFixedWidth(WIDTHS[self._room])
        state.changed.connect(self.refresh)
        self.refresh()

    def set_document(self, document: FaceMapDocument) -> None:
        """Protect the classes of another document."""
        self._document = document
        self.refresh()

    def set_room(self, room: str) -> None:
        """Show "all", only "names", or only "colours", which a tool tip names."""
        if room == self._room:
            return
        self._room = room
        self.setFixedWidth(WIDTHS[room])
        self._title.setVisible(room != "colours")
        for class_row in self.rows.values():
            class_row.set_room(room)

    def set_palette(self, palette: Palette) -> None:
        """Follow the theme."""
        icons = ToggleIcons.of(palette)
        for class_row in self.rows.values():
            class_row.set_icons(icons)

    def refresh(self) -> None:
        """Show what is chosen, hidden and protected."""
        document, state = self._document, self._state
        if state.label is not self._revealed and self.isVisible():
            self._reveal(state.label)
        for label, class_row in self.rows.items():
            class_row.choose(on=label == state.label)
            class_row.show_state(
                shown=label not in state.hidden,
                locked=label in document.locked,
                only_over=label in document.only_over,
            )
        self.clear.setVisible(bool(state.hidden or document.locked or document.only_over))

    def _choose(self, label: Label) -> None:
        self._state.set(label=label)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        QTimer.singleShot(0, self, self.refresh)  # when the rows have their places

    def _reveal(self, label: Label) -> None:
        self._revealed = label
        self._scroll.ensureWidgetVisible(self.rows[label], 0, 8)

    def _toggle(self, label: Label, what: str, *, on: bool) -> None:
        if what == "shown":
            hidden = self._state.hidden - {label} if on else self._state.hidden | {label}
            self._state.set(hidden=hidden)
            return
        protected = self._document.locked if what == "locked" else self._document.only_over
        (protected.add if on else protected.discard)(label)
        self.refresh()
        self.protection_changed.emit()

    def _on_clear(self) -> None:
        self._document.locked.clear()
        self._document.only_over.clear()
        self._state.set(hidden=frozenset())
        self.refresh()
        self.protection_changed.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
            return
        self._choose(Label((self._state.label + step) % len(Label)))
