"""Drawing around a region, freely or as a polygon."""

from math import hypot

from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from desktop.painting.state import LassoDoes, PaintState
from desktop.painting.tools.tool import CanvasTool, Touch, ToWidget, contrast_pens
from inference.face_map.document import EVERYTHING, SIZE, FaceMapDocument
from inference.face_map.footprint import Point
from inference.face_map.labels import COLOURS, Label
from inference.face_map.regions import polygon_mask
from inference.face_map.uncovering import Uncovered

CATCH = 9.0  # widget pixels around the first corner that close the polygon
DRAG = 5.0  # widget pixels from which on a press is a drag


class LassoTool(CanvasTool):
    """A drag draws freely and closes on release; clicks set the corners of a polygon."""

    def __init__(self, document: FaceMapDocument, state: PaintState) -> None:
        self._document, self._state = document, state
        self._points: list[Point] = []
        self._pressed: Point | None = None
        self._freely = False
        self._erase = False
        self._mouse: Point | None = None

    @property
    def busy(self) -> bool:
        return bool(self._points)

    def press(self, touch: Touch) -> None:
        self._erase = touch.erase
        self._pressed = self._mouse = touch.x, touch.y
        self._freely = False

    def move(self, touch: Touch) -> None:
        self._mouse = touch.x, touch.y
        if self._pressed is None:
            return
        moved = hypot(touch.x - self._pressed[0], touch.y - self._pressed[1]) * touch.scale
        if not self._freely and moved > DRAG:
            self._freely = True
            self._points.append(self._pressed)
        if self._freely:
            self._points.append((touch.x, touch.y))

    def hover(self, touch: Touch) -> None:
        self._mouse = touch.x, touch.y

    def release(self, touch: Touch) -> None:
        pressed, self._pressed = self._pressed, None
        if pressed is None:
            return
        if self._freely:
            self._freely = False
            self.confirm()
            return
        if len(self._points) > 2:
            first = self._points[0]
            if hypot(pressed[0] - first[0], pressed[1] - first[1]) * touch.scale <= CATCH:
                self.confirm()
                return
        self._points.append(pressed)
        if len(self._points) == 1:
            self._state.said.emit("Click the next corners; Enter or a double click closes.")

    def double_click(self, touch: Touch) -> None:
        if not self.confirm():
            self.press(touch)

    def confirm(self) -> bool:
        if len(self._points) < 3:
            return False
        region = polygon_mask(self._points, SIZE)
        self._points.clear()
        self._state.said.emit("")
        document, does = self._document, self._state.lasso_does
        if self._erase or does is LassoDoes.ERASE:
            beneath = Uncovered(document.labels, document.parsed, taken=region)
            document.replace("Erase Region", beneath.under(EVERYTHING), region)
        elif does is LassoDoes.RESTORE:
            document.reset(region)
        else:
            filled = document.labels.copy()
            filled[region] = self._state.label
            document.replace(f"Lasso {Label(self._state.label).title}", filled)
        return True

    def step_back(self) -> bool:
        if not self._points:
            return False
        self._points.pop()
        return True

    def cancel(self) -> bool:
        was_drawing = bool(self._points)
        self.drop()
        return was_drawing

    def drop(self) -> None:
        self._points.clear()
        self._pressed, self._freely = None, False

    def paint(self, painter: QPainter, to_widget: ToWidget, accent: QColor) -> None:
        if not self._points:
            return
        line = [to_widget(x, y) for x, y in self._points]
        if not self._freely and self._mouse is not None:
            line.append(to_widget(*self._mouse))
        inside = QColor(*COLOURS[self._state.label].tolist())
        inside.setAlpha(70)
        if self._erase or self._state.lasso_does is not LassoDoes.FILL:
            inside = QColor(255, 255, 255, 40)
        painter.setPen(QPen(QColor(0, 0, 0, 0)))
        painter.setBrush(inside)
        painter.drawPolygon(QPolygonF(line))
        painter.setBrush(QColor(0, 0, 0, 0))
        for pen in contrast_pens():
            painter.setPen(pen)
            painter.drawPolyline(QPolygonF(line))
        if self._freely:
            return
        painter.setPen(contrast_pens()[0])
        for index, (x, y) in enumerate(self._points):
            painter.setBrush(accent if index == 0 else QColor("white"))
            radius = 5.0 if index == 0 else 3.5
            painter.drawEllipse(QPointF(to_widget(x, y)), radius, radius)
