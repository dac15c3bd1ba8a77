"""One result in the filmstrip."""

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QImage,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPalette,
    QPen,
)
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget

from desktop.filmstrip.results import Result

SIDE = 66  # pixels of the picture
LINE = 16  # pixels for the number below it


class Frame(QAbstractButton):
    """A small picture with its number; the shown one has a ring, the compared one a dashed ring.

    Signals:
        restore_wanted, partner_wanted: a click, and one with Ctrl.
        menu_wanted: the right button; where on the screen.
    """

    restore_wanted = Signal()
    partner_wanted = Signal()
    menu_wanted = Signal(object)

    def __init__(self, result: Result, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.result = result
        self._shown = self._partner = False
        self._scaled: QImage | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setText(result.title)
        self.setAccessibleName(f"Result {result.title}")
        self.clicked.connect(self._on_clicked)

    def sizeHint(self) -> QSize:
        return QSize(SIDE + 6, SIDE + LINE + 6)

    def show_state(self, *, shown: bool, partner: bool) -> None:
        """Whether it is in the window, and whether it is compared with what is."""
        self._shown, self._partner = shown, partner
        hint = "in the window" if shown else "click to go back to it, Ctrl + click to compare"
        self.setToolTip(f"{self.result.says}\n{hint}")
        self.update()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.menu_wanted.emit(event.globalPos())

    def _on_clicked(self) -> None:
        held = QApplication.keyboardModifiers()
        if held & Qt.KeyboardModifier.ControlModifier:
            self.partner_wanted.emit()
        else:
            self.restore_wanted.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        palette = self.palette()
        square = QRectF(3, 3, SIDE, SIDE)
        path = QPainterPath()
        path.addRoundedRect(square, 8, 8)
        painter.fillPath(path, palette.color(QPalette.ColorRole.Base))
        if self.result.picture is not None:
            painter.save()
            painter.setClipPath(path)
            painter.drawImage(square, self.result.picture)
            painter.restore()
        accent = palette.color(QPalette.ColorRole.Highlight)
        text = palette.color(QPalette.ColorRole.WindowText)
        if self._shown or self._partner or self.hasFocus() or self.underMouse():
            marked = self._shown or self._partner
            pen = QPen(accent if marked else text, 2.2 if marked else 1.0)
            if self._partner and not self._shown:
                pen.setDashPattern([2.5, 2])
            painter.setPen(pen)
            painter.drawPath(path)
        colour = QColor(
            accent if self._shown else palette.color(QPalette.ColorRole.PlaceholderText)
        )
        painter.setPen(colour)
        font = painter.font()
        font.setPixelSize(11)
        painter.setFont(font)
        line = QRectF(0, SIDE + 4, self.width(), LINE)
        painter.drawText(line, Qt.AlignmentFlag.AlignCenter, self.result.title)
