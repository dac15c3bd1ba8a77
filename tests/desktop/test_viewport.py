"""Looking at the head with mouse and keys."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication

from desktop.viewport.surface import gl_is_real
from inference.rendering.camera import PORTRAIT_FOV_DEGREES
from inference.rendering.view_modes import ViewMode

WAIT = 30_000
LEFT, MIDDLE = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton
NONE, SHIFT, CTRL = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
)


def shown(window) -> np.ndarray:
    image = window.viewport.grab().toImage()
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)
    return rows[:, : 4 * image.width()].reshape(image.height(), image.width(), 4).astype(int)


def drag(qtbot, window, delta: QPoint, button=LEFT, modifier=NONE) -> None:
    start = window.viewport.rect().center()
    qtbot.mousePress(window.viewport, button, modifier, start)
    for step in range(1, 9):
        qtbot.mouseMove(window.viewport, start + delta * step / 8)
    qtbot.mouseRelease(window.viewport, button, modifier, start + delta)


def wheel(window, turn: int, modifier=NONE) -> None:
    centre = QPointF(window.viewport.rect().center())
    event = QWheelEvent(
        centre,
        window.viewport.mapToGlobal(centre),
        QPoint(),
        QPoint(0, turn),
        Qt.MouseButton.NoButton,
        modifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(window.viewport, event)


def settle(qtbot, window) -> None:
    qtbot.waitUntil(
        lambda: window.viewport.frames.sharp and not window.viewport.flying, timeout=WAIT
    )


def test_a_left_drag_orbits_and_the_picture_changes(with_head, qtbot):
    window = with_head
    before = shown(window)
    drag(qtbot, window, QPoint(80, 0))
    pose = window.session.edits.pose
    assert pose.yaw < -10  # the head follows the hand to the right
    assert pose.elevation == pytest.approx(0)
    settle(qtbot, window)
    assert np.abs(shown(window) - before).mean() > 1


def test_a_drag_down_looks_from_above(with_head, qtbot):
    drag(qtbot, with_head, QPoint(0, 60))
    assert with_head.session.edits.pose.elevation > 10


@pytest.mark.parametrize(("button", "modifier"), [(MIDDLE, NONE), (LEFT, SHIFT)])
def test_a_middle_or_shift_drag_pans_with_the_hand(with_head, qtbot, button, modifier):
    window = with_head
    centre = np.argwhere(window_alpha(window) > 128).mean(axis=0)
    drag(qtbot, window, QPoint(60, 40), button, modifier)
    assert window.session.edits.pose.yaw == 0
    settle(qtbot, window)
    moved = np.argwhere(window_alpha(window) > 128).mean(axis=0) - centre
    assert moved == pytest.approx([40, 60], abs=4)


def window_alpha(window) -> np.ndarray:
    image = window.viewport.frames.image
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)
    return rows.reshape(image.height(), image.width(), 4)[..., 3]


def test_the_wheel_zooms_and_with_ctrl_changes_the_field_of_view(with_head, qtbot):
    window = with_head
    small = (window_alpha(window) > 128).sum()
    wheel(window, 240)
    assert window.session.edits.pose.zoom > 1.2
    assert window.session.edits.pose.fov == PORTRAIT_FOV_DEGREES
    settle(qtbot, window)
    assert (window_alpha(window) > 128).sum() > 1.3 * small
    zoom = window.session.edits.pose.zoom
    wheel(window, -240, CTRL)
    assert window.session.edits.pose.fov > PORTRAIT_FOV_DEGREES
    assert window.session.edits.pose.zoom == zoom


def test_arrow_keys_turn(with_head, qtbot):
    window = with_head
    qtbot.keyClick(window.viewport, Qt.Key.Key_Right)
    qtbot.keyClick(window.viewport, Qt.Key.Key_Up)
    assert window.session.edits.pose.yaw == pytest.approx(5)
    assert window.session.edits.pose.elevation == pytest.approx(5)


@pytest.mark.parametrize(
    ("key", "yaw"),
    [(Qt.Key.Key_1, 0), (Qt.Key.Key_2, 35), (Qt.Key.Key_3, 90), (Qt.Key.Key_4, -180)],
)
def test_number_keys_are_presets(with_head, qtbot, key, yaw):
    window = with_head
    drag(qtbot, window, QPoint(33, 21))
    qtbot.keyClick(window, key)
    assert window.session.edits.pose.yaw == pytest.approx(yaw)
    settle(qtbot, window)


def test_three_twice_is_the_other_side(with_head, qtbot):
    qtbot.keyClick(with_head, Qt.Key.Key_3)
    qtbot.keyClick(with_head, Qt.Key.Key_3)
    assert with_head.session.edits.pose.yaw == -90


@pytest.mark.parametrize("key", [Qt.Key.Key_R, Qt.Key.Key_Home])
def test_reset(with_head, qtbot, key):
    window = with_head
    drag(qtbot, window, QPoint(50, 30))
    wheel(window, 500)
    qtbot.keyClick(window, key)
    assert window.session.edits.pose == type(window.session.edits.pose)()


def test_small_pictures_while_dragging_and_a_sharp_one_at_rest(with_head, qtbot):
    window = with_head
    sizes = []
    window.viewport.frames.changed.connect(
        lambda: sizes.append((window.viewport.frames.image.width(), window.viewport.frames.sharp))
    )
    drag(qtbot, window, QPoint(90, 20))
    settle(qtbot, window)
    qtbot.waitUntil(lambda: sizes and sizes[-1][1], timeout=WAIT)
    assert sizes[-1][0] == window.viewport.pixels.width()


@pytest.mark.parametrize("mode", ["points", "depth", "normals"])
def test_every_view_mode_shows_something_else(with_head, qtbot, mode):
    window = with_head
    window.resize(1280, 820)  # as it opens: in a small view points are nearly a surface
    qtbot.waitUntil(
        lambda: window.viewport.frames.image.width() == window.viewport.pixels.width(),
        timeout=WAIT,
    )
    settle(qtbot, window)
    splats = shown(window)
    window.actions_[mode].trigger()
    qtbot.waitUntil(
        lambda: window.viewport.frames.last.request.mode == mode and window.viewport.frames.sharp,
        timeout=WAIT,
    )
    assert np.abs(shown(window) - splats).mean() > 1


def test_background_colours_and_the_checkerboard(with_head):
    window = with_head
    window.session.change("Background", background=(0.0, 1.0, 0.0))
    assert shown(window)[2, 2, :3].tolist() == [0, 255, 0]
    window.session.change("Background", background=None)
    corner = shown(window)[:40, :40, 0]
    assert len(np.unique(corner)) == 2


def test_the_comparison_shows_the_photograph_on_the_left(with_head, qtbot):
    window = with_head
    qtbot.keyClick(window, Qt.Key.Key_C)
    assert window.viewport.comparing
    settle(qtbot, window)
    viewport = window.viewport
    middle = viewport.height() // 2
    head = viewport.frames.image
    # Move the slider to the right end: everything is the photograph's grey background.
    qtbot.mousePress(viewport, LEFT, pos=viewport.rect().center())
    qtbot.mouseMove(viewport, QPoint(viewport.width() - 1, middle))
    qtbot.mouseRelease(viewport, LEFT, pos=QPoint(viewport.width() - 1, middle))
    square = min(viewport.width(), viewport.height())
    left = (viewport.width() - square) // 2
    pixel = shown(window)[middle, left + 6, :3][::-1]
    assert pixel == pytest.approx([110, 116, 124], abs=6)
    assert viewport.frames.image is head  # the camera does not move with the slider
    qtbot.keyClick(viewport, Qt.Key.Key_C)
    assert not viewport.comparing


def test_the_comparison_uses_the_photographs_own_camera(with_head, qtbot):
    window = with_head
    drag(qtbot, window, QPoint(70, 0))
    window.actions_["compare"].trigger()
    camera = window.viewport.view_camera(400, 400)
    assert np.allclose(camera.world_to_camera, window.session.head.camera.world_to_camera)
    wide = window.viewport.view_camera(600, 400)
    pixels, _ = wide.project(np.array([[0.01, 0.03, 0.05]]))
    square, _ = camera.project(np.array([[0.01, 0.03, 0.05]]))
    assert pixels - square == pytest.approx(np.array([[100, 0]]))
    qtbot.keyClick(window, Qt.Key.Key_1)
    assert not window.viewport.comparing


@pytest.mark.parametrize(
    ("platform", "renderer", "real"),
    [
        ("xcb", "NVIDIA GeForce RTX 4090/PCIe/SSE2", True),
        ("windows", "Intel(R) Iris(R) Xe Graphics", True),
        ("cocoa", "Apple M2", True),
        ("xcb", "llvmpipe (LLVM 15.0.7, 256 bits)", False),
        ("wayland", "Google SwiftShader", False),
        ("xcb", "", False),
        ("offscreen", "NVIDIA GeForce RTX 4090/PCIe/SSE2", False),
    ],
)
def test_opengl_is_used_only_where_a_gpu_draws_it(platform, renderer, real):
    assert gl_is_real(platform, renderer) is real


def test_another_head_is_there_small_first_and_then_sharp(with_head, qtbot):
    window = with_head
    settle(qtbot, window)
    other = replace(window.session.head.gaussians, means=window.session.head.gaussians.means + 0.01)
    seen = []
    source = window.viewport.frames
    source.changed.connect(lambda: seen.append((source.last.request, source.image.size())))
    source.show(other, ViewMode.SPLATS)
    settle(qtbot, window)
    assert all(request.gaussians is other for request, _ in seen)
    (first, small), (last, whole) = seen[0], seen[-1]
    assert first.moving
    assert not last.moving
    assert small.width() < whole.width()
