"""Keys and menus of the painting panel: classes, patches, opacity and stamps."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction, QContextMenuEvent
from PySide6.QtWidgets import QApplication, QMenu, QWidget

from desktop.painting.panel import PaintingPanel
from desktop.painting.state import MapView
from desktop.shortcuts import PAINT_ACTIONS
from inference.face_map.document import FaceMapDocument
from inference.face_map.labels import Label
from inference.face_map.stamps.stamp import Stamp
from tests.desktop.painting import ALT, LEFT, SHIFT, click, head, label_at, open_panel, pixel


@pytest.fixture
def panel(qapp: QApplication, qtbot) -> PaintingPanel:
    return open_panel(qapp, qtbot)


def choose(qtbot, menu: QMenu, text: str) -> None:
    """Click an entry of an open menu."""
    assert menu.isVisible()
    action = next(action for action in menu.actions() if action.text() == text)
    qtbot.mouseClick(menu, LEFT, pos=menu.actionGeometry(action).center())


def right_click(widget: QWidget) -> None:
    place = QPoint(12, 12)
    event = QContextMenuEvent(
        QContextMenuEvent.Reason.Mouse, place, widget.mapToGlobal(place), Qt.KeyboardModifier(0)
    )
    QApplication.sendEvent(widget, event)


def class_menu_of(panel, label: Label) -> QMenu:
    """The menu that a right click on a class opened."""
    return next(
        menu
        for menu in panel.classes.findChildren(QMenu)
        if menu.isVisible() and menu.title() == label.title
    )


def test_h_hides_the_class_and_shows_it_again(panel, qtbot):
    panel.state.set(opacity=1.0)
    shown = pixel(panel, 256, 130)
    qtbot.keyClick(panel.canvas, Qt.Key.Key_H)
    assert panel.hint.text() == "Hair is hidden."
    assert not panel.classes.rows[Label.HAIR].eye.isChecked()
    assert pixel(panel, 256, 130) != shown
    qtbot.keyClick(panel.canvas, Qt.Key.Key_H)
    assert pixel(panel, 256, 130) == shown


def test_k_locks_the_class_and_n_leaves_only_it_to_be_painted_over(panel, qtbot):
    panel.state.set(label=Label.FACE)
    qtbot.keyClick(panel.canvas, Qt.Key.Key_K)
    assert panel.hint.text() == "Face is locked: nothing paints over it."
    panel.state.set(label=Label.HAT)
    click(qtbot, panel, 256, 300)
    np.testing.assert_array_equal(panel.document.labels, head())
    panel.state.set(label=Label.FACE)
    qtbot.keyClick(panel.canvas, Qt.Key.Key_K)
    qtbot.keyClick(panel.canvas, Qt.Key.Key_N)
    assert panel.hint.text() == "Only Face can be painted over now."
    panel.state.set(label=Label.HAT)
    click(qtbot, panel, 256, 130)
    np.testing.assert_array_equal(panel.document.labels, head())
    click(qtbot, panel, 256, 300)
    assert label_at(panel, 256, 300) == Label.HAT


def test_shift_k_shows_and_unlocks_all(panel, qtbot):
    assert not panel.actions_["free_classes"].isEnabled()
    for key in (Qt.Key.Key_H, Qt.Key.Key_K, Qt.Key.Key_N):
        qtbot.keyClick(panel.canvas, key)
    qtbot.keyClick(panel.canvas, Qt.Key.Key_K, SHIFT)
    assert not panel.state.hidden
    assert not panel.document.locked
    assert not panel.document.only_over
    assert not panel.classes.clear.isVisible()


def test_j_switches_between_a_patch_and_all_of_a_class(panel, qtbot):
    qtbot.keyClick(panel.canvas, Qt.Key.Key_G)
    qtbot.keyClick(panel.canvas, Qt.Key.Key_J)
    assert not panel.options.contiguous.isChecked()
    assert "all of the class" in panel.hint.text()
    qtbot.keyClick(panel.canvas, Qt.Key.Key_J)
    assert panel.options.contiguous.isChecked()
    assert "only the clicked patch" in panel.hint.text()


def test_o_and_shift_o_change_the_opacity_where_there_is_one(panel, qtbot):
    faint = pixel(panel, 256, 300).red()  # the photograph is black
    for _ in range(8):
        qtbot.keyClick(panel.canvas, Qt.Key.Key_O)
    assert panel.state.opacity == 1.0
    assert panel.options.opacity.value() == 100
    assert pixel(panel, 256, 300).red() > faint
    qtbot.keyClick(panel.canvas, Qt.Key.Key_O, SHIFT)
    assert panel.state.opacity == pytest.approx(0.9)
    for _ in range(12):
        qtbot.keyClick(panel.canvas, Qt.Key.Key_O, SHIFT)
    assert panel.state.opacity == pytest.approx(0.1)
    qtbot.keyClick(panel.canvas, Qt.Key.Key_2, ALT)
    qtbot.keyClick(panel.canvas, Qt.Key.Key_O)
    assert panel.state.opacity == pytest.approx(0.1)  # outlines have none


def test_a_opens_the_stamps_and_one_lands_on_the_face(panel, qtbot):
    qtbot.keyClick(panel.canvas, Qt.Key.Key_A)
    choose(qtbot, panel.strip.stamps.menu(), Stamp.DARK_GLASSES.value)
    assert (panel.document.labels == Label.GLASSES).any()
    panel.set_document(FaceMapDocument(head()))
    qtbot.keyClick(panel.canvas, Qt.Key.Key_A)
    assert not panel.strip.stamps.menu().isVisible()  # no face was found


def test_up_and_down_go_through_the_classes_while_the_map_has_the_focus(panel, qtbot):
    qtbot.keyClick(panel.canvas, Qt.Key.Key_Down)
    assert panel.state.label is Label.GLASSES
    for _ in range(2):
        qtbot.keyClick(panel.canvas, Qt.Key.Key_Up)
    assert panel.state.label is Label.UPPER_LIP


def test_a_right_click_on_a_class_offers_its_toggles_and_keeps_the_chosen_one(panel, qtbot):
    nose = panel.classes.rows[Label.NOSE]
    for text, button, usually in (
        ("Visible", nose.eye, True),
        ("Locked", nose.lock, False),
        ("Paint Only Over", nose.only_over, False),
    ):
        for on in (not usually, usually):
            right_click(nose.name)
            menu = class_menu_of(panel, Label.NOSE)
            entry = next(action for action in menu.actions() if action.text() == text)
            assert entry.isChecked() is not on
            choose(qtbot, menu, text)
            assert button.isChecked() is on
    assert panel.state.label is Label.HAIR
    assert panel.classes.rows[Label.HAIR].eye.isChecked()


def test_the_menu_key_opens_the_menu_of_the_chosen_class(panel, qtbot):
    panel.classes.setFocus()
    event = QContextMenuEvent(
        QContextMenuEvent.Reason.Keyboard, QPoint(), QPoint(), Qt.KeyboardModifier(0)
    )
    QApplication.sendEvent(panel.classes, event)
    choose(qtbot, class_menu_of(panel, Label.HAIR), "Locked")
    assert panel.document.locked == {Label.HAIR}


def entries(menu: QMenu) -> list[QAction]:
    """All actions of a menu and of its submenus."""
    found = []
    for action in menu.actions():
        found.append(action)
        if action.menu() is not None:
            found += entries(action.menu())
    return found


def test_the_paint_menu_has_every_action_of_the_table_and_the_stamps(panel):
    menu = QMenu("Paint", panel)
    panel.actions_.fill(menu)
    found = entries(menu)
    for spec in PAINT_ACTIONS:
        assert panel.actions_[spec.id] in found, spec.id
    assert {stamp.value for stamp in Stamp} <= {action.text() for action in found}


def test_the_paint_menu_speaks_of_the_class_that_is_painted(panel, qtbot):
    panel.actions_["locked"].trigger()
    assert panel.document.locked == {Label.HAIR}
    assert panel.actions_["locked"].text() == "Lock Hair"
    assert panel.actions_["locked"].isChecked()
    qtbot.mouseClick(panel.classes.rows[Label.NOSE], LEFT)
    assert panel.actions_["locked"].text() == "Lock Nose"
    assert not panel.actions_["locked"].isChecked()
    qtbot.mouseClick(panel.classes.rows[Label.NOSE].lock, LEFT)
    assert panel.actions_["locked"].isChecked()
    panel.state.set(view=MapView.OUTLINE)
    assert not panel.actions_["more_opaque"].isEnabled()
