"""Tools that need one click: fill a region, pick a class."""

from desktop.painting.state import PaintState, Tool
from desktop.painting.tools.tool import CanvasTool, Touch
from inference.face_map.document import EVERYTHING, FaceMapDocument
from inference.face_map.labels import Label
from inference.face_map.regions import class_at, region_at
from inference.face_map.uncovering import Uncovered


class FillTool(CanvasTool):
    """Gives a patch, or all of its class, to the chosen class; with Ctrl to what lies beneath."""

    def __init__(self, document: FaceMapDocument, state: PaintState) -> None:
        self._document, self._state = document, state

    def press(self, touch: Touch) -> None:
        document = self._document
        under = class_at(document.labels, touch.x, touch.y)
        if under is None:
            return
        if under in document.locked:
            self._state.said.emit(f"{Label(under).title} is locked: nothing paints over it.")
            return
        region = region_at(document.labels, touch.x, touch.y, contiguous=self._state.contiguous)
        if touch.erase:
            beneath = Uncovered(document.labels, document.parsed, taken=region)
            document.replace("Erase Region", beneath.under(EVERYTHING), region)
            return
        filled = document.labels.copy()
        filled[region] = self._state.label
        document.replace(f"Fill {Label(self._state.label).title}", filled)
        self._state.said.emit("")


class PickTool(CanvasTool):
    """Chooses the class under the mouse and goes back to the brush."""

    def __init__(self, document: FaceMapDocument, state: PaintState) -> None:
        self._document, self._state = document, state

    def press(self, touch: Touch) -> None:
        pick(self._document, self._state, touch)

    def move(self, touch: Touch) -> None:
        pick(self._document, self._state, touch)

    def release(self, touch: Touch) -> None:
        self._state.set(tool=Tool.BRUSH)


def pick(document: FaceMapDocument, state: PaintState, touch: Touch) -> None:
    """Choose the class under the mouse."""
    under = class_at(document.labels, touch.x, touch.y)
    if under is not None:
        state.set(label=Label(under))
