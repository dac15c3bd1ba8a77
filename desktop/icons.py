"""Our own line icons, coloured for the theme."""

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from inference.files import resource_path


def _pixmap(svg: bytes, pixels: int, opacity: float = 1.0) -> QPixmap:
    renderer = QSvgRenderer(QByteArray(svg))
    pixmap = QPixmap(pixels, pixels)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setOpacity(opacity)
    renderer.render(painter, QRectF(0, 0, pixels, pixels))
    painter.end()
    return pixmap


def _coloured(name: str, colour: str) -> bytes:
    svg = resource_path(f"icons/{name}.svg").read_text(encoding="utf-8")
    return svg.replace("currentColor", QColor(colour).name()).encode()


def icon(name: str, colour: str, active: str | None = None) -> QIcon:
    """An icon of resources/icons in a colour.

    Args:
        name: file name without .svg.
        colour: of the lines.
        active: of the lines while checked, by default the same.
    """
    result = QIcon()
    for pixels in (16, 20, 24, 32, 40, 48, 64):
        svg = _coloured(name, colour)
        result.addPixmap(_pixmap(svg, pixels))
        result.addPixmap(_pixmap(svg, pixels, 0.35), QIcon.Mode.Disabled)
        if active:
            checked = _pixmap(_coloured(name, active), pixels)
            result.addPixmap(checked, QIcon.Mode.Normal, QIcon.State.On)
            result.addPixmap(checked, QIcon.Mode.Active, QIcon.State.On)
    return result


def application_icon() -> QIcon:
    """The icon of the program."""
    svg = resource_path("icons/perchead.svg").read_bytes()
    result = QIcon()
    for pixels in (16, 24, 32, 48, 64, 128, 256):
        result.addPixmap(_pixmap(svg, pixels))
    return result
