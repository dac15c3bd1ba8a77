"""An on/off switch, keyboard and mouse."""

from PySide6.QtCore import Property, QEasingCurve, QPropertyAnimation, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QAbstractButton, QWidget


class Switch(QAbstractButton):
    """A check box that looks like what it does; its text is for screen readers."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setCheckable(True)
        self.setAccessibleName(name)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._position = 0.0
        self._slide = QPropertyAnimation(self, b"position", self)
        self._slide.setDuration(120)
        self._slide.setEasingCurve(QEasingCurve.Type.OutCubic)
        self.toggled.connect(self._start_slide)

    def sizeHint(self) -> QSize:
        return QSize(36, 22)

    def _get_position(self) -> float:
        return self._position

    def _set_position(self, value: float) -> None:
        self._position = value
        self.update()

    position = Property(float, _get_position, _set_position)

    def _start_slide(self, on: bool) -> None:
        self._slide.stop()
        self._slide.setEndValue(1.0 if on else 0.0)
        self._slide.start()

    def jump(self) -> None:
        """Be where the state is, without sliding there."""
        self._slide.stop()
        self._set_position(float(self.isChecked()))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        palette = self.palette()
        accent = palette.color(QPalette.ColorRole.Highlight)
        track = QRectF(1, self.height() / 2 - 10, 34, 20)
        off = QColor(palette.color(QPalette.ColorRole.WindowText))
        off.setAlpha(55)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setOpacity(1.0 if self.isEnabled() else 0.4)
        painter.setBrush(accent if self.isChecked() else off)
        painter.drawRoundedRect(track, 10, 10)
        painter.setBrush(
            palette.color(QPalette.ColorRole.HighlightedText)
            if self.isChecked()
            else QColor("white")
        )
        painter.drawEllipse(QRectF(track.x() + 3 + 14 * self._position, track.y() + 3, 14, 14))
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(palette.color(QPalette.ColorRole.WindowText))
            painter.drawRoundedRect(track.adjusted(-0.5, -0.5, 0.5, 0.5), 10.5, 10.5)
