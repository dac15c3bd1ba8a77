"""What stands in the middle while the first head is being made."""

from PySide6.QtCore import QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from desktop.widgets.labels import label

SIDE = 168  # edge of the portrait's disc in pixels


class ProgressDisc(QWidget):
    """The portrait in a disc with a ring that fills; it turns while the fraction is unknown."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image: QImage | None = None
        self._fraction = 0.0
        self._turn = 0
        self._timer = QTimer(self)
        self._timer.setInterval(40)
        self._timer.timeout.connect(self._on_turn)

    def sizeHint(self) -> QSize:
        return QSize(SIDE, SIDE)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def set_image(self, image: QImage | None) -> None:
        """Show the crop, or a plain disc."""
        self._image = image
        self.update()

    def set_fraction(self, fraction: float) -> None:
        """Fill the ring."""
        self._fraction = fraction
        self.update()

    def showEvent(self, event: object) -> None:
        self._timer.start()

    def hideEvent(self, event: object) -> None:
        self._timer.stop()

    def _on_turn(self) -> None:
        if self._fraction <= 0:
            self._turn = (self._turn + 8) % 360
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        ring = QRectF(2, 2, SIDE - 4, SIDE - 4)
        disc = ring.adjusted(9, 9, -9, -9)
        text = self.palette().color(QPalette.ColorRole.WindowText)
        path = QPainterPath()
        path.addEllipse(disc)
        painter.save()
        painter.setClipPath(path)
        faint = QColor(text)
        faint.setAlpha(22)
        painter.fillRect(disc, faint)
        if self._image is not None:
            painter.setOpacity(0.85)
            painter.drawImage(disc, self._image)
        painter.restore()
        faint.setAlpha(40)
        painter.setPen(QPen(faint, 4))
        painter.drawEllipse(ring)
        pen = QPen(self.palette().color(QPalette.ColorRole.Highlight), 4)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        if self._fraction > 0:
            painter.drawArc(ring, 90 * 16, round(-360 * 16 * min(self._fraction, 1.0)))
        else:
            painter.drawArc(ring, (90 - self._turn) * 16, -70 * 16)


class ProgressCard(QWidget):
    """The disc, the stage and a Cancel button."""

    cancelled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.disc = ProgressDisc()
        self._stage = label("", "title")
        self._stage.setAlignment(Qt.AlignmentFlag.AlignCenter)
        cancel = QPushButton("Cancel")
        cancel.setToolTip("Stop  (Esc)")
        cancel.clicked.connect(self.cancelled)
        layout = QVBoxLayout(self)
        layout.setSpacing(16)
        centre = Qt.AlignmentFlag.AlignHCenter
        layout.addWidget(self.disc, 0, centre)
        layout.addWidget(self._stage)
        layout.addWidget(cancel, 0, centre)
        self.setMinimumWidth(320)

    def show_progress(self, stage: str, fraction: float) -> None:
        """Tell the stage."""
        self._stage.setText(f"{stage}…")
        self.disc.set_fraction(fraction)
