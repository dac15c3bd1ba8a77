"""What the window shows before there is a portrait."""

from pathlib import Path

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QIcon,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPalette,
    QPen,
    QPixmap,
)
from PySide6.QtWidgets import QFrame, QPushButton, QVBoxLayout, QWidget

from desktop.icons import icon
from desktop.theme import Palette
from desktop.widgets.labels import label, row

THUMBNAIL = 56  # pixels


class EmptyState(QWidget):
    """A card that takes drops, with Open, Paste and the sample.

    Signals:
        open_wanted, paste_wanted, sample_wanted: the user chose one.
        recent_wanted: a file of the recent ones.
    """

    open_wanted = Signal()
    paste_wanted = Signal()
    sample_wanted = Signal()
    recent_wanted = Signal(object)

    def __init__(self, sample: Path, palette: Palette, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.card = _DropCard()
        centre = Qt.AlignmentFlag.AlignHCenter
        inside = QVBoxLayout(self.card)
        inside.setContentsMargins(48, 44, 48, 40)
        inside.setSpacing(0)
        self._picture = label("")
        inside.addWidget(self._picture, 0, centre)
        inside.addSpacing(18)
        inside.addWidget(label("Drop a portrait here", "hero"), 0, centre)
        inside.addSpacing(6)
        says = label(
            "One photograph becomes a whole 3D head that you can turn and export.", "muted"
        )
        inside.addWidget(says, 0, centre)
        inside.addSpacing(26)
        self.open_button = QPushButton("Open…")
        self.open_button.setProperty("role", "primary")
        self.open_button.clicked.connect(self.open_wanted)
        self.paste_button = QPushButton("Paste")
        self.paste_button.clicked.connect(self.paste_wanted)
        inside.addWidget(row(self.open_button, self.paste_button, spacing=10), 0, centre)
        inside.addSpacing(30)
        self.sample_button = QPushButton("  Try it with the sample")
        self.sample_button.setProperty("role", "card")
        self.sample_button.setIcon(_thumbnail(sample))
        self.sample_button.setIconSize(QSize(THUMBNAIL, THUMBNAIL))
        self.sample_button.clicked.connect(self.sample_wanted)
        inside.addWidget(self.sample_button, 0, centre)
        note = label("Everything stays on this computer.", "small")
        outside = QVBoxLayout(self)
        outside.addStretch(5)
        outside.addWidget(self.card, 0, centre)
        outside.addSpacing(16)
        outside.addWidget(note, 0, centre)
        outside.addStretch(6)
        self.set_palette(palette)

    def set_palette(self, palette: Palette) -> None:
        """Colour the drawing for the theme."""
        drawing = icon("three-quarter", palette.accent, sizes=(64, 128))
        self._picture.setPixmap(drawing.pixmap(QSize(64, 64), self.devicePixelRatio()))

    def set_hot(self, *, on: bool) -> None:
        """A file hovers over the window."""
        self.card.set_hot(on=on)


class _DropCard(QFrame):
    """A rounded card with a dashed edge."""

    def __init__(self) -> None:
        super().__init__()
        self._hot = False
        self.setMinimumWidth(460)

    def set_hot(self, *, on: bool) -> None:
        self._hot = on
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        palette = self.palette()
        fill = QColor(palette.color(QPalette.ColorRole.AlternateBase))
        edge = QColor(palette.color(QPalette.ColorRole.WindowText))
        edge.setAlpha(60)
        if self._hot:
            edge = palette.color(QPalette.ColorRole.Highlight)
            fill = palette.color(QPalette.ColorRole.Base)
        pen = QPen(edge, 2 if self._hot else 1.4)
        pen.setDashPattern([5, 5])
        painter.setPen(pen)
        painter.setBrush(fill)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1.5, 1.5, -1.5, -1.5), 18, 18)


def _thumbnail(path: Path) -> QIcon:
    """The sample's middle with round corners, at twice the size for fine screens."""
    edge = 2 * THUMBNAIL
    source = QPixmap(str(path))
    result = QPixmap(edge, edge)
    result.fill(Qt.GlobalColor.transparent)
    if source.isNull():
        return QIcon(result)
    scaled = source.scaled(
        edge,
        edge,
        Qt.AspectRatioMode.KeepAspectRatioByExpanding,
        Qt.TransformationMode.SmoothTransformation,
    )
    painter = QPainter(result)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    path_ = QPainterPath()
    path_.addRoundedRect(QRectF(0, 0, edge, edge), 14, 14)
    painter.setClipPath(path_)
    painter.drawPixmap((edge - scaled.width()) // 2, 0, scaled)
    painter.end()
    return QIcon(result)
