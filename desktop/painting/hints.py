"""What a tool can do, in one line under the canvas."""

from collections.abc import Collection

from desktop.painting.state import Tool
from inference.face_map.labels import Label

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

_TOGGLED = {
    ("shown", True): "{} is shown.",
    ("shown", False): "{} is hidden.",
    ("locked", True): "{} is locked: nothing paints over it.",
    ("locked", False): "{} is no longer locked.",
}


def toggled_hint(label: Label, what: str, only_over: Collection[Label], *, on: bool) -> str:
    """What a key did to a class whose toggles may not be in sight."""
    if what != "only_over":
        return _TOGGLED[what, on].format(label.title)
    names = ", ".join(other.title for other in sorted(only_over))
    return f"Only {names} can be painted over now." if names else "All can be painted over again."


def patch_hint(*, contiguous: bool) -> str:
    """What the switch for patches means."""
    extent = "only the clicked patch" if contiguous else "all of the class"
    return f"Fill and Move take {extent}."


def hint_of(tool: Tool) -> str:
    """One line; the rest is in the help sheet."""
    return f"{_HINTS[tool]}.  Wheel zooms,  Space pans"
