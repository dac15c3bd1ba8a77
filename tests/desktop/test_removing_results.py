"""Taking results out of the filmstrip, and undoing that."""

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QApplication, QMenu

from desktop.filmstrip import results as results_module
from inference.face_map.labels import Label
from tests.desktop.editing import LEFT, WAIT, colours, settle, stroke
from tests.desktop.test_editing_results import frame_of, with_results

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def remove(window, qtbot, result):
    """Right-click a result and choose the entry of its menu."""
    frame, strip = frame_of(window, result), window.editing.strip
    where = frame.rect().center()
    qtbot.mouseClick(frame, Qt.MouseButton.RightButton, pos=where)
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, where, frame.mapToGlobal(where))
    QApplication.sendEvent(frame, event)
    qtbot.waitUntil(lambda: any(menu.isVisible() for menu in strip.findChildren(QMenu)))
    menu = next(menu for menu in strip.findChildren(QMenu) if menu.isVisible())
    entry = next(a for a in menu.actions() if a.text() == "Remove from the Strip")
    qtbot.mouseClick(menu, LEFT, pos=menu.actionGeometry(entry).center())
    qtbot.waitUntil(lambda: not menu.isVisible())
    window.activateWindow()  # which the offscreen platform does not do when a menu closes
    qtbot.waitUntil(window.isActiveWindow, timeout=WAIT)


def undo(window, qtbot):
    """Press Ctrl+Z where the keyboard is."""
    qtbot.keyClick(QApplication.focusWidget() or window, Qt.Key.Key_Z, CTRL)


def redo(window, qtbot):
    """Press Ctrl+Shift+Z where the keyboard is."""
    qtbot.keyClick(QApplication.focusWidget() or window, Qt.Key.Key_Z, CTRL | SHIFT)


def titles(window):
    """What the strip shows from left to right; it is what `items` says."""
    QApplication.sendPostedEvents()
    window.editing.strip.layout().activate()
    frames = window.editing.strip.frames
    assert [frame.result for frame in frames] == window.editing.results.items
    row = window.editing.strip._row
    seen = [row.itemAt(index).widget() for index in range(row.count())]
    assert [frame for frame in seen if frame is not None] == frames
    return [frame.result.title for frame in frames]


def test_a_removed_result_comes_back_in_its_place_with_its_head(with_head, qtbot):
    window = with_head
    results = with_results(window, qtbot)
    removed, newest = results.items[1], colours(window)
    qtbot.mouseClick(frame_of(window, removed), LEFT)
    settle(window, qtbot)
    there = colours(window)
    labels = window.session.face_map.labels.copy()
    undo(window, qtbot)
    settle(window, qtbot)
    remove(window, qtbot, removed)
    assert titles(window) == ["Original", "2"]
    np.testing.assert_array_equal(colours(window), newest)  # nothing else changes
    assert window.actions_["undo"].text() == "Undo Remove Result 1"
    undo(window, qtbot)
    assert titles(window) == ["Original", "1", "2"]
    assert results.items[1] is removed
    assert window.actions_["redo"].text() == "Redo Remove Result 1"
    redo(window, qtbot)
    assert titles(window) == ["Original", "2"]
    undo(window, qtbot)
    window.editing.maker._heads.clear()  # forgotten, so it has to be made again
    qtbot.mouseClick(frame_of(window, removed), LEFT)
    settle(window, qtbot)
    assert results.shown is removed
    np.testing.assert_array_equal(colours(window), there)
    np.testing.assert_array_equal(window.session.face_map.labels, labels)
    assert titles(window) == ["Original", "1", "2"]


def test_removing_is_one_of_the_steps_in_their_order(with_head, qtbot):
    window = with_head
    results = with_results(window, qtbot)
    panel = window.editing.left.painting
    remove(window, qtbot, results.items[1])
    stroke(panel, qtbot, Label.GLASSES, y=240)
    settle(window, qtbot)
    remove(window, qtbot, results.items[1])
    assert titles(window) == ["Original", "3"]
    painted = panel.document.labels.copy()
    undone = []
    for expected in (
        ["Original", "2", "3"],
        ["Original", "2", "3"],
        ["Original", "1", "2", "3"],
    ):
        undone.append(window.actions_["undo"].text())
        undo(window, qtbot)
        settle(window, qtbot)
        assert titles(window) == expected
    assert undone == ["Undo Remove Result 2", "Undo Brush Glasses", "Undo Remove Result 1"]
    assert results.shown is results.items[2]
    for _ in range(3):
        redo(window, qtbot)
        settle(window, qtbot)
    assert titles(window) == ["Original", "3"]
    np.testing.assert_array_equal(panel.document.labels, painted)


def test_another_result_is_compared_while_the_compared_one_is_removed(with_head, qtbot):
    window = with_head
    results = with_results(window, qtbot)
    stroke(window.editing.left.painting, qtbot, Label.GLASSES, y=240)
    settle(window, qtbot)
    compared, shown = results.items[1], results.items[3]
    qtbot.mouseClick(frame_of(window, compared), LEFT, CTRL)
    beside = window.editing.beside.view
    assert (beside.caption, window.viewport.caption) == ("1", "3")
    remove(window, qtbot, compared)
    assert results.pair == (results.items[1], shown)
    assert (beside.caption, window.viewport.caption) == ("2", "3")
    assert beside.isVisible()
    undo(window, qtbot)
    assert results.pair == (compared, shown)
    assert (beside.caption, window.viewport.caption) == ("1", "3")
    head = window.editing.maker.head_of(compared.wanted).gaussians
    qtbot.waitUntil(
        lambda: beside.frames.last is not None and beside.frames.last.request.gaussians is head,
        timeout=WAIT,
    )


def test_a_removed_head_that_is_made_again_returns_to_the_strip(with_head, qtbot):
    window = with_head
    results = with_results(window, qtbot)
    hat = results.items[1]
    remove(window, qtbot, hat)
    qtbot.mouseClick(window.editing.style.own, LEFT)  # the hat in the portrait's own style again
    settle(window, qtbot)
    assert titles(window) == ["Original", "1", "2"]
    assert results.shown is hat
    undo(window, qtbot)
    settle(window, qtbot)
    assert results.shown is results.items[2]
    undo(window, qtbot)
    assert titles(window) == ["Original", "1", "2"]


def test_a_new_result_goes_on_counting_after_one_was_removed(with_head, qtbot):
    window = with_head
    results = with_results(window, qtbot)
    qtbot.mouseClick(frame_of(window, results.items[1]), LEFT)
    settle(window, qtbot)
    remove(window, qtbot, results.items[2])
    stroke(window.editing.left.painting, qtbot, Label.GLASSES, y=240)
    settle(window, qtbot)
    assert titles(window) == ["Original", "1", "3"]
    undo(window, qtbot)
    undo(window, qtbot)
    settle(window, qtbot)
    assert titles(window) == ["Original", "1", "2", "3"]


def test_another_portrait_begins_with_an_empty_strip_and_nothing_removed(with_head, pair, qtbot):
    window = with_head
    results = with_results(window, qtbot)
    remove(window, qtbot, results.items[1])
    window.opening.open(pair)
    qtbot.waitUntil(lambda: window.session.name == "pair", timeout=WAIT)
    qtbot.waitUntil(lambda: window.session.head is not None, timeout=WAIT)
    assert results.items == []
    with_results(window, qtbot)
    assert titles(window) == ["Original", "1", "2"]


@pytest.mark.parametrize("removed", [False, True])
def test_the_oldest_results_go_for_good(with_head, qtbot, monkeypatch, removed):
    monkeypatch.setattr(results_module, "LIMIT", 2)
    window = with_head
    results = with_results(window, qtbot)
    if removed:
        remove(window, qtbot, results.items[1])
    for y in (200, 300):
        stroke(window.editing.left.painting, qtbot, Label.GLASSES, y=y)
        settle(window, qtbot)
    assert titles(window) == ["Original", "3", "4"]
    if removed:
        for _ in range(3):
            undo(window, qtbot)
        settle(window, qtbot)
        assert titles(window)[:2] == ["Original", "1"]
