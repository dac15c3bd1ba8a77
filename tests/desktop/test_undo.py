"""Undo and redo of everything the user decides."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import Qt

from desktop.session import Session, Topic
from desktop.viewport.pose import PRESETS
from inference.portrait.types import CropBox

WAIT = 30_000
CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


def test_undo_and_redo_by_keys_make_the_heads_of_their_options(with_head, qtbot):
    window = with_head
    fitted = window.session.head
    window.portrait_panel.options.fit.click()
    qtbot.waitUntil(lambda: not window.session.head.options.fit, timeout=WAIT)
    plain = window.session.head
    qtbot.keyClick(window, Qt.Key.Key_Z, CTRL)
    assert window.session.edits.options.fit
    qtbot.waitUntil(lambda: window.session.head is fitted, timeout=WAIT)
    assert window.portrait_panel.options.fit.isChecked()
    qtbot.keyClick(window, Qt.Key.Key_Z, CTRL | SHIFT)
    qtbot.waitUntil(lambda: window.session.head is plain, timeout=WAIT)
    assert not window.portrait_panel.options.fit.isChecked()


def test_the_camera_preset_comes_back_from_where_it_was(with_head, qtbot):
    window = with_head
    qtbot.keyClick(window.viewport, Qt.Key.Key_Right)
    looked = window.session.edits.pose
    qtbot.keyClick(window, Qt.Key.Key_4)
    qtbot.keyClick(window, Qt.Key.Key_Z, CTRL)
    assert window.session.edits.pose == looked
    assert not window.actions_["undo"].isEnabled()


def test_the_background_is_undone(with_head):
    window = with_head
    window.session.change("Background", background=None)
    assert window.actions_["undo"].text() == "Undo Background"
    window.actions_["undo"].trigger()
    assert window.session.edits.background == "theme"
    assert window.actions_["redo"].text() == "Redo Background"


def test_a_slider_moved_by_keys_is_one_step_and_one_head(with_head, qtbot):
    window = with_head
    heads = []
    window.session.subscribe(
        lambda topic: heads.append(window.session.head) if topic is Topic.HEAD else None
    )
    slider = window.portrait_panel.options.strength.slider
    slider.setFocus()
    for _ in range(4):
        qtbot.keyClick(slider, Qt.Key.Key_Left)
    qtbot.waitUntil(lambda: len(heads) == 1, timeout=WAIT)
    assert window.session.head.options.fit_strength == pytest.approx(0.96)
    window.actions_["undo"].trigger()
    assert window.session.edits.options.fit_strength == 1


def test_the_decoder_slider_shows_fewer_layers(with_head, qtbot):
    window = with_head
    slider = window.portrait_panel.options.layers.slider
    assert (slider.minimum(), slider.maximum(), slider.value()) == (0, 4, 4)
    slider.setFocus()
    qtbot.keyClick(slider, Qt.Key.Key_Left)
    qtbot.keyClick(slider, Qt.Key.Key_Left)
    qtbot.waitUntil(lambda: window.session.head.options.layers == 2, timeout=WAIT)
    qtbot.keyClick(slider, Qt.Key.Key_PageDown)
    qtbot.waitUntil(lambda: window.session.head.options.layers == 0, timeout=WAIT)
    qtbot.keyClick(slider, Qt.Key.Key_End)
    qtbot.waitUntil(lambda: window.session.head.options.layers is None, timeout=WAIT)


def test_another_portrait_forgets_the_history(with_head, pair, qtbot):
    window = with_head
    window.session.change("Background", background=None)
    window.opening.open(pair)
    qtbot.waitUntil(lambda: window.session.name == "pair", timeout=WAIT)
    assert not window.actions_["undo"].isEnabled()
    assert window.session.edits.background is None  # the look of the view stays


changes = st.one_of(
    st.builds(
        lambda x, y, side: {"crop": CropBox(x, y, side)},
        st.integers(0, 4),
        st.integers(0, 4),
        st.integers(1, 4),
    ),
    st.sampled_from([{"pose": pose} for pose in PRESETS.values()]),
    st.sampled_from([{"background": None}, {"background": (1.0, 1.0, 1.0)}]),
    st.builds(lambda face: {"face": face, "crop": CropBox(face, 0, 9)}, st.integers(0, 3)),
)


@given(st.lists(st.tuples(changes, st.sampled_from([None, "slide"])), max_size=12))
def test_undoing_everything_and_redoing_everything_comes_back_exactly(steps):
    session = Session()
    start = session.edits
    for change, merge in steps:
        session.change("Change", merge=merge, **change)
    end = session.edits
    for _ in steps:
        session.undo()
    assert session.edits == start
    for _ in steps:
        session.redo()
    assert session.edits == end
