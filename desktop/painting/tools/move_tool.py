"""Moving and scaling a region: a box with handles around what was clicked."""

from dataclasses import dataclass, replace
from math import hypot

import numpy as np
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QPainter, QPen

from desktop.painting.state import PaintState
from desktop.painting.tools.tool import CanvasTool, Touch, ToWidget, contrast_pens
from inference.face_map.document import FaceMapDocument
from inference.face_map.floating import SMALLEST, FloatingRegion, Placement
from inference.face_map.labels import ByteArray, Label
from inference.face_map.regions import class_at, region_at

CATCH = 10.0  # widget pixels around a handle that hold it
HANDLES = ((-1, -1), (0, -1), (1, -1), (1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0))


@dataclass(frozen=True)
class _Drag:
    """What is held: a handle (signs of its side) or the inside (0, 0); where; what was."""

    handle: tuple[int, int]
    x: float
    y: float
    start: Placement


class MoveTool(CanvasTool):
    """The first press lifts a region; each drag is one step of undo; Esc lets go."""

    def __init__(self, document: FaceMapDocument, state: PaintState) -> None:
        self._document, self._state = document, state
        self._region: FloatingRegion | None = None
        self._placement = Placement()
        self._drag: _Drag | None = None
        self._expected: ByteArray | None = None
        self._lifted_from = document.labels
        self._protected = np.zeros(document.labels.shape, bool)

    @property
    def busy(self) -> bool:
        return self._region is not None

    def press(self, touch: Touch) -> None:
        if self._region is not None and not self._is_current():
            self.drop()
        handle = self._handle_at(touch)
        if handle is None and not self._inside(touch):
            self._lift(touch)
        if self._region is not None:
            self._drag = _Drag(handle or (0, 0), touch.x, touch.y, self._placement)
            self._document.begin("Move and Scale")

    def move(self, touch: Touch) -> None:
        drag, region = self._drag, self._region
        # Undo or a stamp may have ended the drag under the mouse.
        if drag is None or region is None or not self._document.painting:
            return
        self._placement = self._dragged(drag, touch)
        self._show(region)

    def release(self, touch: Touch) -> None:
        if self._drag is None:
            return
        self._drag = None
        self._document.finish()
        self._expected = self._document.labels.copy()

    def nudge(self, dx: int, dy: int) -> bool:
        region = self._region
        if region is None or not self._is_current():
            return False
        self._placement = replace(
            self._placement, dx=self._placement.dx + dx, dy=self._placement.dy + dy
        )
        self._document.begin("Move and Scale")
        self._show(region)
        self._document.finish()
        self._expected = self._document.labels.copy()
        return True

    def confirm(self) -> bool:
        return self.cancel()

    def cancel(self) -> bool:
        held = self._region is not None
        if self._drag is not None:
            self._document.abandon()
        self._forget()
        return held

    def drop(self) -> None:
        self.cancel()

    def _forget(self) -> None:
        self._region, self._drag, self._placement = None, None, Placement()

    def _is_current(self) -> bool:
        """Whether the map is still as the last drag left it (no undo, no other stroke)."""
        return self._expected is not None and np.array_equal(self._expected, self._document.labels)

    def _lift(self, touch: Touch) -> None:
        document = self._document
        self._forget()
        under = class_at(document.labels, touch.x, touch.y)
        if under is None or under == Label.BACKGROUND:
            return
        if under in document.locked:
            self._state.said.emit(f"{Label(under).title} is locked: unlock it to move it.")
            return
        mask = region_at(document.labels, touch.x, touch.y, contiguous=self._state.contiguous)
        self._region = FloatingRegion(document.labels, document.parsed, mask)
        self._lifted_from = self._expected = document.labels.copy()
        self._protected = np.isin(document.labels, list(document.locked))
        self._state.said.emit(f"{Label(under).title}: drag to move, drag a handle to scale.")

    def _show(self, region: FloatingRegion) -> None:
        placed = region.placed(self._placement)
        self._document.show(np.where(self._protected, self._lifted_from, placed))

    def _bounds(self) -> tuple[float, float, float, float]:
        """(left, top, right, bottom) of the region where it is now, pixels of the map."""
        assert self._region is not None
        left, top, right, bottom = self._region.box
        at = self._placement
        middle_x, middle_y = (left + right) / 2 + at.dx, (top + bottom) / 2 + at.dy
        half_x, half_y = (right - left) / 2 * at.scale_x, (bottom - top) / 2 * at.scale_y
        return middle_x - half_x, middle_y - half_y, middle_x + half_x, middle_y + half_y

    def _corner(self, handle: tuple[int, int]) -> tuple[float, float]:
        left, top, right, bottom = self._bounds()
        x = (left, (left + right) / 2, right)[handle[0] + 1]
        y = (top, (top + bottom) / 2, bottom)[handle[1] + 1]
        return x, y

    def _handle_at(self, touch: Touch) -> tuple[int, int] | None:
        if self._region is None:
            return None
        near = [
            (hypot(x - touch.x, y - touch.y) * touch.scale, handle)
            for handle in HANDLES
            for x, y in (self._corner(handle),)
        ]
        distance, handle = min(near)
        return handle if distance <= CATCH else None

    def _inside(self, touch: Touch) -> bool:
        if self._region is None:
            return False
        left, top, right, bottom = self._bounds()
        return left <= touch.x <= right and top <= touch.y <= bottom

    def _dragged(self, drag: _Drag, touch: Touch) -> Placement:
        """Handles keep the opposite side where it is; Shift keeps width to height."""
        assert self._region is not None
        start, (side_x, side_y) = drag.start, drag.handle
        right, down = touch.x - drag.x, touch.y - drag.y
        if (side_x, side_y) == (0, 0):
            return replace(start, dx=start.dx + right, dy=start.dy + down)
        left, top, end, bottom = self._region.box
        width, height = end - left, bottom - top
        scale_x = max(start.scale_x + side_x * right / width, SMALLEST)
        scale_y = max(start.scale_y + side_y * down / height, SMALLEST)
        if touch.shift and side_x and side_y:
            factor = max(scale_x / start.scale_x, scale_y / start.scale_y)
            scale_x, scale_y = start.scale_x * factor, start.scale_y * factor
        return Placement(
            start.dx + side_x * (scale_x - start.scale_x) * width / 2,
            start.dy + side_y * (scale_y - start.scale_y) * height / 2,
            scale_x,
            scale_y,
        )

    def paint(self, painter: QPainter, to_widget: ToWidget, accent: QColor) -> None:
        if self._region is None or (self._drag is None and not self._is_current()):
            return
        left, top, right, bottom = self._bounds()
        painter.setBrush(QColor(0, 0, 0, 0))
        for pen in (contrast_pens()[0], QPen(accent, 1.4)):
            painter.setPen(pen)
            painter.drawRect(QRectF(to_widget(left, top), to_widget(right, bottom)))
        painter.setPen(QPen(accent, 1.6))
        painter.setBrush(QColor("white"))
        for handle in HANDLES:
            centre = to_widget(*self._corner(handle))
            painter.drawRoundedRect(QRectF(centre - QPointF(4, 4), centre + QPointF(4, 4)), 2, 2)
