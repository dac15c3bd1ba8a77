"""The canvas: photograph and map, zoom and pan, and the tool under the mouse."""

from dataclasses import replace

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from desktop.painting.brush_cursor import BrushCursor, paint_axis
from desktop.painting.map_picture import MapPicture
from desktop.painting.map_view import Placement
from desktop.painting.panes import panes_of
from desktop.painting.photograph import Photograph
from desktop.painting.state import PaintState, Tool
from desktop.painting.tools.brush_tool import BrushTool
from desktop.painting.tools.click_tools import FillTool, PickTool, pick
from desktop.painting.tools.keys import give_key
from desktop.painting.tools.lasso_tool import LassoTool
from desktop.painting.tools.move_tool import MoveTool
from desktop.painting.tools.tool import CanvasTool, Touch
from inference.face_map.box import Box
from inference.face_map.document import EVERYTHING, SIZE, FaceMapDocument
from inference.face_map.symmetry import symmetry_axis

ZOOM = 1.25  # per notch of the wheel
CRISP = 4.0  # widget pixels a map pixel from which on pixels are drawn as squares

_CURSORS = {
    Tool.FILL: Qt.CursorShape.PointingHandCursor,
    Tool.PICK: Qt.CursorShape.CrossCursor,
    Tool.LASSO: Qt.CursorShape.CrossCursor,
    Tool.MOVE: Qt.CursorShape.SizeAllCursor,
}


class PaintCanvas(QWidget):
    """Shows a document's map over the photograph and hands the mouse to the chosen tool."""

    def __init__(
        self, document: FaceMapDocument, state: PaintState, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Face map")
        self.setMinimumSize(240, 240)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._document, self._state = document, state
        self._photograph = Photograph()
        self._cursor = BrushCursor()
        self._picture = MapPicture()
        self.placement = Placement(1, 1)
        self._mouse: QPointF | None = None
        self._pressed = self._space = self._ctrl = False
        self._pan_from: QPointF | None = None
        self._look: tuple[object, ...] = ()
        self._make_tools()
        document.subscribe(self._on_map)
        state.changed.connect(self._on_state)
        self._on_state()

    def _make_tools(self) -> None:
        arguments = self._document, self._state
        brush = BrushTool(*arguments)
        self._tools: dict[Tool, CanvasTool] = {
            Tool.BRUSH: brush,
            Tool.ERASER: brush,
            Tool.RESTORE: brush,
            Tool.SMOOTH: brush,
            Tool.FILL: FillTool(*arguments),
            Tool.LASSO: LassoTool(*arguments),
            Tool.MOVE: MoveTool(*arguments),
            Tool.PICK: PickTool(*arguments),
        }
        self._tool = self._tools[self._state.tool]

    def set_document(self, document: FaceMapDocument) -> None:
        """Paint on another document from now on; the old one is no longer listened to."""
        self._tool.drop()
        self._document.unsubscribe(self._on_map)
        self._document = document
        self._make_tools()
        document.subscribe(self._on_map)
        self._recolour()

    def set_photograph(self, image: QImage) -> None:
        """Show another photograph behind the map; it covers the same square."""
        self._photograph.set_image(image)
        self.update()

    def fit(self) -> None:
        """Show the whole map."""
        self.placement = replace(self.placement, zoom=1.0, centre_x=SIZE / 2, centre_y=SIZE / 2)
        self.update()

    # Geometry

    def _panes(self) -> list[QRectF]:
        return panes_of(QRectF(self.rect()), self._state.view)

    def _pane_at(self, point: QPointF) -> QRectF:
        panes = self._panes()
        return next((pane for pane in panes if pane.contains(point)), panes[0])

    def to_widget(self, x: float, y: float, pane: QRectF | None = None) -> QPointF:
        """A point of the map in the widget."""
        across, down = self.placement.to_pane(x, y)
        return (pane or self._panes()[-1]).topLeft() + QPointF(across, down)

    def to_map(self, point: QPointF) -> tuple[float, float]:
        """A point of the widget on the map."""
        local = point - self._pane_at(point).topLeft()
        return self.placement.to_map(local.x(), local.y())

    def _touch(self, event: QMouseEvent) -> Touch:
        x, y = self.to_map(event.position())
        held = event.modifiers()
        return Touch(
            x,
            y,
            self.placement.scale,
            erase=bool(held & Qt.KeyboardModifier.ControlModifier),
            shift=bool(held & Qt.KeyboardModifier.ShiftModifier),
        )

    def sizeHint(self) -> QSize:
        return QSize(640, 640)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._refit()

    def _refit(self) -> None:
        pane = self._panes()[0]
        self.placement = self.placement.resized(pane.width(), pane.height())

    # What changed

    def _on_map(self, box: Box, finished: bool) -> None:
        self._repaint_map(self._picture.colour(self._document.labels, box))
        if finished:
            self.update()

    def _repaint_map(self, box: Box) -> None:
        for pane in self._panes():
            corner = self.to_widget(box.left, box.top, pane)
            far = self.to_widget(box.right, box.bottom, pane)
            margin = 2 + self.placement.scale
            dirty = QRectF(corner, far).adjusted(-margin, -margin, margin, margin)
            self.update(dirty.toAlignedRect())

    def _on_state(self) -> None:
        tool = self._tools[self._state.tool]
        if tool is not self._tool:
            self._tool.drop()
            self._tool = tool
        look = self._state.view, self._state.opacity, self._state.hidden
        if look != self._look:
            self._look = look
            self._refit()
            self._recolour()
        self._show_cursor()
        self.update()

    def _recolour(self) -> None:
        state = self._state
        self._picture.dress(state.view, state.opacity, state.hidden)
        self._picture.colour(self._document.labels, EVERYTHING)
        self.update()

    def _show_cursor(self) -> None:
        if self._pan_from is not None:
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
        elif self._space:
            self.setCursor(Qt.CursorShape.OpenHandCursor)
        elif self._state.tool.sized:
            self.setCursor(Qt.CursorShape.BlankCursor)
        else:
            self.setCursor(_CURSORS[self._state.tool])

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setClipRegion(event.region())
        panes = self._panes()
        side = len(panes) > 1
        for index, pane in enumerate(panes):
            painter.save()
            painter.setClipRect(pane, Qt.ClipOperation.IntersectClip)
            self._paint_pane(painter, pane, photograph=index == 0, coloured=not side or index == 1)
            painter.restore()

    def _paint_pane(
        self, painter: QPainter, pane: QRectF, *, photograph: bool, coloured: bool
    ) -> None:
        target = QRectF(self.to_widget(0, 0, pane), self.to_widget(SIZE, SIZE, pane))
        if photograph and self._photograph.there:
            pixmap = self._photograph.pixmap(self.placement, self.devicePixelRatioF())
            painter.drawPixmap(pane.topLeft(), pixmap)
        elif photograph:
            painter.fillRect(target, self.palette().color(QPalette.ColorRole.Base))
        if coloured:
            smooth = self.placement.scale < CRISP
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
            painter.drawImage(target, self._picture.image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        accent = self.palette().color(QPalette.ColorRole.Highlight)
        self._tool.paint(painter, lambda x, y: self.to_widget(x, y, pane), accent)
        if self._state.mirror and self._state.tool.sized:
            self._paint_axis(painter, pane, accent)
        if self._mouse is not None and self._state.tool.sized and not self._space:
            self._paint_brush(painter, pane)

    def _paint_axis(self, painter: QPainter, pane: QRectF, accent: QColor) -> None:
        axis = symmetry_axis(self._document.landmarks, SIZE)
        ends = [
            self.to_widget(axis.x + way * axis.along_x, axis.y + way * axis.along_y, pane)
            for way in (-2 * SIZE, 2 * SIZE)
        ]
        map_rect = QRectF(self.to_widget(0, 0, pane), self.to_widget(SIZE, SIZE, pane))
        paint_axis(painter, map_rect, ends, accent)

    def _paint_brush(self, painter: QPainter, pane: QRectF) -> None:
        assert self._mouse is not None
        x, y = self.to_map(self._mouse)
        state = self._state
        erasing = self._ctrl or state.tool is not Tool.BRUSH
        radius = state.radius * self.placement.scale
        label = None if erasing else state.label
        self._cursor.paint(painter, self.to_widget(x, y, pane), radius, label)
        if state.mirror:
            other = symmetry_axis(self._document.landmarks, SIZE).reflected(x, y)
            self._cursor.paint(painter, self.to_widget(*other, pane), radius, None, faint=True)

    # Mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._mouse = event.position()
        button, held = event.button(), event.modifiers()
        left = button == Qt.MouseButton.LeftButton
        if button == Qt.MouseButton.MiddleButton or (left and self._space):
            self._pan_from = event.position()
            self._show_cursor()
        elif left and held & Qt.KeyboardModifier.AltModifier:
            pick(self._document, self._state, self._touch(event))
        elif left:
            self._pressed = True
            self._tool.press(self._touch(event))
            self.update_over_map()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and not self._space:
            self._pressed = True
            self._tool.double_click(self._touch(event))
            self.update_over_map()
        else:
            self.mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        before, self._mouse = self._mouse, event.position()
        self._ctrl = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if self._pan_from is not None:
            moved = event.position() - self._pan_from
            self._pan_from = event.position()
            self.placement = self.placement.panned(moved.x(), moved.y())
            self.update()
        elif self._pressed:
            self._tool.move(self._touch(event))
        else:
            self._tool.hover(self._touch(event))
        self._repaint_brush(before)
        self._repaint_brush(self._mouse)
        if not self._state.tool.sized:
            self.update_over_map()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._pan_from is not None:
            self._pan_from = None
            self._show_cursor()
        elif event.button() == Qt.MouseButton.LeftButton and self._pressed:
            self._pressed = False
            self._tool.release(self._touch(event))
            self.update_over_map()

    def leaveEvent(self, event: QEvent) -> None:
        self._mouse = None
        self.update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        # With Alt held, Qt turns the wheel sideways.
        turned = event.angleDelta().y() or event.angleDelta().x()
        notches = turned / 120
        if event.modifiers() & Qt.KeyboardModifier.AltModifier:
            self._state.resize(notches)
        elif notches:
            local = event.position() - self._pane_at(event.position()).topLeft()
            self.placement = self.placement.zoomed(ZOOM**notches, local.x(), local.y())
            self.update()
        event.accept()

    def update_over_map(self) -> None:
        """Repaint what tools draw over the map, wherever that is."""
        if not self._state.tool.sized:
            self.update()

    def _repaint_brush(self, at: QPointF | None) -> None:
        """Repaint around the brush, on both halves of the face and in both panes."""
        if at is None or not self._state.tool.sized:
            return
        x, y = self.to_map(at)
        places = [(x, y)]
        if self._state.mirror:
            places.append(symmetry_axis(self._document.landmarks, SIZE).reflected(x, y))
        reach = self._state.radius * self.placement.scale + 6
        for pane in self._panes():
            for place in places:
                middle = self.to_widget(*place, pane)
                corner = QPointF(reach, reach)
                self.update(QRectF(middle - corner, middle + corner).toAlignedRect())

    # Keys

    def event(self, event: QEvent) -> bool:
        # The window's Esc stops its work; here it first lets go of what the tool holds.
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and event.key() == Qt.Key.Key_Escape
            and self._tool.busy
        ):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key == Qt.Key.Key_Space:
            if not event.isAutoRepeat():
                self._hold_space(held=True)
        elif key == Qt.Key.Key_Control:
            self._hold_ctrl(held=True)
        elif not self._tool_key(
            key, shift=bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        ):
            super().keyPressEvent(event)

    def _tool_key(self, key: Qt.Key, *, shift: bool) -> bool:
        meant = give_key(self._tool, key, shift=shift)
        if meant and key == Qt.Key.Key_Escape:
            self._pressed = False
        if meant:
            self.update()
        return meant

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._hold_space(held=False)
        elif key == Qt.Key.Key_Control:
            self._hold_ctrl(held=False)
        else:
            super().keyReleaseEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._hold_space(held=False)
        self._hold_ctrl(held=False)
        super().focusOutEvent(event)

    def _hold_space(self, *, held: bool) -> None:
        self._space = held
        self._show_cursor()
        self._repaint_brush(self._mouse)

    def _hold_ctrl(self, *, held: bool) -> None:
        self._ctrl = held
        self._repaint_brush(self._mouse)
