"""Mouse, wheel and arrow keys to camera poses."""

from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QWheelEvent

from desktop.viewport.pose import OrbitPose

KEY_DEGREES = 5.0  # an arrow key turns this far; our choice
WHEEL_ZOOM = 1.0015  # per eighth of a degree of the wheel; our choice


class OrbitController:
    """Keeps the gesture that is going on and says where the camera goes."""

    def __init__(self) -> None:
        self._last: QPointF | None = None
        self._pan = False

    @property
    def dragging(self) -> bool:
        """Whether a button is held."""
        return self._last is not None

    def press(self, event: QMouseEvent) -> bool:
        """Begin a drag; whether the button means one."""
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        left = event.button() == Qt.MouseButton.LeftButton
        middle = event.button() == Qt.MouseButton.MiddleButton
        if not left and not middle:
            return False
        self._last, self._pan = event.position(), middle or shift
        return True

    def move(self, event: QMouseEvent, pose: OrbitPose, size: QSize) -> OrbitPose:
        """The pose after a movement of the drag."""
        if self._last is None:
            return pose
        delta, self._last = event.position() - self._last, event.position()
        if self._pan:
            return pose.panned(delta.x(), delta.y(), size.width(), size.height())
        return pose.orbited(delta.x(), delta.y(), size.height())

    def release(self) -> None:
        """End the drag."""
        self._last = None

    def wheel(self, event: QWheelEvent, pose: OrbitPose) -> OrbitPose:
        """Zoom; with Ctrl the field of view."""
        # Alt turns a vertical wheel into a horizontal one on some systems.
        turn = event.angleDelta().y() or event.angleDelta().x()
        factor = WHEEL_ZOOM**turn
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            return pose.widened(1 / factor)
        return pose.zoomed(factor)

    def key(self, event: QKeyEvent, pose: OrbitPose) -> OrbitPose | None:
        """Turn by arrow keys, zoom by plus and minus; None for other keys."""
        turns = {
            Qt.Key.Key_Left: (-KEY_DEGREES, 0.0),
            Qt.Key.Key_Right: (KEY_DEGREES, 0.0),
            Qt.Key.Key_Up: (0.0, KEY_DEGREES),
            Qt.Key.Key_Down: (0.0, -KEY_DEGREES),
        }
        key = Qt.Key(event.key())
        if key in turns:
            return pose.turned(*turns[key])
        if key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            return pose.zoomed(1.1)
        if key == Qt.Key.Key_Minus:
            return pose.zoomed(1 / 1.1)
        return None
