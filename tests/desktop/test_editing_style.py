"""The style panel: words, pictures, sliders, blends, variations."""

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication, QImage
from PySide6.QtWidgets import QApplication

from desktop.editing.look import KEEP
from desktop.preferences import Preferences
from inference.editing.blending import blend_styles, vary_style
from tests.desktop.conftest import face_picture
from tests.desktop.editing import LEFT, WAIT, describe, settle
from tests.dummy_engine import DummyEngine

CTRL = Qt.KeyboardModifier.ControlModifier


def style_of(window) -> np.ndarray:
    return window.session.edited.request.style.vector


def text_style(text: str) -> np.ndarray:
    from inference.progress import CancelToken, no_progress

    return DummyEngine(0).style_of_text(text, no_progress, CancelToken()).vector


def test_a_prompt_restyles_the_head_and_is_remembered(with_head, qtbot):
    window = with_head
    describe(window, qtbot, "grey curly hair")
    np.testing.assert_allclose(style_of(window), text_style("grey curly hair"), atol=1e-6)
    assert window.session.edited.request.labels.shape == (512, 512)
    assert window.actions_["undo"].text() == "Undo Style “grey curly hair”"
    stored = Preferences.load(window.preferences.path)
    assert stored.prompts == ["grey curly hair"]
    window.actions_["undo"].trigger()
    settle(window, qtbot)
    assert window.session.edited is None
    assert window.editing.style.first.line.text() == ""
    window.actions_["redo"].trigger()
    assert window.editing.style.first.line.text() == "grey curly hair"


def test_the_button_in_the_line_applies_and_then_takes_away(with_head, qtbot):
    window = with_head
    line = window.editing.style.first.line
    assert not line.end_action.isVisible()
    line.setFocus()
    qtbot.keyClicks(line, "red hair")
    line.completer_.list_.hide()
    assert line.end_action.toolTip().startswith("Apply")
    line.end_action.trigger()
    qtbot.waitUntil(lambda: window.session.edits.look.source is not None, timeout=WAIT)
    settle(window, qtbot)
    assert line.end_action.toolTip() == "Take this style away"
    line.end_action.trigger()
    assert window.session.edits.look.plain
    assert line.text() == ""
    settle(window, qtbot)
    assert window.session.edited is None


def test_what_would_change_nothing_cannot_be_moved(with_head, qtbot):
    style = with_head.editing.style
    assert not style.strength.isEnabled()
    assert not style.keep.isEnabled()
    describe(with_head, qtbot, "red hair")
    assert style.strength.isEnabled()
    assert style.keep.isEnabled()


def test_ctrl_z_in_the_line_takes_typing_back_first_and_then_the_style(with_head, qtbot):
    window = with_head
    describe(window, qtbot, "red hair")
    line = window.editing.style.first.line
    qtbot.keyClicks(line, "!")
    qtbot.keyClick(line, Qt.Key.Key_Z, CTRL)
    assert line.text() == "red hair"
    assert not window.session.edits.look.plain
    qtbot.keyClick(line, Qt.Key.Key_Z, CTRL)
    assert window.session.edits.look.plain


def test_the_line_suggests_words_and_what_was_written_before(with_head, qtbot):
    window = with_head
    window.preferences.add_prompt("a sailor with a white beard")
    line = window.editing.style.first.line
    qtbot.mouseClick(line, LEFT)
    popup = line.completer_.list_
    assert popup.isVisible()
    model = popup.model()
    offered = [model.index(row, 0).data() for row in range(model.rowCount())]
    assert offered[0] == "a sailor with a white beard"
    assert "grey curly hair" in offered
    popup.hide()
    qtbot.keyClicks(line, "old man, full b")
    offered = [model.index(row, 0).data() for row in range(popup.model().rowCount())]
    assert "a full beard" in offered
    assert "tanned skin" not in offered
    qtbot.keyClick(popup, Qt.Key.Key_Down)
    while popup.currentIndex().data() != "a full beard":
        qtbot.keyClick(popup, Qt.Key.Key_Down)
    qtbot.keyClick(popup, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.session.edits.look.source is not None, timeout=WAIT)
    look = window.session.edits.look
    assert look.source.style.description == "old man, a full beard"


def test_a_prompt_about_a_cut_is_applied_and_a_sentence_says_where_cuts_are_made(with_head, qtbot):
    window = with_head
    first = window.editing.style.first
    describe(window, qtbot, "grey curly hair")
    assert not first.hint.isVisible()
    plain = style_of(window)
    describe(window, qtbot, "long red hair")
    assert first.hint.isVisible()
    assert "hair stamp" in first.hint.text()
    below = first.line.geometry().bottom()
    assert below < first.hint.geometry().top() < first.picture.geometry().top()
    assert not np.array_equal(style_of(window), plain)
    window.actions_["undo"].trigger()
    assert not first.hint.isVisible()
    window.actions_["redo"].trigger()
    assert first.hint.isVisible()
    first.line.setText("red hair and a short")
    assert not first.hint.isVisible()
    qtbot.keyClicks(first.line, " beard")
    qtbot.keyClick(first.line, Qt.Key.Key_Return)
    assert not first.hint.isVisible()
    window.editing.style.blend.click()
    second = window.editing.style.second
    qtbot.keyClicks(second.line, "a bob")
    qtbot.keyClick(second.line, Qt.Key.Key_Return)
    assert second.hint.isVisible()
    assert not first.hint.isVisible()


def test_t_goes_to_the_prompt(with_head, qtbot):
    window = with_head
    qtbot.keyClick(window, Qt.Key.Key_T)
    assert window.editing.style.first.line.hasFocus()


def test_the_latest_prompt_wins(make_window, portrait, qtbot):
    window = make_window(seconds=0.3)
    window.opening.open(portrait)
    qtbot.waitUntil(lambda: window.session.head is not None, timeout=WAIT)
    window.editing.style.give_words("red hair")
    window.editing.style.give_words("blond hair")
    qtbot.waitUntil(lambda: window.session.edits.look.source is not None, timeout=WAIT)
    settle(window, qtbot)
    assert window.session.edits.look.source.style.description == "blond hair"
    assert not window.session.history.redo_label
    window.actions_["undo"].trigger()
    assert window.session.edits.look.plain


def drop(widget, path) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path))])
    action, none = Qt.DropAction.CopyAction, Qt.KeyboardModifier.NoModifier
    middle = QPoint(20, 20)
    QApplication.sendEvent(widget, QDragEnterEvent(middle, action, mime, LEFT, none))
    QApplication.sendEvent(widget, QDropEvent(QPointF(middle), action, mime, LEFT, none))


def test_a_dropped_picture_gives_its_style_and_a_thumbnail(with_head, tmp_path, qtbot):
    window = with_head
    reference = face_picture(tmp_path / "bert.png", [(100, 100)])
    assert not window.editing.style.first.line.acceptDrops()  # the panel gets them
    drop(window.editing.style, reference)
    qtbot.waitUntil(lambda: window.session.edits.look.source is not None, timeout=WAIT)
    settle(window, qtbot)
    assert window.session.name == "anna"  # the portrait stays
    source = window.session.edits.look.source
    assert source.style.description == "bert"
    assert source.picture.shape[2] == 3
    assert window.editing.style.first.chip.isVisible()
    assert window.actions_["undo"].text() == "Undo Style “bert”"


def test_a_picture_without_a_face_is_refused_and_the_style_stays(with_head, faceless, qtbot):
    window = with_head
    describe(window, qtbot, "red hair")
    drop(window.editing.style, faceless)
    qtbot.waitUntil(lambda: "No face was found in wall" in window.status.text.text(), timeout=WAIT)
    assert window.session.edits.look.source.style.description == "red hair"


def test_a_pasted_picture_is_a_style_in_the_line_and_from_the_menu(with_head, tmp_path, qtbot):
    window = with_head
    reference = face_picture(tmp_path / "bert.png", [(100, 100)])
    QGuiApplication.clipboard().setImage(QImage(str(reference)))
    line = window.editing.style.first.line
    line.setFocus()
    qtbot.keyClick(line, Qt.Key.Key_V, CTRL)
    qtbot.waitUntil(lambda: window.session.edits.look.source is not None, timeout=WAIT)
    assert window.session.name == "anna"
    window.actions_["own_style"].trigger()
    assert window.session.edits.look.plain
    window.actions_["style_paste"].trigger()
    qtbot.waitUntil(lambda: window.session.edits.look.source is not None, timeout=WAIT)
    QGuiApplication.clipboard().setText("curly hair")
    window.actions_["style_paste"].trigger()
    assert "no picture on the clipboard" in window.status.text.text()


def test_strength_goes_along_the_sphere_from_the_own_style(with_head, qtbot):
    window = with_head
    describe(window, qtbot, "red hair")
    slider = window.editing.style.strength.slider
    slider.setValue(40)
    settle(window, qtbot)
    own = window.session.reading.style
    source = window.session.edits.look.source.style
    np.testing.assert_allclose(style_of(window), blend_styles(own, source, 0.4).vector, atol=1e-6)


def test_a_slider_dragged_is_one_step(with_head, qtbot):
    window = with_head
    describe(window, qtbot, "red hair")
    slider = window.editing.style.keep.slider
    slider.setSliderDown(True)
    for value in (45, 30, 20):
        slider.setSliderPosition(value)
    slider.setSliderDown(False)
    settle(window, qtbot)
    assert window.session.edited.request.keep_identity == pytest.approx(0.2)
    assert window.actions_["undo"].text() == "Undo Keep the Photograph"
    window.actions_["undo"].trigger()
    assert window.session.edits.look.keep == KEEP
    assert window.editing.style.keep.slider.value() == 100 * KEEP
    assert window.actions_["undo"].text() == "Undo Style “red hair”"


def test_two_styles_blend(with_head, qtbot):
    window = with_head
    describe(window, qtbot, "red hair")
    style = window.editing.style
    style.blend.click()
    assert style.second.line.isVisible()
    assert not style.share.isEnabled()
    qtbot.keyClicks(style.second.line, "an old man")
    qtbot.keyClick(style.second.line, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.session.edits.look.second is not None, timeout=WAIT)
    style.share.slider.setValue(30)
    settle(window, qtbot)
    look = window.session.edits.look
    expected = blend_styles(look.source.style, look.second.style, 0.3)
    np.testing.assert_allclose(style_of(window), expected.vector, atol=1e-6)
    style.blend.click()
    settle(window, qtbot)
    assert window.session.edits.look.second is None
    assert not style.second.line.isVisible()


def test_variations_lie_around_the_style_and_come_again_with_their_seed(with_head, qtbot):
    window = with_head
    describe(window, qtbot, "red hair")
    qtbot.mouseClick(window.editing.style.variations, LEFT)
    results = window.editing.results
    qtbot.waitUntil(lambda: len(results.items) == 6, timeout=WAIT)  # original, red hair, four
    assert results.shown.number == 1
    seeds = [item.wanted.key.look.seed for item in results.items[2:]]
    assert seeds == [1, 2, 3, 4]
    source = window.session.edits.look.source.style
    for item, seed in zip(results.items[2:], seeds, strict=True):
        vector = item.wanted.request.style.vector
        assert vector @ source.vector == pytest.approx(np.cos(0.35), abs=1e-3)
        np.testing.assert_allclose(vector, vary_style(source, 0.35, seed).vector, atol=1e-6)
    results.restore(results.items[3])
    settle(window, qtbot)
    np.testing.assert_allclose(style_of(window), vary_style(source, 0.35, 2).vector, atol=1e-6)


def test_a_style_asked_for_before_the_face_was_read_reads_it(with_head, qtbot):
    window = with_head
    assert window.session.reading is None
    describe(window, qtbot, "grey curly hair")
    assert window.session.reading is not None
    assert window.portrait_panel.isVisible()  # the photograph stays in view


def test_the_face_is_read_while_one_begins_to_write(with_head, qtbot):
    window = with_head
    qtbot.mouseClick(window.editing.style.first.line, LEFT)
    qtbot.waitUntil(lambda: window.session.reading is not None, timeout=WAIT)
    assert window.session.edited is None
    assert window.session.edits.look.plain


def test_damaged_preferences_lose_only_what_is_damaged(tmp_path):
    path = tmp_path / "preferences.json"
    path.write_text('{"prompts": ["red hair", 3, null], "recent": "x", "theme": "light"}')
    stored = Preferences.load(path)
    assert stored.prompts == ["red hair"]
    assert stored.recent == []
    assert stored.theme == "light"
