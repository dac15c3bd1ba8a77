"""Keys that mean something to the tool at hand."""

from PySide6.QtCore import Qt

from desktop.painting.tools.tool import CanvasTool

_ARROWS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}
_FAR = 10  # pixels of the map that an arrow key goes with Shift


def give_key(tool: CanvasTool, key: Qt.Key, *, shift: bool) -> bool:
    """Hand a key to a tool; returns whether it meant something."""
    if key in _ARROWS:
        step = _FAR if shift else 1
        dx, dy = _ARROWS[key]
        return tool.nudge(dx * step, dy * step)
    if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
        return tool.confirm()
    if key == Qt.Key.Key_Backspace:
        return tool.step_back()
    if key == Qt.Key.Key_Escape:
        return tool.cancel()
    return False
