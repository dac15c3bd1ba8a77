"""The photograph with its faces, the crop box and the foreground."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPalette,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from desktop.portrait.crop_drag import CropDrag, Grip, grip_at, limited
from inference.portrait.types import CropBox, FaceDetection

CATCH = 14  # pixels around a corner that hold it
HANDLE = 6  # radius of a corner in pixels
CLICK = 5  # pixels that a click may wander
NUDGE = 0.02  # of the box's side, per arrow key
GROW = 1.04  # per plus or minus key

_CURSORS = {
    Grip.INSIDE: Qt.CursorShape.SizeAllCursor,
    Grip.TOP_LEFT: Qt.CursorShape.SizeFDiagCursor,
    Grip.BOTTOM_RIGHT: Qt.CursorShape.SizeFDiagCursor,
    Grip.TOP_RIGHT: Qt.CursorShape.SizeBDiagCursor,
    Grip.BOTTOM_LEFT: Qt.CursorShape.SizeBDiagCursor,
    Grip.OUTSIDE: Qt.CursorShape.CrossCursor,
}


class PortraitCanvas(QWidget):
    """Shows the photograph; the box follows the mouse and is told when it is let go.

    Signals:
        crop_chosen: the new CropBox and what was done, for the Edit menu.
        face_picked: index of the face that was clicked.
    """

    crop_chosen = Signal(object, str)
    face_picked = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Photograph with crop box")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._image: QImage | None = None
        self._scaled: QImage | None = None
        self._size = (1, 1)  # of the photograph, which faces and box are measured in
        self._faces: list[FaceDetection] = []
        self._face: int | None = None
        self._crop: CropBox | None = None
        self._held: CropBox | None = None  # the box while it is being dragged
        self._veil: QImage | None = None
        self._veil_crop: CropBox | None = None
        self._show_veil = True
        self._drag: CropDrag | None = None
        self._pressed_at = QPointF()
        self._wandered = False

    def set_image(self, image: QImage | None, size: tuple[int, int]) -> None:
        """Show another photograph; size is its own, the picture may be smaller."""
        self._image, self._scaled, self._size = image, None, size
        self._drag = self._held = None
        self.updateGeometry()
        self.update()

    def set_faces(self, faces: list[FaceDetection], chosen: int | None) -> None:
        """Outline faces; the chosen one stands out."""
        self._faces, self._face = faces, chosen
        self.update()

    def set_crop(self, crop: CropBox | None) -> None:
        """Place the box."""
        self._crop, self._held = crop, None
        self._scaled = None
        self.update()

    def set_veil(self, veil: QImage | None, crop: CropBox | None) -> None:
        """Cover the background inside a crop."""
        self._veil, self._veil_crop = veil, crop
        self.update()

    def show_veil(self, *, on: bool) -> None:
        """Whether the background is covered."""
        self._show_veil = on
        self.update()

    # Geometry

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        if self._image is None:
            return width
        aspect = self._size[1] / self._size[0]
        return round(width * min(max(aspect, 0.6), 1.25))

    def sizeHint(self) -> QSize:
        return QSize(280, self.heightForWidth(280))

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._scaled = None

    def picture_rect(self) -> QRectF:
        """Where the photograph lies in the widget; all of the box has room beside it."""
        if self._image is None:
            return QRectF(self.rect())
        width, height = self._size
        seen = QRectF(0, 0, width, height)
        if self._crop is not None:
            reach = HANDLE * max(width / self.width(), height / self.height())
            seen = seen.united(_box(self._crop).adjusted(-reach, -reach, reach, reach))
        scale = min(self.width() / seen.width(), self.height() / seen.height())
        centre = QPointF(self.width() / 2, self.height() / 2) - seen.center() * scale
        return QRectF(centre.x(), centre.y(), width * scale, height * scale)

    def _scale(self) -> float:
        return self.picture_rect().width() / self._size[0] if self._image else 1.0

    def to_widget(self, x: float, y: float) -> QPointF:
        """A point of the photograph in the widget."""
        rect = self.picture_rect()
        return QPointF(rect.x() + x * self._scale(), rect.y() + y * self._scale())

    def to_photograph(self, point: QPointF) -> tuple[float, float]:
        """A point of the widget in the photograph."""
        rect, scale = self.picture_rect(), self._scale()
        return (point.x() - rect.x()) / scale, (point.y() - rect.y()) / scale

    def _to_rect(self, box: QRectF) -> QRectF:
        return QRectF(
            self.to_widget(box.left(), box.top()), self.to_widget(box.right(), box.bottom())
        )

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._image is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = self.picture_rect()
        ratio = self.devicePixelRatioF()
        if self._scaled is None:
            self._scaled = self._image.scaled(
                QSize(max(1, round(rect.width() * ratio)), max(1, round(rect.height() * ratio))),
                Qt.AspectRatioMode.IgnoreAspectRatio,
                Qt.TransformationMode.SmoothTransformation,
            )
        painter.drawImage(rect, self._scaled)
        crop = self._held or self._crop
        if crop is not None:
            box = self._to_rect(_box(crop))
            same = self._veil_crop == crop
            if self._show_veil and self._veil is not None and same and self._held is None:
                painter.drawImage(box, self._veil)
            self._paint_shade(painter, box)
        self._paint_faces(painter)
        if crop is not None:
            self._paint_box(painter, box)

    def _paint_shade(self, painter: QPainter, box: QRectF) -> None:
        """Darken what the model does not see."""
        shade = self.palette().color(QPalette.ColorRole.Window)
        shade.setAlpha(150)
        outside = QPainterPath()
        outside.addRect(QRectF(self.rect()))
        outside.addRect(box)  # a second outline is a hole
        painter.fillPath(outside, shade)

    def _paint_faces(self, painter: QPainter) -> None:
        """Outline the faces that may be chosen instead; the chosen one has the box."""
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for index, face in enumerate(self._faces):
            if index == self._face:
                continue
            left, top, right, bottom = face.box
            box = self._to_rect(QRectF(QPointF(left, top), QPointF(right, bottom)))
            painter.setPen(QPen(QColor(0, 0, 0, 110), 4))
            painter.drawRoundedRect(box, 6, 6)
            painter.setPen(QPen(QColor("white"), 2))
            painter.drawRoundedRect(box, 6, 6)

    def _paint_box(self, painter: QPainter, box: QRectF) -> None:
        accent = self.palette().color(QPalette.ColorRole.Highlight)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(0, 0, 0, 90), 3.5))
        painter.drawRect(box)
        painter.setPen(QPen(accent, 1.6))
        painter.drawRect(box)
        painter.setPen(QPen(accent, 2))
        painter.setBrush(accent if self.hasFocus() else QColor("white"))
        for corner in (box.topLeft(), box.topRight(), box.bottomLeft(), box.bottomRight()):
            painter.drawEllipse(corner, HANDLE - 1, HANDLE - 1)

    # Gestures

    def _grip(self, point: QPointF) -> Grip:
        if self._crop is None:
            return Grip.OUTSIDE
        x, y = self.to_photograph(point)
        return grip_at(self._crop, x, y, CATCH / self._scale())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton or self._image is None or not self._crop:
            return
        self._pressed_at, self._wandered = event.position(), False
        x, y = self.to_photograph(event.position())
        self._drag = CropDrag(self._grip(event.position()), self._crop, x, y, self._size)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._drag is None:
            over_face = self._other_face_at(event.position()) is not None
            hand = Qt.CursorShape.PointingHandCursor
            if self._crop is not None:
                self.setCursor(hand if over_face else _CURSORS[self._grip(event.position())])
            return
        moved = event.position() - self._pressed_at
        self._wandered = self._wandered or moved.manhattanLength() > CLICK
        if self._wandered:
            self._held = self._drag.to(*self.to_photograph(event.position()))
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        drag, held = self._drag, self._held
        self._drag = self._held = None
        if drag is None:
            return
        if held is not None:
            title = {Grip.INSIDE: "Move Crop", Grip.OUTSIDE: "Draw Crop"}
            self.crop_chosen.emit(held, title.get(drag.grip, "Size Crop"))
        else:
            face = self._other_face_at(event.position())
            if face is not None:
                self.face_picked.emit(face)
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        moves = {
            Qt.Key.Key_Left: (-1, 0),
            Qt.Key.Key_Right: (1, 0),
            Qt.Key.Key_Up: (0, -1),
            Qt.Key.Key_Down: (0, 1),
        }
        key, crop = Qt.Key(event.key()), self._crop
        if crop is None or self._image is None:
            super().keyPressEvent(event)
            return
        if key in moves:
            step = NUDGE * crop.side
            right, down = moves[key]
            crop = CropBox(crop.centre_x + right * step, crop.centre_y + down * step, crop.side)
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus):
            factor = 1 / GROW if key == Qt.Key.Key_Minus else GROW
            crop = CropBox(crop.centre_x, crop.centre_y, crop.side * factor)
        else:
            super().keyPressEvent(event)
            return
        self.crop_chosen.emit(limited(crop, self._size), "Nudge Crop")

    def _other_face_at(self, point: QPointF) -> int | None:
        x, y = self.to_photograph(point)
        for index, face in enumerate(self._faces):
            left, top, right, bottom = face.box
            if index != self._face and left <= x <= right and top <= y <= bottom:
                return index
        return None


def _box(crop: CropBox) -> QRectF:
    half = crop.side / 2
    return QRectF(crop.centre_x - half, crop.centre_y - half, crop.side, crop.side)
