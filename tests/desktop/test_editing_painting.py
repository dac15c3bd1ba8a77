"""Painting in the window: the face is read, strokes change the head, latest wins."""

import numpy as np
import pytest
from PySide6.QtCore import Qt

from inference.errors import NoFaceError, UsageError
from inference.export.ply import read_ply
from inference.face_map.labels import Label
from tests.desktop.editing import (
    LEFT,
    WAIT,
    begin_painting,
    colours,
    describe,
    settle,
    stroke,
)
from tests.dummy_engine import DummyEngine

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def opened(make_window, portrait, qtbot, engine):
    window = make_window(engine=engine)
    window.opening.open(portrait)
    qtbot.waitUntil(lambda: window.session.head is not None, timeout=WAIT)
    return window


def test_the_face_is_read_when_painting_begins_and_only_then(make_window, portrait, qtbot):
    engine = DummyEngine(0.4)
    window = opened(make_window, portrait, qtbot, engine)
    assert window.session.reading is None
    qtbot.mouseClick(window.editing.left.paint_button, LEFT)
    assert window.editing.left.waiting.card.isVisible()
    assert window.status.cancel.isVisible()
    qtbot.waitUntil(lambda: window.session.face_map is not None, timeout=WAIT)
    panel = begin_painting(window, qtbot)
    assert set(np.unique(panel.document.labels)) == {Label.BACKGROUND, Label.FACE, Label.HAIR}
    assert window.session.edited is None  # nothing was painted yet
    # Stamps find the face: its landmarks are in pixels of the map.
    prepared = window.session.head.portrait
    expected = prepared.landmarks.points * 512 / prepared.size
    np.testing.assert_allclose(panel.document.landmarks.points, expected)


def test_p_switches_to_painting_and_back(with_head, qtbot):
    window = with_head
    qtbot.keyClick(window, Qt.Key.Key_P)
    left = window.editing.left
    qtbot.waitUntil(lambda: left.painting is not None and left.painting.isVisible(), timeout=WAIT)
    assert not window.portrait_panel.isVisible()
    qtbot.keyClick(window, Qt.Key.Key_P)
    assert window.portrait_panel.isVisible()
    assert window.editing.left.photograph_button.isChecked()


def test_a_stroke_changes_the_head_and_the_old_one_stays_until_then(make_window, portrait, qtbot):
    window = opened(make_window, portrait, qtbot, DummyEngine(0.3))
    panel = begin_painting(window, qtbot)
    before = window.session.shown
    stroke(panel, qtbot, Label.HAT)
    qtbot.waitUntil(lambda: window.editing.maker.making is not None, timeout=WAIT)
    assert window.session.shown is before
    assert window.viewport.frames.image is not None
    assert window.status.bar.isVisible()
    settle(window, qtbot)
    edited = window.session.edited
    assert window.session.shown is edited
    np.testing.assert_array_equal(edited.request.labels, panel.document.labels)
    assert (edited.request.labels == Label.HAT).any()
    assert edited.request.base is window.session.head
    np.testing.assert_array_equal(edited.request.base_labels, panel.document.parsed)
    qtbot.waitUntil(lambda: window.viewport.frames.sharp, timeout=WAIT)
    assert window.viewport.frames.last.request.gaussians is edited.gaussians


def test_the_latest_stroke_wins(make_window, portrait, qtbot):
    window = opened(make_window, portrait, qtbot, DummyEngine(0.3))
    panel = begin_painting(window, qtbot)
    made = []
    window.editing.maker.made.connect(lambda wanted, edited: made.append(edited))
    stroke(panel, qtbot, Label.HAT)
    qtbot.waitUntil(lambda: window.editing.maker.making is not None, timeout=WAIT)
    superseded = window.editing.maker.making
    stroke(panel, qtbot, Label.GLASSES, y=240)
    qtbot.waitUntil(lambda: superseded.token.cancelled, timeout=WAIT)
    settle(window, qtbot)
    assert len(made) == 1
    assert (window.session.edited.request.labels == Label.GLASSES).any()


def test_cancel_stops_the_edit_and_loses_nothing(make_window, portrait, qtbot):
    window = opened(make_window, portrait, qtbot, DummyEngine(0.5))
    panel = begin_painting(window, qtbot)
    stroke(panel, qtbot, Label.HAT)
    qtbot.waitUntil(lambda: window.editing.maker.making is not None, timeout=WAIT)
    qtbot.keyClick(panel.canvas, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: window.editing.maker.making is None, timeout=WAIT)
    assert window.session.edited is None
    assert window.status.text.text() == "Stopped."
    assert (panel.document.labels == Label.HAT).any()
    stroke(panel, qtbot, Label.GLASSES, y=240)
    settle(window, qtbot)
    assert {Label.HAT, Label.GLASSES} <= set(np.unique(window.session.edited.request.labels))


def test_reading_can_be_cancelled_and_begun_again(make_window, portrait, qtbot):
    window = opened(make_window, portrait, qtbot, DummyEngine(0.5))
    left = window.editing.left
    qtbot.mouseClick(left.paint_button, LEFT)
    qtbot.waitUntil(lambda: window.editing.maker.reading is not None, timeout=WAIT)
    qtbot.keyClick(window, Qt.Key.Key_Escape)
    qtbot.waitUntil(left.waiting.again.isVisible, timeout=WAIT)
    assert "Stopped" in left.waiting.says.text()
    qtbot.mouseClick(left.waiting.again, LEFT)
    qtbot.waitUntil(lambda: left.painting is not None and left.painting.isVisible(), timeout=WAIT)


def test_a_face_that_cannot_be_read_is_said(make_window, portrait, qtbot, monkeypatch):
    engine = DummyEngine()
    window = opened(make_window, portrait, qtbot, engine)

    def fail(*_):
        raise NoFaceError("There is no face in it: move the square.")

    monkeypatch.setattr(engine, "parse", fail)
    left = window.editing.left
    qtbot.mouseClick(left.paint_button, LEFT)
    qtbot.waitUntil(left.waiting.again.isVisible, timeout=WAIT)
    assert left.waiting.says.text() == "There is no face in it: move the square."
    monkeypatch.undo()
    qtbot.mouseClick(left.waiting.again, LEFT)
    qtbot.waitUntil(lambda: window.session.face_map is not None, timeout=WAIT)


def test_an_edit_that_fails_is_said_and_the_head_and_the_stroke_stay(
    make_window, portrait, qtbot, monkeypatch
):
    engine = DummyEngine()
    window = opened(make_window, portrait, qtbot, engine)
    panel = begin_painting(window, qtbot)
    stroke(panel, qtbot, Label.HAT)
    settle(window, qtbot)
    good = window.session.edited

    def fail(*_):
        raise UsageError("This cannot be made: try another map.")

    monkeypatch.setattr(engine, "edit", fail)
    stroke(panel, qtbot, Label.GLASSES, y=240)
    qtbot.waitUntil(lambda: "another map" in window.status.text.text(), timeout=WAIT)
    assert window.session.edited is good
    assert (panel.document.labels == Label.GLASSES).any()
    monkeypatch.undo()
    window.actions_["undo"].trigger()
    settle(window, qtbot)
    assert window.session.edited is good


def test_undo_and_redo_go_through_strokes_style_and_camera_in_one_order(with_head, qtbot):
    window = with_head
    panel = begin_painting(window, qtbot)
    parsed = panel.document.labels.copy()
    stroke(panel, qtbot, Label.HAT)
    assert window.actions_["undo"].text() == "Undo Brush Hat"
    settle(window, qtbot)
    hat = colours(window)
    describe(window, qtbot, "grey curly hair")
    styled = colours(window)
    window.actions_["side"].trigger()
    stroke(panel, qtbot, Label.GLASSES, y=240)
    settle(window, qtbot)
    both = colours(window)

    qtbot.keyClick(panel.canvas, Qt.Key.Key_Z, CTRL)  # inside the panel: the stroke
    settle(window, qtbot)
    np.testing.assert_array_equal(colours(window), styled)
    qtbot.keyClick(panel.canvas, Qt.Key.Key_Z, CTRL)  # the camera, also from inside the panel
    assert window.session.edits.pose.yaw == 0
    assert window.actions_["undo"].text() == "Undo Style “grey curly hair”"
    qtbot.keyClick(window, Qt.Key.Key_Z, CTRL)
    settle(window, qtbot)
    np.testing.assert_array_equal(colours(window), hat)
    qtbot.keyClick(window, Qt.Key.Key_Z, CTRL)
    np.testing.assert_array_equal(panel.document.labels, parsed)
    settle(window, qtbot)
    assert window.session.shown is window.session.head
    for _ in range(4):
        qtbot.keyClick(window, Qt.Key.Key_Z, CTRL | SHIFT)
    settle(window, qtbot)
    np.testing.assert_array_equal(colours(window), both)
    assert window.session.edits.pose.yaw == 90


def test_undo_in_the_middle_of_a_stroke_takes_that_stroke_back(with_head, qtbot):
    window = with_head
    panel = begin_painting(window, qtbot)
    stroke(panel, qtbot, Label.HAT)
    painted = panel.document.labels.copy()
    panel.state.set(label=Label.GLASSES)
    start = panel.canvas.to_widget(200, 240).toPoint()
    qtbot.mousePress(panel.canvas, LEFT, pos=start)
    qtbot.keyClick(panel.canvas, Qt.Key.Key_Z, CTRL)
    qtbot.mouseRelease(panel.canvas, LEFT, pos=start)
    np.testing.assert_array_equal(panel.document.labels, painted)
    assert window.actions_["undo"].text() == "Undo Brush Hat"


def test_another_portrait_clears_map_style_and_history(with_head, pair, qtbot):
    window = with_head
    panel = begin_painting(window, qtbot)
    stroke(panel, qtbot, Label.HAT)
    describe(window, qtbot, "grey curly hair")
    window.opening.open(pair)
    qtbot.waitUntil(lambda: window.session.name == "pair", timeout=WAIT)
    qtbot.waitUntil(lambda: window.session.head is not None, timeout=WAIT)
    assert window.session.face_map is None
    assert window.session.edited is None
    assert window.session.edits.look.plain
    assert window.editing.style.first.line.text() == ""
    assert not window.actions_["undo"].isEnabled()
    assert window.portrait_panel.isVisible()
    assert not window.editing.strip.isVisible()
    again = begin_painting(window, qtbot)
    assert not (again.document.labels == Label.HAT).any()


def test_the_map_of_a_crop_comes_back_with_the_crop(with_head, qtbot):
    from dataclasses import replace

    window = with_head
    panel = begin_painting(window, qtbot)
    stroke(panel, qtbot, Label.HAT)
    settle(window, qtbot)
    crop = window.session.edits.crop
    window.session.change("Move Crop", crop=replace(crop, side=crop.side * 1.1))
    qtbot.waitUntil(lambda: window.session.head.portrait.crop != crop, timeout=WAIT)
    qtbot.waitUntil(lambda: window.session.reading is not None, timeout=WAIT)
    assert not (panel.document.labels == Label.HAT).any()
    window.actions_["undo"].trigger()
    qtbot.waitUntil(lambda: window.session.head.portrait.crop == crop, timeout=WAIT)
    assert (panel.document.labels == Label.HAT).any()
    settle(window, qtbot)
    window.actions_["undo"].trigger()
    assert not (panel.document.labels == Label.HAT).any()


def test_the_edited_head_is_what_is_exported(with_head, tmp_path, qtbot):
    window = with_head
    panel = begin_painting(window, qtbot)
    stroke(panel, qtbot, Label.HAT)
    settle(window, qtbot)
    window.preferences.export_folder = str(tmp_path)
    window.actions_["export_ply"].trigger()
    dialog = next(w for w in window.children() if hasattr(w, "export_button"))
    qtbot.mouseClick(dialog.export_button, LEFT)
    qtbot.waitUntil(lambda: window.export_panel.rows[0].job.done, timeout=WAIT)
    written = read_ply(tmp_path / "anna_head.ply")
    np.testing.assert_allclose(written.colours, colours(window), atol=1 / 255)


def test_painting_keys_do_nothing_outside_the_panel(with_head, qtbot):
    window = with_head
    panel = begin_painting(window, qtbot)
    window.viewport.setFocus()
    qtbot.keyClick(window.viewport, Qt.Key.Key_E)
    assert panel.state.tool.value == "brush"
    panel.canvas.setFocus()
    qtbot.keyClick(panel.canvas, Qt.Key.Key_E)
    assert panel.state.tool.value == "eraser"


def test_the_paint_menu_is_there_while_one_paints(with_head, qtbot):
    window = with_head
    begin_painting(window, qtbot)
    titles = {action.text(): action for action in window.menuBar().actions()}
    assert titles["Paint"].isEnabled()
    qtbot.mouseClick(window.editing.left.photograph_button, LEFT)
    assert not titles["Paint"].isEnabled()


class HeadsOnly(DummyEngine):
    """An engine that cannot edit."""

    parse = property()
    edit = property()


def test_an_engine_that_cannot_edit_offers_no_editing(make_window, portrait, qtbot):
    window = opened(make_window, portrait, qtbot, HeadsOnly())
    assert not window.editing.left.paint_button.isVisible()
    assert not window.editing.style.isVisible()
    assert not window.actions_["paint"].isEnabled()
    assert window.export_panel.isVisible()


@pytest.mark.parametrize("size", [(940, 520), (1280, 820)])
def test_everything_has_its_place_while_painting(make_window, portrait, qtbot, size):
    window = opened(make_window, portrait, qtbot, DummyEngine())
    window.resize(*size)
    panel = begin_painting(window, qtbot)
    assert window.width() == size[0]
    for part in (panel.canvas, panel.strip, panel.classes, window.viewport):
        assert part.width() >= part.minimumSizeHint().width()
        assert not part.visibleRegion().isEmpty()
        assert part.visibleRegion().boundingRect().width() == part.width()
    assert window.editing.style.first.line.visibleRegion().boundingRect().height() > 10
