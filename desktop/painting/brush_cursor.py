"""What shows where the brush is, what it leaves, and where its mirror stands."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from desktop.painting.tools.tool import contrast_pens
from inference.face_map.labels import COLOURS, Label

DOT = 3.0  # radius of the middle, widget pixels


def paint_brush(
    painter: QPainter, centre: QPointF, radius: float, label: Label | None, *, faint: bool = False
) -> None:
    """Draw a ring that can be seen on anything; its middle has the class's colour.

    Args:
        painter: of the canvas.
        centre: widget pixels.
        radius: widget pixels.
        label: what the brush leaves, or None where it is no class.
        faint: for the mirrored brush.
    """
    painter.save()
    painter.setOpacity(0.5 if faint else 1.0)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for pen in contrast_pens(1.3):
        painter.setPen(pen)
        painter.drawEllipse(centre, radius, radius)
    if not faint and radius > 2 * DOT:
        painter.setPen(contrast_pens(0.6)[0])
        painter.setBrush(QColor("white") if label is None else QColor(*COLOURS[label].tolist()))
        painter.drawEllipse(centre, DOT, DOT)
    painter.restore()


def paint_axis(painter: QPainter, within: QRectF, ends: Sequence[QPointF], accent: QColor) -> None:
    """Draw the face's axis of symmetry between two points, inside the map's square."""
    colour = QColor(accent)
    colour.setAlpha(190)
    painter.save()
    painter.setClipRect(within, Qt.ClipOperation.IntersectClip)
    painter.setPen(QPen(colour, 1.2, Qt.PenStyle.DashLine))
    painter.drawLine(ends[0], ends[1])
    painter.restore()
