"""Painting on the face map with real mouse and key events."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QApplication, QLabel, QMainWindow, QToolButton

from desktop.main_window.help_sheet import HelpSheet
from desktop.painting.panel import PaintingPanel
from desktop.painting.state import LARGEST, LassoDoes, MapView, Tool
from desktop.shortcuts import ACTIONS, PAINT_ACTIONS, PAINT_GESTURES
from desktop.theme import LIGHT, apply_theme
from inference.face_map.document import SIZE, FaceMapDocument
from inference.face_map.files import read_face_map
from inference.face_map.labels import Label
from inference.face_map.stamps.stamp import Stamp
from tests.desktop.painting import (
    ALT,
    CTRL,
    LEFT,
    SHIFT,
    WAIT,
    at,
    click,
    drag,
    head,
    label_at,
    landmarks,
    open_panel,
    pixel,
    wheel,
)


@pytest.fixture
def panel(qapp: QApplication, qtbot) -> PaintingPanel:
    return open_panel(qapp, qtbot)


def test_a_drag_paints_the_chosen_class_and_tells_the_whole_map_once(panel, qtbot):
    maps = []
    panel.edited.connect(maps.append)
    qtbot.mouseClick(panel.classes.rows[Label.HAT], LEFT)
    drag(qtbot, panel, (100, 80), (200, 80))
    assert label_at(panel, 150, 80) == Label.HAT
    assert len(maps) == 1
    np.testing.assert_array_equal(maps[0], panel.document.labels)
    assert panel.document.history.undo_title == "Brush Hat"


def test_undo_and_redo_keys_are_the_maps_wherever_the_focus_is_in_the_panel(panel, qtbot):
    drag(qtbot, panel, (100, 80), (200, 80))
    painted = panel.document.labels.copy()
    qtbot.keyClick(panel.canvas, Qt.Key.Key_Z, CTRL)
    np.testing.assert_array_equal(panel.document.labels, head())
    qtbot.keyClick(panel.options.size_slider, Qt.Key.Key_Z, CTRL | SHIFT)
    np.testing.assert_array_equal(panel.document.labels, painted)
    qtbot.keyClick(panel.classes, Qt.Key.Key_Z, CTRL)
    qtbot.keyClick(panel.canvas, Qt.Key.Key_Y, CTRL)
    np.testing.assert_array_equal(panel.document.labels, painted)


def test_ctrl_erases_what_was_painted(panel, qtbot):
    panel.state.set(label=Label.GLASSES)
    drag(qtbot, panel, (200, 250), (300, 250))
    drag(qtbot, panel, (190, 250), (310, 250), modifier=CTRL)
    assert label_at(panel, 250, 250) == Label.FACE


def test_escape_takes_back_the_stroke_under_the_mouse(panel, qtbot):
    qtbot.mousePress(panel.canvas, LEFT, pos=at(panel, 100, 80))
    qtbot.mouseMove(panel.canvas, at(panel, 150, 80))
    qtbot.keyClick(panel.canvas, Qt.Key.Key_Escape)
    qtbot.mouseMove(panel.canvas, at(panel, 200, 80))
    qtbot.mouseRelease(panel.canvas, LEFT, pos=at(panel, 200, 80))
    np.testing.assert_array_equal(panel.document.labels, head())


def test_undo_in_the_middle_of_a_stroke_ends_it(panel, qtbot):
    drag(qtbot, panel, (100, 80), (200, 80))
    first = panel.document.labels.copy()
    for tool in (Tool.BRUSH, Tool.MOVE):
        panel.state.set(tool=tool)
        qtbot.mousePress(panel.canvas, LEFT, pos=at(panel, 150, 80))
        qtbot.mouseMove(panel.canvas, at(panel, 150, 120))
        assert not np.array_equal(panel.document.labels, first)
        qtbot.keyClick(panel.canvas, Qt.Key.Key_Z, CTRL)
        qtbot.mouseMove(panel.canvas, at(panel, 150, 140))
        qtbot.mouseRelease(panel.canvas, LEFT, pos=at(panel, 150, 140))
        np.testing.assert_array_equal(panel.document.labels, first)


def test_inside_a_window_its_own_undo_and_esc_wait(panel, qtbot):
    window = QMainWindow()
    qtbot.addWidget(window)
    window.setCentralWidget(panel)
    heard = []
    for key in ("Ctrl+Z", "Esc"):
        action = QAction(key, window)
        action.setShortcut(QKeySequence(key))
        action.triggered.connect(lambda _=False, key=key: heard.append(key))
        window.addAction(action)
    window.resize(1000, 640)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=WAIT)
    panel.canvas.setFocus()
    drag(qtbot, panel, (100, 80), (200, 80))
    qtbot.keyClick(panel.canvas, Qt.Key.Key_Z, CTRL)
    np.testing.assert_array_equal(panel.document.labels, head())
    qtbot.keyClick(panel.canvas, Qt.Key.Key_L)
    click(qtbot, panel, 100, 80)
    qtbot.keyClick(panel.canvas, Qt.Key.Key_Escape)
    assert heard == []
    qtbot.keyClick(panel.canvas, Qt.Key.Key_Escape)  # nothing is held any more
    assert heard == ["Esc"]
    window.takeCentralWidget()


def test_painting_a_hidden_class_is_said(panel, qtbot):
    qtbot.mouseClick(panel.classes.rows[Label.HAIR].eye, LEFT)
    click(qtbot, panel, 100, 80)
    assert "hidden" in panel.hint.text()


def test_shift_draws_a_straight_line_from_the_last_stroke(panel, qtbot):
    panel.state.set(label=Label.NECKLACE, radius=4)
    click(qtbot, panel, 100, 460)
    click(qtbot, panel, 300, 460, SHIFT)
    assert (panel.document.labels[460, 100:300] == Label.NECKLACE).all()


def test_brackets_and_alt_wheel_size_the_brush(panel, qtbot):
    before = panel.state.radius
    qtbot.keyClick(panel.canvas, Qt.Key.Key_BracketRight)
    assert panel.state.radius > before
    qtbot.keyClick(panel.canvas, Qt.Key.Key_BracketLeft)
    assert panel.state.radius == pytest.approx(before, rel=0.05)
    zoom = panel.canvas.placement.zoom
    wheel(panel, 250, 250, 3, ALT)
    assert panel.state.radius > 1.3 * before
    assert panel.canvas.placement.zoom == zoom
    for _ in range(60):
        qtbot.keyClick(panel.canvas, Qt.Key.Key_BracketRight)
    assert panel.state.radius == LARGEST


def test_the_wheel_zooms_at_the_cursor_and_space_pans(panel, qtbot):
    before = panel.canvas.to_widget(300, 200)
    wheel(panel, 300, 200, 4)
    after = panel.canvas.to_widget(300, 200)
    assert panel.canvas.placement.zoom > 2
    assert (after - before).manhattanLength() < 3
    qtbot.keyPress(panel.canvas, Qt.Key.Key_Space)
    start = panel.canvas.to_widget(300, 200).toPoint()
    qtbot.mousePress(panel.canvas, LEFT, pos=start)
    qtbot.mouseMove(panel.canvas, start + QPoint(40, 25))
    qtbot.mouseRelease(panel.canvas, LEFT, pos=start + QPoint(40, 25))
    qtbot.keyRelease(panel.canvas, Qt.Key.Key_Space)
    moved = panel.canvas.to_widget(300, 200).toPoint() - start
    assert moved == QPoint(40, 25)
    np.testing.assert_array_equal(panel.document.labels, head())
    qtbot.keyClick(panel.canvas, Qt.Key.Key_0)
    assert panel.canvas.placement.zoom == 1


def test_fill_takes_a_patch_or_the_whole_class(panel, qtbot):
    panel.state.set(label=Label.HAT)
    qtbot.keyClick(panel.canvas, Qt.Key.Key_G)
    assert panel.state.tool is Tool.FILL
    click(qtbot, panel, 256, 130)
    np.testing.assert_array_equal(panel.document.labels == Label.HAT, head() == Label.HAIR)
    click(qtbot, panel, 256, 130, CTRL)
    assert not (panel.document.labels == Label.HAT).any()


def test_a_drawn_lasso_fills_erases_and_restores(panel, qtbot):
    qtbot.keyClick(panel.canvas, Qt.Key.Key_L)
    panel.state.set(label=Label.HAT)
    square = ((40, 40), (100, 40), (100, 100), (40, 100))
    drag(qtbot, panel, *square)
    assert label_at(panel, 70, 70) == Label.HAT
    panel.state.set(lasso_does=LassoDoes.RESTORE)
    drag(qtbot, panel, (35, 35), (70, 35), (70, 105), (35, 105))
    assert label_at(panel, 50, 70) == Label.BACKGROUND
    assert label_at(panel, 90, 70) == Label.HAT
    panel.state.set(lasso_does=LassoDoes.ERASE)
    drag(qtbot, panel, (30, 30), (110, 30), (110, 110), (30, 110))
    np.testing.assert_array_equal(panel.document.labels, head())


def test_a_polygon_is_clicked_and_closed_with_enter_or_given_up(panel, qtbot):
    qtbot.keyClick(panel.canvas, Qt.Key.Key_L)
    panel.state.set(label=Label.HAT)
    for corner in ((40, 40), (120, 40), (300, 300), (120, 120), (40, 120)):
        click(qtbot, panel, *corner)
        if corner == (300, 300):
            qtbot.keyClick(panel.canvas, Qt.Key.Key_Backspace)
    assert not (panel.document.labels == Label.HAT).any()
    qtbot.keyClick(panel.canvas, Qt.Key.Key_Return)
    assert (panel.document.labels == Label.HAT).sum() == pytest.approx(80 * 80, rel=0.05)
    for corner in ((240, 40), (320, 40), (320, 120)):
        click(qtbot, panel, *corner)
    qtbot.keyClick(panel.canvas, Qt.Key.Key_Escape)
    qtbot.keyClick(panel.canvas, Qt.Key.Key_Return)
    assert (panel.document.labels == Label.HAT).sum() == pytest.approx(80 * 80, rel=0.05)


def test_a_region_is_moved_scaled_nudged_and_each_is_one_step(panel, qtbot):
    panel.state.set(label=Label.NOSE, radius=20)
    click(qtbot, panel, 256, 280)
    qtbot.keyClick(panel.canvas, Qt.Key.Key_V)
    before = panel.document.labels.copy()
    drag(qtbot, panel, (256, 280), (286, 300))
    assert label_at(panel, 286, 300) == Label.NOSE
    assert label_at(panel, 256, 280) == Label.NOSE or label_at(panel, 242, 266) == Label.FACE
    assert label_at(panel, 242, 268) == Label.FACE
    moved = panel.document.labels.copy()
    drag(qtbot, panel, (306, 320), (326, 340))  # the lower right handle
    assert (panel.document.labels == Label.NOSE).sum() > 1.8 * (before == Label.NOSE).sum()
    scaled = panel.document.labels.copy()
    qtbot.keyClick(panel.canvas, Qt.Key.Key_Right)
    assert not np.array_equal(panel.document.labels, scaled)
    for state in (scaled, moved, before):
        panel.undo()
        np.testing.assert_array_equal(panel.document.labels, state)


def test_after_undo_the_move_tool_lifts_anew(panel, qtbot):
    panel.state.set(label=Label.NOSE, radius=20)
    click(qtbot, panel, 256, 280)
    qtbot.keyClick(panel.canvas, Qt.Key.Key_V)
    drag(qtbot, panel, (256, 280), (256, 330))
    panel.undo()
    drag(qtbot, panel, (256, 280), (300, 280))
    assert (panel.document.labels == Label.NOSE).sum() == pytest.approx(np.pi * 400, rel=0.1)
    assert label_at(panel, 256, 330) == Label.FACE


def test_pick_chooses_the_class_and_goes_back_to_the_brush(panel, qtbot):
    qtbot.keyClick(panel.canvas, Qt.Key.Key_I)
    click(qtbot, panel, 256, 450)
    assert panel.state.label is Label.CLOTH
    assert panel.state.tool is Tool.BRUSH
    click(qtbot, panel, 256, 300, ALT)
    assert panel.state.label is Label.FACE
    np.testing.assert_array_equal(panel.document.labels, head())


def test_the_mirror_brush_paints_the_other_side(panel, qtbot):
    panel.state.set(label=Label.LEFT_BROW, radius=8)
    qtbot.keyClick(panel.canvas, Qt.Key.Key_M)
    drag(qtbot, panel, (290, 215), (330, 215))
    left, right = (
        np.nonzero(panel.document.labels == label)[1].mean()
        for label in (Label.LEFT_BROW, Label.RIGHT_BROW)
    )
    assert left + right == pytest.approx(512, abs=8)


def test_a_locked_class_stays_and_the_panel_says_why(panel, qtbot):
    qtbot.mouseClick(panel.classes.rows[Label.FACE].lock, LEFT)
    click(qtbot, panel, 256, 300)
    np.testing.assert_array_equal(panel.document.labels, head())
    assert "Face is locked" in panel.hint.text()
    qtbot.mouseClick(panel.classes.clear, LEFT)
    click(qtbot, panel, 256, 300)
    assert label_at(panel, 256, 300) == Label.HAIR


def test_painting_only_over_one_class(panel, qtbot):
    qtbot.mouseClick(panel.classes.rows[Label.FACE].only_over, LEFT)
    panel.state.set(label=Label.GLASSES, radius=60)
    click(qtbot, panel, 256, 180)
    changed = panel.document.labels != head()
    assert changed.any()
    assert (head()[changed] == Label.FACE).all()


def test_hidden_classes_and_opacity_show_the_photograph(panel, qtbot):
    panel.state.set(opacity=1.0)
    solid = pixel(panel, 256, 130)
    qtbot.mouseClick(panel.classes.rows[Label.HAIR].eye, LEFT)
    assert pixel(panel, 256, 130) != solid
    assert pixel(panel, 256, 300).red() > 200
    panel.state.set(opacity=0.1)
    assert pixel(panel, 256, 300).red() < 60


def test_views_show_the_same_map_in_their_own_way(panel, qtbot):
    panel.state.set(opacity=1.0)
    inside, border = (256, 300), (256, 180)
    qtbot.keyClick(panel.canvas, Qt.Key.Key_2, ALT)
    assert panel.state.view is MapView.OUTLINE
    assert pixel(panel, *inside).lightness() < 10
    assert pixel(panel, *border).lightness() > 60
    qtbot.keyClick(panel.canvas, Qt.Key.Key_3, ALT)
    assert pixel(panel, *inside).red() > 200
    drag(qtbot, panel, inside, (280, 300))
    assert label_at(panel, 270, 300) == Label.HAIR


def test_what_is_painted_is_seen_at_once(panel, qtbot):
    panel.state.set(opacity=1.0, label=Label.GLASSES)
    panel.canvas.grab()
    qtbot.mousePress(panel.canvas, LEFT, pos=at(panel, 80, 80))
    assert pixel(panel, 80, 80).green() > 150
    qtbot.mouseRelease(panel.canvas, LEFT, pos=at(panel, 80, 80))


def test_stamps_land_by_the_landmarks_and_need_them(panel, qtbot):
    panel.put_stamp(Stamp.DARK_GLASSES)
    points = panel.document.landmarks.points
    for corner in (159, 386):
        x, y = points[corner].astype(int)
        assert label_at(panel, x, y) == Label.GLASSES
    assert panel.document.history.undo_title == "Dark glasses"
    assert panel.strip.stamps.isEnabled()
    panel.set_document(FaceMapDocument(head()))
    assert not panel.strip.stamps.isEnabled()


def test_the_map_is_exported_imported_and_reset(panel, qtbot, tmp_path):
    drag(qtbot, panel, (100, 80), (200, 80))
    painted = panel.document.labels.copy()
    panel.export_map(tmp_path / "map")
    np.testing.assert_array_equal(read_face_map(tmp_path / "map.png"), painted)
    panel.actions_["reset_map"].trigger()
    np.testing.assert_array_equal(panel.document.labels, head())
    panel.import_map(tmp_path / "map.png")
    np.testing.assert_array_equal(panel.document.labels, painted)
    (tmp_path / "broken.png").write_bytes(b"GIF89a")
    panel.import_map(tmp_path / "broken.png")
    assert "broken.png" in panel.hint.text()
    np.testing.assert_array_equal(panel.document.labels, painted)
    panel.undo()
    np.testing.assert_array_equal(panel.document.labels, head())


def test_an_older_document_no_longer_speaks(panel, qtbot):
    old = panel.document
    panel.set_document(FaceMapDocument(head(), landmarks()))
    maps = []
    panel.edited.connect(maps.append)
    old.reset()
    old.replace("Elsewhere", np.full((SIZE, SIZE), 3, np.uint8))
    assert maps == []


def test_arrow_keys_go_through_the_classes(panel, qtbot):
    panel.classes.setFocus()
    qtbot.keyClick(panel.classes, Qt.Key.Key_Down)
    assert panel.state.label is Label.GLASSES


def test_the_chosen_class_is_in_sight_in_a_low_window(panel, qtbot):
    panel.resize(800, 330)
    for label in (Label.BACKGROUND, Label.NECKLACE):
        panel.state.set(label=label)
        row = panel.classes.rows[label]
        qtbot.waitUntil(lambda row=row: not row.visibleRegion().isEmpty(), timeout=WAIT)


def test_every_button_says_what_it_does(panel):
    for button in panel.findChildren(QToolButton):
        if button.isVisible():
            assert button.toolTip(), button


def test_the_theme_can_change(panel, qapp):
    before = panel.grab().toImage().pixelColor(5, 5).lightness()
    apply_theme(qapp, LIGHT)
    panel.set_palette(LIGHT)
    assert panel.grab().toImage().pixelColor(5, 5).lightness() > before + 100


def test_painting_keys_mean_nothing_else():
    specs = ACTIONS + PAINT_ACTIONS
    keys = [QKeySequence(key).toString() for spec in specs for key in spec.keys]
    assert "" not in keys
    assert len(keys) == len(set(keys))


def test_the_help_sheet_can_tell_about_painting(qtbot):
    sheet = HelpSheet(painting=True)
    qtbot.addWidget(sheet)
    words = "\n".join(label.text() for label in sheet.findChildren(QLabel))
    for spec in PAINT_ACTIONS:
        assert spec.text.removesuffix("…") in words
        assert all(key in words for key in spec.keys)
    for _, gesture, effect in PAINT_GESTURES:
        assert gesture in words
        assert effect in words
