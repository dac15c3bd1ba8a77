"""What every tool answers to."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor, QPainter, QPen

ToWidget = Callable[[float, float], QPointF]


@dataclass(frozen=True)
class Touch:
    """Where the mouse is, and what is held with it.

    Attributes:
        x, y: pixels of the map.
        scale: widget pixels a map pixel.
        erase: Ctrl is held.
        shift: Shift is held.
    """

    x: float
    y: float
    scale: float
    erase: bool = False
    shift: bool = False


class CanvasTool:
    """A tool that does nothing; each real one overrides what it needs."""

    @property
    def busy(self) -> bool:
        """Whether there is something to let go of."""
        return False

    def press(self, touch: Touch) -> None:
        """The left button went down."""

    def move(self, touch: Touch) -> None:
        """The mouse moved with the button down."""

    def release(self, touch: Touch) -> None:
        """The button went up."""

    def hover(self, touch: Touch) -> None:
        """The mouse moved with no button down."""

    def double_click(self, touch: Touch) -> None:
        """The second press of a double click; by default a press."""
        self.press(touch)

    def nudge(self, dx: int, dy: int) -> bool:
        """An arrow key; returns whether it meant something."""
        return False

    def confirm(self) -> bool:
        """Enter; returns whether it meant something."""
        return False

    def step_back(self) -> bool:
        """Backspace; returns whether it meant something."""
        return False

    def cancel(self) -> bool:
        """Esc; returns whether it meant something."""
        return False

    def drop(self) -> None:
        """Another tool is chosen, or the map changed from elsewhere."""

    def paint(self, painter: QPainter, to_widget: ToWidget, accent: QColor) -> None:
        """Draw what belongs to the tool over the map."""


def contrast_pens(width: float = 1.4) -> tuple[QPen, QPen]:
    """A dark and a light pen, one over the other, that can be seen on anything."""
    dark, light = QPen(QColor(0, 0, 0, 140), width + 1.6), QPen(QColor(255, 255, 255, 235), width)
    return dark, light
