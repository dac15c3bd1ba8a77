"""What shows where the brush is, what it leaves, and where its mirror stands."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap

from desktop.painting.tools.tool import contrast_pens
from inference.face_map.labels import COLOURS, Label

DOT = 3.0  # radius of the middle, widget pixels


class BrushCursor:
    """A ring that can be seen on anything; its middle has the class's colour."""

    def __init__(self) -> None:
        self._ring: tuple[object, QPixmap] | None = None

    def paint(
        self,
        painter: QPainter,
        centre: QPointF,
        radius: float,
        label: Label | None,
        *,
        faint: bool = False,
    ) -> None:
        """Draw it.

        Args:
            painter: of the canvas.
            centre: widget pixels.
            radius: widget pixels.
            label: what the brush leaves, or None where it is no class.
            faint: for the mirrored brush.
        """
        ring = self._ring_of(radius, painter.device().devicePixelRatio())
        painter.setOpacity(0.5 if faint else 1.0)
        half = ring.deviceIndependentSize() / 2
        painter.drawPixmap((centre - QPointF(half.width(), half.height())).toPoint(), ring)
        painter.setOpacity(1.0)
        if not faint and radius > 2 * DOT:
            painter.setPen(contrast_pens(0.6)[0])
            painter.setBrush(QColor("white") if label is None else QColor(*COLOURS[label].tolist()))
            painter.drawEllipse(centre, DOT, DOT)

    def _ring_of(self, radius: float, ratio: float) -> QPixmap:
        """The ring, drawn once for a size: large ones take Qt milliseconds."""
        key = radius, ratio
        if self._ring is None or self._ring[0] != key:
            edge = 2 * (int(radius) + 4)
            pixmap = QPixmap(QSize(round(edge * ratio), round(edge * ratio)))
            pixmap.setDevicePixelRatio(ratio)
            pixmap.fill(Qt.GlobalColor.transparent)
            painter = QPainter(pixmap)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            for pen in contrast_pens(1.3):
                painter.setPen(pen)
                painter.drawEllipse(QPointF(edge / 2, edge / 2), radius, radius)
            painter.end()
            self._ring = key, pixmap
        return self._ring[1]


def paint_axis(painter: QPainter, within: QRectF, ends: Sequence[QPointF], accent: QColor) -> None:
    """Draw the face's axis of symmetry between two points, inside the map's square."""
    colour = QColor(accent)
    colour.setAlpha(190)
    painter.save()
    painter.setClipRect(within, Qt.ClipOperation.IntersectClip)
    painter.setPen(QPen(colour, 1.2, Qt.PenStyle.DashLine))
    painter.drawLine(ends[0], ends[1])
    painter.restore()
