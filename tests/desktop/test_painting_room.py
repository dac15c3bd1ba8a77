"""What of painting can be reached in windows of usual sizes, and in the smallest one."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QApplication, QMenu

from inference.face_map.labels import Label
from tests.desktop.editing import LEFT, WAIT, begin_painting
from tests.desktop.painting import slide

SHIFT = Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def panel_in(with_head, qtbot):
    """Gives the painting panel in the window at a size."""

    def paint(width: int, height: int):
        with_head.resize(width, height)
        panel = begin_painting(with_head, qtbot)
        qtbot.waitUntil(lambda: with_head.width() == width, timeout=WAIT)
        QApplication.processEvents()
        return panel

    return paint


def wholly_visible(widget) -> bool:
    return widget.isVisible() and widget.visibleRegion().boundingRect() == widget.rect()


@pytest.mark.parametrize("size", [(1280, 820), (1440, 900), (1600, 900)])
def test_toggles_and_opacity_are_there_and_work_at_usual_sizes(panel_in, qtbot, size):
    panel = panel_in(*size)
    for label in (Label.BACKGROUND, Label.INNER_MOUTH):
        row = panel.classes.rows[label]
        for button, what in (
            (row.eye, "shown"),
            (row.lock, "locked"),
            (row.only_over, "only_over"),
        ):
            assert wholly_visible(button)
            before = panel.classes.is_on(label, what)
            qtbot.mouseClick(button, LEFT)
            assert panel.classes.is_on(label, what) is not before
        assert row.name.width() >= row.name.fontMetrics().horizontalAdvance(label.title)
    slider = panel.options.opacity
    qtbot.waitUntil(lambda: wholly_visible(slider), timeout=WAIT)
    slide(qtbot, slider, 0.0)
    assert panel.state.opacity == pytest.approx(0.1)
    slide(qtbot, slider, 1.0)
    assert panel.state.opacity == 1.0


@pytest.mark.parametrize("tool", [Qt.Key.Key_B, Qt.Key.Key_G, Qt.Key.Key_L, Qt.Key.Key_I])
def test_no_option_of_a_tool_is_cut_off_or_drives_out_the_opacity(panel_in, qtbot, tool):
    panel = panel_in(1280, 820)
    qtbot.keyClick(panel.canvas, tool)
    QApplication.processEvents()
    bar = panel.options
    for part in (bar.size_slider, bar.mirror, bar.contiguous, bar.does, bar.opacity):
        assert not part.isVisible() or wholly_visible(part)
    assert bar.opacity.isVisible()


def test_names_are_whole_beside_the_scroll_bar_of_a_low_window(panel_in, qtbot):
    panel = panel_in(1280, 560)
    name = panel.classes.rows[Label.BACKGROUND].name
    needed = name.fontMetrics().horizontalAdvance(name.text())
    qtbot.waitUntil(lambda: name.width() >= needed, timeout=WAIT)


def test_in_the_smallest_window_menus_have_what_the_panel_leaves_out(panel_in, qtbot):
    panel = panel_in(940, 520)
    assert not panel.options.opacity.isVisible()
    row = panel.classes.rows[Label.RIGHT_EAR]
    assert not row.lock.isVisible()
    place = QPoint(8, 8)
    event = QContextMenuEvent(
        QContextMenuEvent.Reason.Mouse, place, row.mapToGlobal(place), Qt.KeyboardModifier(0)
    )
    QApplication.sendEvent(row, event)
    menu = next(menu for menu in panel.classes.findChildren(QMenu) if menu.isVisible())
    assert menu.actions()[0].text() == "Right ear"  # the row shows only its colour
    locked = next(action for action in menu.actions() if action.text() == "Locked")
    qtbot.mouseClick(menu, LEFT, pos=menu.actionGeometry(locked).center())
    assert panel.document.locked == {Label.RIGHT_EAR}
    before = panel.state.opacity
    qtbot.keyClick(panel.canvas, Qt.Key.Key_O, SHIFT)
    assert panel.state.opacity < before
    titles = {action.text(): action.menu() for action in panel.window().menuBar().actions()}
    texts = [action.text() for action in titles["Paint"].actions()]
    assert {"Stamps", "Show Hair", "Lock Hair", "Paint Only Over Hair", "Map View"} <= set(texts)
