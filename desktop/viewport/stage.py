"""Paints what lies behind and before the head: gradient, colour, checkerboard, slider."""

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QImage, QLinearGradient, QPainter, QPen, QPixmap

from desktop.theme import Palette
from inference.rendering.protocol import Background

CHECKER = 12  # edge of a square in pixels
HANDLE = 17.0  # radius of the slider's handle in pixels


def _checker(palette: Palette) -> QBrush:
    light = ("#d9d9d9", "#f4f4f4") if palette.name == "light" else ("#3a3a3e", "#2c2c30")
    tile = QPixmap(2 * CHECKER, 2 * CHECKER)
    tile.fill(QColor(light[0]))
    painter = QPainter(tile)
    painter.fillRect(0, 0, CHECKER, CHECKER, QColor(light[1]))
    painter.fillRect(CHECKER, CHECKER, CHECKER, CHECKER, QColor(light[1]))
    painter.end()
    return QBrush(tile)


def paint_background(
    painter: QPainter, area: QRectF, background: Background | str | None, palette: Palette
) -> None:
    """Fill the area: "theme" is a quiet gradient, None the checkerboard, else a colour."""
    if background is None:
        painter.fillRect(area, _checker(palette))
    elif isinstance(background, str):
        gradient = QLinearGradient(area.topLeft(), area.bottomLeft())
        gradient.setColorAt(0, QColor(palette.stage_top))
        gradient.setColorAt(1, QColor(palette.stage_bottom))
        painter.fillRect(area, gradient)
    else:
        painter.fillRect(area, QColor.fromRgbF(*background))


def paint_comparison(
    painter: QPainter, area: QRectF, square: QRectF, photograph: QImage, split: float
) -> None:
    """The photograph left of the slider, the head right of it.

    Args:
        painter: on the view.
        area: the whole view.
        square: where the photograph's crop lies in it.
        photograph: the crop.
        split: x of the slider in the view.
    """
    painter.save()
    painter.setClipRect(QRectF(area.left(), area.top(), split - area.left(), area.height()))
    painter.drawImage(square, photograph)
    painter.restore()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(0, 0, 0, 70), 3))
    painter.drawLine(QPointF(split, square.top()), QPointF(split, square.bottom()))
    painter.setPen(QPen(QColor("white"), 1.5))
    painter.drawLine(QPointF(split, square.top()), QPointF(split, square.bottom()))
    middle = QPointF(split, square.center().y())
    painter.setPen(QPen(QColor(0, 0, 0, 60), 1))
    painter.setBrush(QColor("white"))
    painter.drawEllipse(middle, HANDLE, HANDLE)
    pen = QPen(QColor("#3a3a3e"), 2)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    for side in (-1, 1):
        tip = middle + QPointF(side * 9, 0)
        painter.drawPolyline(
            [tip + QPointF(-side * 4.5, -4.5), tip, tip + QPointF(-side * 4.5, 4.5)]
        )


def paint_caption(painter: QPainter, corner: QPointF, text: str, *, right: bool) -> None:
    """A small white word on a dark pill, hanging from its top corner."""
    metrics = painter.fontMetrics()
    width = metrics.horizontalAdvance(text) + 18
    left = corner.x() - width if right else corner.x()
    pill = QRectF(left, corner.y(), width, metrics.height() + 8)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(0, 0, 0, 120))
    painter.drawRoundedRect(pill, pill.height() / 2, pill.height() / 2)
    painter.setPen(QColor("white"))
    painter.drawText(pill, Qt.AlignmentFlag.AlignCenter, text)
