"""The palette: the 19 classes, each with its toggles."""

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QPushButton, QScrollArea, QVBoxLayout, QWidget

from desktop.painting.class_menu import class_menu
from desktop.painting.class_row import ClassRow, ToggleIcons
from desktop.painting.state import PaintState
from desktop.theme import Palette
from desktop.widgets.labels import label as text_label
from desktop.widgets.labels import row
from inference.face_map.document import FaceMapDocument
from inference.face_map.labels import Label

WIDTHS = {"all": 196, "names": 140, "colours": 62}  # pixels, by what there is room for


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
        layout.setContentsMargins(6, 2, 6, 8)
        layout.setSpacing(0)
        for label, class_row in self.rows.items():
            class_row.chosen.connect(lambda label=label: self._choose(label))
            class_row.toggled.connect(lambda what, on, label=label: self.toggle(label, what, on=on))
            class_row.menu_wanted.connect(lambda at, label=label: self._open_menu(label, at))
            layout.addWidget(class_row)
        layout.addStretch(1)
        self._scroll = QScrollArea(self)
        self._scroll.setWidget(inside)
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.clear = QPushButton("Clear")
        self.clear.setObjectName("quiet")
        self.clear.setToolTip("Show every class, lock none and paint over all  (Shift+K)")
        self.clear.clicked.connect(self.free)
        self._title = text_label("CLASSES", "section")
        head = row(self._title, None, self.clear)
        head.setContentsMargins(14, 10, 8, 0)
        head.setFixedHeight(38)
        outside = QVBoxLayout(self)
        outside.setContentsMargins(0, 0, 0, 0)
        outside.setSpacing(2)
        outside.addWidget(head)
        outside.addWidget(self._scroll, 1)
        self._room = "all"
        self._scroll.verticalScrollBar().rangeChanged.connect(self._fit)
        self._fit()
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
        self._fit()
        self._title.setVisible(room != "colours")
        for class_row in self.rows.values():
            class_row.set_room(room)

    def _fit(self) -> None:
        """Be as wide as names and toggles need, in a low window also beside the scroll bar."""
        bar = self._scroll.verticalScrollBar()
        beside = bar.sizeHint().width() if bar.maximum() > 0 and self._room != "colours" else 0
        self.setFixedWidth(WIDTHS[self._room] + beside)

    def set_palette(self, palette: Palette) -> None:
        """Follow the theme."""
        icons = ToggleIcons.of(palette)
        for class_row in self.rows.values():
            class_row.set_icons(icons)

    def toggle(self, label: Label, what: str, *, on: bool) -> None:
        """Show a class or not ("shown"), lock it ("locked"), or paint "only_over" it."""
        if what == "shown":
            hidden = self._state.hidden - {label} if on else self._state.hidden | {label}
            self._state.set(hidden=hidden)
            return
        protected = self._document.locked if what == "locked" else self._document.only_over
        (protected.add if on else protected.discard)(label)
        self.refresh()
        self.protection_changed.emit()

    def is_on(self, label: Label, what: str) -> bool:
        """Whether a class is "shown", "locked", or painted "only_over"."""
        if what == "shown":
            return label not in self._state.hidden
        return label in (self._document.locked if what == "locked" else self._document.only_over)

    @property
    def special(self) -> bool:
        """Whether any class is hidden or protected."""
        document = self._document
        return bool(self._state.hidden or document.locked or document.only_over)

    def free(self) -> None:
        """Show every class, lock none and paint over all."""
        self._document.locked.clear()
        self._document.only_over.clear()
        self._state.set(hidden=frozenset())
        self.refresh()
        self.protection_changed.emit()

    def refresh(self) -> None:
        """Show what is chosen, hidden and protected."""
        state = self._state
        if state.label is not self._revealed and self.isVisible():
            self._reveal(state.label)
        for label, class_row in self.rows.items():
            class_row.choose(on=label == state.label)
            class_row.show_state(
                shown=self.is_on(label, "shown"),
                locked=self.is_on(label, "locked"),
                only_over=self.is_on(label, "only_over"),
            )
        self.clear.setVisible(self.special)

    def _choose(self, label: Label) -> None:
        self._state.set(label=label)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        QTimer.singleShot(0, self, self.refresh)  # when the rows have their places

    def _reveal(self, label: Label) -> None:
        self._revealed = label
        self._scroll.ensureWidgetVisible(self.rows[label], 0, 8)

    def _open_menu(self, label: Label, at: QPoint) -> None:
        class_menu(self, label, self.is_on, self.toggle).popup(at)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        # Rows open their own with the mouse; the menu key means the chosen one.
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            chosen = self.rows[self._state.label]
            self._open_menu(self._state.label, chosen.mapToGlobal(chosen.rect().bottomLeft()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self.take_key(event):
            super().keyPressEvent(event)

    def take_key(self, event: QKeyEvent) -> bool:
        """Go through the classes with Up and Down; returns whether it was one of them."""
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()))
        if step is not None:
            self._choose(Label((self._state.label + step) % len(Label)))
        return step is not None
