"""Our own line icons, coloured for the theme and drawn when they are first seen."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QByteArray, QLibraryInfo, QRect, QRectF, QSize, Qt, QVersionNumber
from PySide6.QtGui import QColor, QIcon, QIconEngine, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from inference.files import resource_path

SIZES = (16, 20, 32, 40)
"""Pixels: what the window uses, and twice that for fine screens."""

TOGGLE_SIZES = (16, 32)
"""The same for toggles in a row, which are small."""

FAINT = 0.35
"""Opacity of what is disabled."""

ASKED_UNSCALED = QLibraryInfo.version() >= QVersionNumber(6, 8)
"""Before, Qt asked engines of icons for a size in the screen's pixels."""


@dataclass(frozen=True)
class Drawing:
    """One look of an icon.

    Attributes:
        name: file name in resources/icons without .svg.
        colour: of the lines.
        opacity: 0..1.
        mode: what it shows; Qt's style shades it for the others, as it does all icons.
    """

    name: str
    colour: str
    opacity: float = 1.0
    mode: QIcon.Mode = QIcon.Mode.Normal

    def draw(self, pixels: int) -> QPixmap:
        """As a square."""
        svg = resource_path(f"icons/{self.name}.svg").read_text(encoding="utf-8")
        coloured = svg.replace("currentColor", QColor(self.colour).name())
        return _pixmap(QSvgRenderer(QByteArray(coloured.encode())), pixels, self.opacity)


Looks = Callable[[QIcon.Mode, QIcon.State], Drawing]


class DrawnWhenSeen(QIconEngine):
    """Draws only the looks and sizes that are asked for: most icons of a panel have many unseen.

    Args:
        looks: which drawing stands for a mode and a state.
        sizes: pixels to draw at; Qt scales others down.
    """

    def __init__(self, looks: Looks, sizes: tuple[int, ...] = SIZES) -> None:
        super().__init__()
        self._looks, self._sizes = looks, sorted(sizes)
        self._drawn: dict[tuple[Drawing, int], QIcon] = {}

    def clone(self) -> QIconEngine:
        return DrawnWhenSeen(self._looks, tuple(self._sizes))

    def key(self) -> str:
        return "perchead"

    def availableSizes(
        self, mode: QIcon.Mode = QIcon.Mode.Normal, state: QIcon.State = QIcon.State.Off
    ) -> list[QSize]:
        return [QSize(pixels, pixels) for pixels in self._sizes]

    def actualSize(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QSize:
        drawn = self._pixels(size)
        side = min(drawn, size.width(), size.height())
        return QSize(side, side)

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        drawing, pixels = self._looks(mode, state), self._pixels(size)
        drawn = self._drawn.get((drawing, pixels))
        if drawn is None:
            drawn = QIcon()
            drawn.addPixmap(drawing.draw(pixels), drawing.mode)
            self._drawn[drawing, pixels] = drawn
        return drawn.pixmap(size, 1.0, mode)

    def scaledPixmap(
        self, size: QSize, mode: QIcon.Mode, state: QIcon.State, scale: float
    ) -> QPixmap:
        return self.pixmap(size * scale if ASKED_UNSCALED else size, mode, state)

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        ratio = painter.device().devicePixelRatioF()
        painter.drawPixmap(rect, self.pixmap(rect.size() * ratio, mode, state))

    def _pixels(self, size: QSize) -> int:
        """The smallest drawing that is as large as what is asked for, else the largest."""
        area = size.width() * size.height()
        return next((side for side in self._sizes if side * side >= area), self._sizes[-1])


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
    plain = Drawing(name, colour)
    faint = Drawing(name, colour, FAINT, QIcon.Mode.Disabled)
    checked = Drawing(name, active) if active else None

    def looks(mode: QIcon.Mode, state: QIcon.State) -> Drawing:
        if checked is not None and state == QIcon.State.On:
            return checked
        return faint if mode == QIcon.Mode.Disabled else plain

    return QIcon(DrawnWhenSeen(looks, sizes))


def toggle_icon(off: Drawing, under_mouse: Drawing, on: Drawing) -> QIcon:
    """An icon with another picture while it is on, and another look of it under the mouse."""

    def looks(mode: QIcon.Mode, state: QIcon.State) -> Drawing:
        if state == QIcon.State.On:
            return on
        return under_mouse if mode == QIcon.Mode.Active else off

    return QIcon(DrawnWhenSeen(looks, TOGGLE_SIZES))


def application_icon() -> QIcon:
    """The icon of the program."""
    renderer = QSvgRenderer(str(resource_path("icons/perchead.svg")))
    result = QIcon()
    for pixels in (16, 32, 48, 128, 256):
        result.addPixmap(_pixmap(renderer, pixels))
    return result


def _pixmap(renderer: QSvgRenderer, pixels: int, opacity: float = 1.0) -> QPixmap:
    pixmap = QPixmap(pixels, pixels)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setOpacity(opacity)
    renderer.render(painter, QRectF(0, 0, pixels, pixels))
    painter.end()
    return pixmap
