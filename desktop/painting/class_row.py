"""One class of the palette: colour, name, and what is shown, locked, painted over."""

from dataclasses import dataclass

from PySide6.QtCore import QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QIcon,
    QMouseEvent,
    QPainter,
    QPaintEvent,
)
from PySide6.QtWidgets import QFrame, QHBoxLayout, QToolButton, QWidget

from desktop.icons import FAINT, Drawing, toggle_icon
from desktop.theme import Palette
from desktop.widgets.labels import ElidedLabel
from inference.face_map.labels import COLOURS, Label

TOGGLE = QSize(20, 22)  # pixels; three of them leave room for every name


class Swatch(QWidget):
    """A rounded square in a class's colour."""

    def __init__(self, label: Label) -> None:
        super().__init__()
        self._colour = QColor(*COLOURS[label].tolist())
        self.setFixedSize(18, 18)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rim = self.palette().windowText().color()
        rim.setAlpha(70)
        painter.setPen(rim)
        painter.setBrush(self._colour)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1.5, 1.5, -1.5, -1.5), 4.5, 4.5)


@dataclass(frozen=True)
class ToggleIcons:
    """The icons of a row's toggles: quiet as usual, in the accent where something is special.

    All rows share them, so that each is drawn once.
    """

    only_over: QIcon
    lock: QIcon
    eye: QIcon

    @classmethod
    def of(cls, palette: Palette) -> "ToggleIcons":
        """Those of a theme."""
        muted, accent = palette.muted, palette.accent
        return cls(
            _toggle_icon("only-over", "only-over", muted, accent, FAINT),
            _toggle_icon("lock-open", "lock", muted, accent, FAINT),
            _toggle_icon("eye-off", "eye", accent, muted, 1.0),
        )


class ClassRow(QFrame):
    """A row that is clicked to choose the class; its toggles show what differs from usual.

    Signals:
        chosen: the row was clicked.
        toggled: one of "shown", "locked", "only_over" is now on or off.
        menu_wanted: it was right-clicked at this point of the screen.
    """

    chosen = Signal()
    toggled = Signal(str, bool)
    menu_wanted = Signal(QPoint)

    def __init__(self, label: Label, icons: ToggleIcons) -> None:
        super().__init__()
        self.setObjectName("class_row")
        self.label = label
        self.name = ElidedLabel(label.title, Qt.TextElideMode.ElideRight)
        self._tip = ""
        if label.name.startswith(("RIGHT", "LEFT")):
            side = "right" if label.name.startswith("RIGHT") else "left"
            self._tip = f"{label.title}: the person's own {side}"
        self.setToolTip(self._tip)
        self.only_over = self._toggle("only_over", f"Paint only over {label.title}")
        self.lock = self._toggle("locked", f"Lock {label.title}: nothing paints over it")
        self.eye = self._toggle("shown", f"Show or hide {label.title}")
        self.eye.setChecked(True)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(6, 2, 2, 2)
        layout.setSpacing(0)
        layout.addWidget(Swatch(label))
        layout.addSpacing(8)
        layout.addWidget(self.name, 1)
        for button in (self.only_over, self.lock, self.eye):
            layout.addWidget(button)
        self.setAccessibleName(label.title)
        self.set_icons(icons)

    def _toggle(self, what: str, tip: str) -> QToolButton:
        button = QToolButton()
        button.setCheckable(True)
        button.setObjectName("class_toggle")
        button.setIconSize(QSize(16, 16))
        button.setFixedSize(TOGGLE)
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.toggled.connect(lambda on: self.toggled.emit(what, on))
        return button

    def set_icons(self, icons: ToggleIcons) -> None:
        """Follow the theme."""
        self.only_over.setIcon(icons.only_over)
        self.lock.setIcon(icons.lock)
        self.eye.setIcon(icons.eye)

    def set_room(self, room: str) -> None:
        """Show "all", only the "names", or only "colours", whose tool tips say the names."""
        self.name.setVisible(room != "colours")
        for button in (self.only_over, self.lock, self.eye):
            button.setVisible(room == "all")
        self.setToolTip(self._tip or (self.label.title if room == "colours" else ""))

    def choose(self, *, on: bool) -> None:
        """Whether this is the class that is painted."""
        if self.property("chosen") != on:
            self.setProperty("chosen", on)
            self.style().unpolish(self)
            self.style().polish(self)

    def show_state(self, *, shown: bool, locked: bool, only_over: bool) -> None:
        """Set the toggles without telling anybody."""
        for button, on in ((self.eye, shown), (self.lock, locked), (self.only_over, only_over)):
            button.blockSignals(True)
            button.setChecked(on)
            button.blockSignals(False)
        self.name.setEnabled(shown)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.chosen.emit()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.menu_wanted.emit(event.globalPos())


def _toggle_icon(off: str, on: str, off_colour: str, on_colour: str, opacity: float) -> QIcon:
    """One that is fainter while it is off and nobody points at it."""
    quiet = Drawing(off, off_colour, opacity)
    return toggle_icon(quiet, Drawing(off, off_colour), Drawing(on, on_colour))
