"""Brush, eraser, restoring and smoothing brush."""

from desktop.painting.state import PaintState, Tool
from desktop.painting.tools.tool import CanvasTool, Touch
from inference.face_map.document import SIZE, FaceMapDocument
from inference.face_map.footprint import Point
from inference.face_map.inks import EraserInk, Ink, LabelInk, RestoreInk, SmoothInk
from inference.face_map.labels import Label
from inference.face_map.stroke import BrushStroke
from inference.face_map.symmetry import symmetry_axis

_TITLES = {
    Tool.BRUSH: "Brush",
    Tool.ERASER: "Erase",
    Tool.RESTORE: "Restore",
    Tool.SMOOTH: "Smooth",
}


class BrushTool(CanvasTool):
    """One press to release is one stroke; Shift starts it at the end of the last."""

    def __init__(self, document: FaceMapDocument, state: PaintState) -> None:
        self._document, self._state = document, state
        self._stroke: BrushStroke | None = None
        self._last: Point | None = None

    @property
    def busy(self) -> bool:
        return self._stroke is not None

    def press(self, touch: Touch) -> None:
        state, document = self._state, self._document
        tool = Tool.ERASER if touch.erase else state.tool
        title = _TITLES[tool]
        document.begin(f"{title} {Label(state.label).title}" if tool is Tool.BRUSH else title)
        axis = symmetry_axis(document.landmarks, SIZE) if state.mirror else None
        self._stroke = BrushStroke(document, self._ink(tool), state.radius, axis)
        if touch.shift and self._last is not None:
            self._stroke.to(*self._last)
        self.move(touch)

    def move(self, touch: Touch) -> None:
        # Undo or a stamp may have ended the stroke under the mouse.
        if self._stroke is not None and self._document.painting:
            self._stroke.to(touch.x, touch.y)
            self._last = touch.x, touch.y

    def release(self, touch: Touch) -> None:
        if self._stroke is None:
            return
        self._stroke = None
        changed = self._document.finish()
        self._state.said.emit(self._why_unseen() if changed else self._why_nothing())

    def cancel(self) -> bool:
        was_painting = self._stroke is not None
        self.drop()
        return was_painting

    def drop(self) -> None:
        self._stroke = None
        self._document.abandon()

    def _ink(self, tool: Tool) -> Ink:
        if tool is Tool.ERASER:
            return EraserInk(self._document)
        if tool is Tool.RESTORE:
            return RestoreInk(self._document)
        if tool is Tool.SMOOTH:
            return SmoothInk(self._document, min(max(self._state.radius / 6, 1.5), 3.5))
        return LabelInk(self._state.label)

    def _why_unseen(self) -> str:
        """A stroke that cannot be seen."""
        label = self._state.label
        unseen = self._state.tool is Tool.BRUSH and label in self._state.hidden
        return f"{label.title} is hidden: click its eye to see what you paint." if unseen else ""

    def _why_nothing(self) -> str:
        """A stroke that did nothing although something was in its way."""
        document = self._document
        if self._last is None:
            return ""
        x, y = int(self._last[0]), int(self._last[1])
        if not (0 <= x < SIZE and 0 <= y < SIZE):
            return ""
        under = Label(int(document.labels[y, x]))
        if under in document.locked:
            return f"{under.title} is locked: nothing paints over it."
        if document.only_over and under not in document.only_over:
            names = ", ".join(label.title for label in sorted(document.only_over))
            return f"Only {names} can be painted over now."
        return ""
