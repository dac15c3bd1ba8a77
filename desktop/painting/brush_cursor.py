"""The ring that shows where the brush is and what it leaves."""

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter

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
