"""Faces to pick from, and the crop box by mouse and keys."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, Qt

from desktop.portrait.crop_drag import SMALLEST_SIDE, CropDrag, Grip, grip_at
from inference.portrait.types import CropBox

WAIT = 30_000
LEFT = Qt.MouseButton.LeftButton


def drag(qtbot, widget, start: QPoint, end: QPoint) -> None:
    qtbot.mousePress(widget, LEFT, pos=start)
    for step in range(1, 6):
        qtbot.mouseMove(widget, start + (end - start) * step / 5)
    qtbot.mouseRelease(widget, LEFT, pos=end)


def at(window, x: float, y: float) -> QPoint:
    return window.portrait_panel.canvas.to_widget(x, y).toPoint()


def has_head_for_crop(window):
    session = window.session
    return lambda: session.head is not None and session.head.portrait.crop == session.edits.crop


def test_dragging_the_box_makes_the_head_of_the_new_crop(with_head, qtbot):
    window = with_head
    before = window.session.edits.crop
    first = window.session.head
    centre = at(window, before.centre_x, before.centre_y)
    drag(qtbot, window.portrait_panel.canvas, centre, centre + QPoint(20, 10))
    after = window.session.edits.crop
    assert after.centre_x > before.centre_x
    assert after.centre_y > before.centre_y
    assert after.side == before.side
    qtbot.waitUntil(has_head_for_crop(window), timeout=WAIT)
    assert window.session.head is not first
    assert window.actions_["undo"].text() == "Undo Move Crop"


def test_dragging_a_corner_sizes_the_box_and_keeps_the_opposite_corner(with_head, qtbot):
    window = with_head
    before = window.session.edits.crop
    half = before.side / 2
    corner = at(window, before.centre_x + half, before.centre_y + half)
    drag(qtbot, window.portrait_panel.canvas, corner, corner - QPoint(25, 25))
    after = window.session.edits.crop
    assert after.side < before.side
    assert after.centre_x - after.side / 2 == pytest.approx(before.centre_x - half, abs=1)
    assert after.centre_y - after.side / 2 == pytest.approx(before.centre_y - half, abs=1)


def test_arrow_keys_nudge_the_box_as_one_undo_step(with_head, qtbot):
    window = with_head
    before = window.session.edits.crop
    window.portrait_panel.canvas.setFocus()
    for _ in range(3):
        qtbot.keyClick(window.portrait_panel.canvas, Qt.Key.Key_Right)
    assert window.session.edits.crop.centre_x > before.centre_x
    window.actions_["undo"].trigger()
    assert window.session.edits.crop == before


def test_of_several_faces_the_user_picks_one(make_window, pair, qtbot):
    window = make_window()
    window.opening.open(pair)
    qtbot.waitUntil(lambda: window.session.head is not None, timeout=WAIT)
    assert window.portrait_panel.banner.text.startswith("2 faces")
    assert window.session.edits.face == 0
    assert window.session.edits.crop.centre_x == pytest.approx(90, abs=6)
    qtbot.mouseClick(window.portrait_panel.canvas, LEFT, pos=at(window, 240, 110))
    qtbot.waitUntil(lambda: window.session.edits.face == 1, timeout=WAIT)
    assert window.session.edits.crop.centre_x == pytest.approx(240, abs=6)
    qtbot.waitUntil(has_head_for_crop(window), timeout=WAIT)
    window.actions_["undo"].trigger()
    assert window.session.edits.face == 0
    qtbot.waitUntil(has_head_for_crop(window), timeout=WAIT)


def test_without_a_face_a_box_is_placed_by_hand(make_window, faceless, qtbot):
    window = make_window()
    window.opening.open(faceless)
    qtbot.waitUntil(lambda: window.pipeline.needs_hand, timeout=WAIT)
    qtbot.waitUntil(lambda: not window.pipeline.busy, timeout=WAIT)
    assert "No face was found" in window.status.text.text()
    assert window.portrait_panel.banner.isVisible()
    assert window.session.head is None
    crop = window.session.edits.crop
    centre = at(window, crop.centre_x, crop.centre_y)
    drag(qtbot, window.portrait_panel.canvas, centre, centre + QPoint(-20, 0))
    qtbot.waitUntil(lambda: window.session.head is not None, timeout=WAIT)
    qtbot.waitUntil(lambda: "a guess" in window.portrait_panel.banner.text, timeout=WAIT)


def test_a_head_with_a_face_is_no_guess(with_head):
    assert not with_head.portrait_panel.banner.isVisible()


def test_without_a_face_the_suggested_box_can_be_used_as_it_is(make_window, faceless, qtbot):
    window = make_window()
    window.opening.open(faceless)
    qtbot.waitUntil(lambda: window.pipeline.needs_hand and not window.pipeline.busy, timeout=WAIT)
    qtbot.mouseClick(window.portrait_panel.banner.button, LEFT)
    qtbot.waitUntil(lambda: window.session.head is not None, timeout=WAIT)


pixels = st.floats(-2000, 2000)
boxes = st.builds(CropBox, st.floats(0, 640), st.floats(0, 480), st.floats(40, 900))


@given(boxes, st.sampled_from(list(Grip)), pixels, pixels, pixels, pixels)
def test_no_drag_loses_the_box(crop, grip, x, y, to_x, to_y):
    moved = CropDrag(grip, crop, x, y, (640, 480)).to(to_x, to_y)
    assert 0 <= moved.centre_x <= 640
    assert 0 <= moved.centre_y <= 480
    assert SMALLEST_SIDE <= moved.side <= 3 * 640


@given(boxes)
def test_corners_are_held_before_the_inside(crop):
    half = crop.side / 2
    assert grip_at(crop, crop.centre_x - half, crop.centre_y - half, 10) is Grip.TOP_LEFT
    assert grip_at(crop, crop.centre_x + half, crop.centre_y + half, 10) is Grip.BOTTOM_RIGHT
    assert grip_at(crop, crop.centre_x, crop.centre_y, 10) is Grip.INSIDE
    assert grip_at(crop, crop.centre_x + crop.side, crop.centre_y, 10) is Grip.OUTSIDE
