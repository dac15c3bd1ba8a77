"""What a tool can do, in one line under the canvas."""

from desktop.painting.state import Tool

_HINTS = {
    Tool.BRUSH: "Drag to paint.  Ctrl erases,  [ and ] size,  Alt + click picks a class",
    Tool.ERASER: "Drag to bring back what lies beneath.  [ and ] size",
    Tool.RESTORE: "Drag to bring back what was parsed from the photograph.  [ and ] size",
    Tool.SMOOTH: "Drag along a border to smooth it.  [ and ] size",
    Tool.FILL: "Click a region to give it the chosen class.  Ctrl takes the region away",
    Tool.LASSO: "Drag around a region, or click the corners of a polygon.  Ctrl erases",
    Tool.MOVE: "Click a region, then drag it or its handles.  Shift keeps its shape",
    Tool.PICK: "Click to choose the class under the mouse",
}


def hint_of(tool: Tool) -> str:
    """One line; the rest is in the help sheet."""
    return f"{_HINTS[tool]}.  Wheel zooms,  Space pans"
