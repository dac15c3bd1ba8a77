"""Our own line icons, coloured for the theme."""

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from inference.files import resource_path

SIZES = (16, 20, 32, 40)
"""Pixels: what the window uses, and twice that for fine screens."""


def _pixmap(renderer: QSvgRenderer, pixels: int, opacity: float = 1.0) -> QPixmap:
    pixmap = QPixmap(pixels, pixels)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setOpacity(opacity)
    renderer.render(painter, QRectF(0, 0, pixels, pixels))
    painter.end()
    return pixmap


def _coloured(svg: str, colour: str) -> QSvgRenderer:
    return QSvgRenderer(QByteArray(svg.replace("currentColor", QColor(colour).name()).encode()))


def icon(
    name: str, colour: str, active: str | None = None, sizes: tuple[int, ...] = SIZES
) -> QIcon:
    """An icon of resources/icons in a colour.

    Args:
        name: file name without .svg.
        colour: of the lines.
        active: of the lines while checked, by default the same.
        sizes: pixels to draw it at; Qt scales others down.
    """
    svg = resource_path(f"icons/{name}.svg").read_text(encoding="utf-8")
    plain = _coloured(svg, colour)
    checked = _coloured(svg, active) if active else None
    result = QIcon()
    for pixels in sizes:
        result.addPixmap(_pixmap(plain, pixels))
        result.addPixmap(_pixmap(plain, pixels, 0.35), QIcon.Mode.Disabled)
        if checked is not None:
            on = _pixmap(checked, pixels)
            result.addPixmap(on, QIcon.Mode.Normal, QIcon.State.On)
            result.addPixmap(on, QIcon.Mode.Active, QIcon.State.On)
    return result


def application_icon() -> QIcon:
    """The icon of the program."""
    renderer = QSvgRenderer(str(resource_path("icons/perchead.svg")))
    result = QIcon()
    for pixels in (16, 32, 48, 128, 256):
        result.addPixmap(_pixmap(renderer, pixels))
    return result
