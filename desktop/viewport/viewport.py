"""The view of the head: paints the newest picture and turns gestures into poses."""

import numpy as np
from PySide6.QtCore import (
    QEasingCurve,
    QEvent,
    QPointF,
    QRectF,
    QSize,
    Qt,
    QVariantAnimation,
    Signal,
)
from PySide6.QtGui import (
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from desktop.theme import Palette
from desktop.viewport.frame_source import FrameSource
from desktop.viewport.orbit_controller import OrbitController
from desktop.viewport.pose import OrbitPose
from desktop.viewport.stage import paint_background, paint_caption, paint_comparison
from desktop.viewport.surface import make_surface
from inference.head.gaussians import Gaussians
from inference.rendering.camera import Camera
from inference.rendering.protocol import Background, Renderer
from inference.rendering.view_modes import ViewMode

FLIGHT = 220  # milliseconds of the way to a preset; our choice


class Viewport(QWidget):
    """Shows a head from a pose.

    Signals:
        looked: the user moved the camera; the new pose.
        painted: a new picture is on the screen.
        comparing_changed: the before/after slider was switched.
    """

    looked = Signal(object)
    painted = Signal()
    comparing_changed = Signal(bool)

    def __init__(self, renderer: Renderer, palette: Palette, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(148, 148)  # two beside each other in a narrow stage
        self.setAccessibleName("Head")
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        self.frames = FrameSource(renderer, self)
        self.frames.changed.connect(self._on_frame)
        self._palette = palette
        self._background: Background | str | None = "theme"
        self._pose = OrbitPose()
        self._shown = OrbitPose()
        self._orbit = OrbitController()
        self._photograph: QImage | None = None
        self._photo_camera: Camera | None = None
        self._comparing = False
        self._split = 0.5
        self._fresh = False
        self._caption = ""
        self._surface = make_surface(self._paint, self)
        self._surface.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._flight = QVariantAnimation(self)
        self._flight.setDuration(FLIGHT)
        self._flight.setEasingCurve(QEasingCurve.Type.InOutCubic)
        self._flight.setStartValue(0.0)
        self._flight.setEndValue(1.0)
        self._flight.valueChanged.connect(self._on_flight)
        self._flight.finished.connect(lambda: self._look(moving=False))
        self._from = self._pose

    # What is shown

    def show_head(
        self,
        gaussians: Gaussians | None,
        photo_camera: Camera | None = None,
        photograph: QImage | None = None,
        mode: ViewMode = ViewMode.SPLATS,
    ) -> None:
        """Show a head, with the photograph's camera and crop for the comparison."""
        self._photo_camera, self._photograph = photo_camera, photograph
        if photo_camera is None:
            self.compare(on=False)
        self._look(moving=False)
        self.frames.show(gaussians, mode)

    def set_pose(self, pose: OrbitPose, *, fly: bool) -> None:
        """Move the camera; flying shows the way."""
        if pose == self._pose:
            return
        self._pose = pose
        if fly and self.isVisible() and self.frames.image is not None:
            self._from = self._shown
            self._flight.stop()
            self._flight.start()
        else:
            self._flight.stop()
            self._shown = pose
            self._look(moving=self._orbit.dragging)

    def follow(self, pose: OrbitPose) -> None:
        """Look from where another view looks that is being turned."""
        if pose != self._pose:
            self._flight.stop()
            self._pose = self._shown = pose
            self._look(moving=True)

    def set_background(self, background: Background | str | None) -> None:
        """Colour behind the head, None for the checkerboard, "theme" for the gradient."""
        self._background = background
        self._surface.update()

    def set_palette(self, palette: Palette) -> None:
        """Follow the theme."""
        self._palette = palette
        self._surface.update()

    @property
    def caption(self) -> str:
        """What stands in the view's corner, or ""."""
        return self._caption

    @caption.setter
    def caption(self, text: str) -> None:
        if text != self._caption:
            self._caption = text
            self._surface.update()

    @property
    def flying(self) -> bool:
        """Whether the camera is on its way to a preset."""
        return self._flight.state() == QVariantAnimation.State.Running

    @property
    def can_compare(self) -> bool:
        """Whether there is a photograph to compare with."""
        return self._photo_camera is not None and self._photograph is not None

    @property
    def comparing(self) -> bool:
        """Whether the before/after slider is on."""
        return self._comparing

    def compare(self, *, on: bool) -> None:
        """Look through the photograph's own camera, with a slider between the two."""
        on = on and self.can_compare
        if on == self._comparing:
            return
        self._comparing, self._split = on, 0.5
        self._update_cursor()
        self._look(moving=False)
        self.comparing_changed.emit(on)

    def view_camera(self, width: int, height: int) -> Camera:
        """The camera of what is shown, at another size in pixels."""
        if self._comparing and self._photo_camera is not None:
            return centred(self._photo_camera, width, height)
        return self._pose.camera(width, height)

    @property
    def pixels(self) -> QSize:
        """Size of the view in device pixels."""
        ratio = self.devicePixelRatioF()
        return QSize(round(self.width() * ratio), round(self.height() * ratio))

    def close_frames(self) -> None:
        """End the render thread."""
        self._flight.stop()
        self.frames.close()

    # Drawing

    def _camera_at(self, width: int, height: int) -> Camera:
        if self._comparing and self._photo_camera is not None:
            return centred(self._photo_camera, width, height)
        return self._shown.camera(width, height)

    def _look(self, *, moving: bool) -> None:
        self.frames.look(self._camera_at, self.pixels, moving=moving)

    def _on_flight(self, fraction: float) -> None:
        self._shown = self._from.between(self._pose, fraction)
        self._look(moving=True)

    def _on_frame(self) -> None:
        self._fresh = True
        self._surface.update()

    def _paint(self, painter: QPainter) -> None:
        area = QRectF(self.rect())
        paint_background(painter, area, self._background, self._palette)
        image = self.frames.image
        split = self._split * self.width()
        if image is not None:
            smooth = image.size() != self.pixels
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
            if self._comparing:
                painter.setClipRect(area.adjusted(split, 0, 0, 0))
            painter.drawImage(area, image)
            painter.setClipping(False)
        if self._comparing and self._photograph is not None:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            square = self._photo_square()
            paint_comparison(painter, area, square, self._photograph, split)
            top = square.top() + 14
            paint_caption(painter, QPointF(square.left() + 14, top), "Photograph", right=False)
            paint_caption(painter, QPointF(square.right() - 14, top), "Head", right=True)
        if self._caption:
            paint_caption(painter, QPointF(14, 14), self._caption, right=False)
        if self._fresh:
            self._fresh = False
            self.painted.emit()

    def _photo_square(self) -> QRectF:
        side = min(self.width(), self.height())
        return QRectF((self.width() - side) / 2, (self.height() - side) / 2, side, side)

    # Gestures

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._surface.setGeometry(self.rect())
        self._look(moving=self.frames.image is not None)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._look(moving=False)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._comparing:
            self._move_split(event.position().x())
        elif self._orbit.press(event):
            self._flight.stop()
            self._pose = self._shown
            self.setCursor(Qt.CursorShape.ClosedHandCursor)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._comparing:
            if event.buttons() & Qt.MouseButton.LeftButton:
                self._move_split(event.position().x())
        elif self._orbit.dragging:
            self._go(self._orbit.move(event, self._pose, self.size()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._orbit.dragging:
            self._orbit.release()
            self._update_cursor()
            self.frames.settle()

    def wheelEvent(self, event: QWheelEvent) -> None:
        if not self._comparing:
            self._go(self._orbit.wheel(event, self._pose))
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self._comparing:
            step = {Qt.Key.Key_Left: -0.02, Qt.Key.Key_Right: 0.02}.get(Qt.Key(event.key()))
            if step is not None:
                self._move_split((self._split + step) * self.width())
            elif event.key() == Qt.Key.Key_Escape:
                self.compare(on=False)
            else:
                super().keyPressEvent(event)
            return
        pose = self._orbit.key(event, self._pose)
        if pose is None:
            super().keyPressEvent(event)
        else:
            self._go(pose)

    def _go(self, pose: OrbitPose) -> None:
        self._flight.stop()
        self._pose = self._shown = pose
        self._look(moving=True)
        self.looked.emit(pose)

    def _move_split(self, x: float) -> None:
        self._split = float(np.clip(x / max(self.width(), 1), 0.0, 1.0))
        self._surface.update()

    def _update_cursor(self) -> None:
        shape = Qt.CursorShape.SplitHCursor if self._comparing else Qt.CursorShape.OpenHandCursor
        self.setCursor(shape)


def centred(camera: Camera, width: int, height: int) -> Camera:
    """A square camera's view, as large as fits in the middle of a wider or higher picture."""
    side = min(width, height)
    square = camera.resized(side, side)
    shift = np.eye(3)
    shift[:2, 2] = (width - side) / 2, (height - side) / 2
    return Camera(width, height, shift @ square.intrinsics, camera.world_to_camera)
