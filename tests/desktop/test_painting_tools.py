"""What tools, sliders and views do to two patches, to borders and to the photograph's pane."""

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QApplication

from desktop.painting.panel import PaintingPanel
from desktop.painting.panes import panes_of
from desktop.painting.state import MapView
from inference.face_map.document import SIZE, FaceMapDocument
from inference.face_map.labels import COLOURS, Label
from tests.desktop.painting import (
    ALT,
    LEFT,
    click,
    drag,
    head,
    label_at,
    landmarks,
    open_panel,
    pixel,
    slide,
)


@pytest.fixture
def panel(qapp: QApplication, qtbot) -> PaintingPanel:
    return open_panel(qapp, qtbot)


def with_two_earrings() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A map, and where its left and its right patch of one class are."""
    labels = head()
    left, right = np.zeros((2, SIZE, SIZE), bool)
    left[300:340, 40:80] = True
    right[300:340, 430:470] = True
    labels[left | right] = Label.EARRING
    return labels, left, right


def test_fill_takes_one_of_two_patches_or_with_the_switch_off_both(panel, qtbot):
    labels, left, right = with_two_earrings()
    panel.set_document(FaceMapDocument(labels, landmarks()))
    panel.state.set(label=Label.HAT)
    qtbot.keyClick(panel.canvas, Qt.Key.Key_G)
    assert panel.options.contiguous.isChecked()
    click(qtbot, panel, 60, 320)
    np.testing.assert_array_equal(panel.document.labels == Label.HAT, left)
    np.testing.assert_array_equal(panel.document.labels == Label.EARRING, right)
    panel.undo()
    qtbot.mouseClick(panel.options.contiguous, LEFT)
    click(qtbot, panel, 60, 320)
    np.testing.assert_array_equal(panel.document.labels == Label.HAT, left | right)
    panel.undo()
    np.testing.assert_array_equal(panel.document.labels, labels)


def test_move_takes_one_of_two_patches_or_with_the_switch_off_both(panel, qtbot):
    labels, _, right = with_two_earrings()
    panel.set_document(FaceMapDocument(labels, landmarks()))
    qtbot.keyClick(panel.canvas, Qt.Key.Key_V)
    drag(qtbot, panel, (60, 320), (60, 200))
    assert label_at(panel, 60, 200) == Label.EARRING
    assert (panel.document.labels[right] == Label.EARRING).all()
    panel.undo()
    qtbot.mouseClick(panel.options.contiguous, LEFT)
    drag(qtbot, panel, (60, 320), (60, 200))
    for x in (60, 450):
        assert label_at(panel, x, 200) == Label.EARRING
        assert label_at(panel, x, 330) != Label.EARRING


def test_the_eraser_shows_what_lies_beneath_and_restore_what_was_parsed(panel, qtbot):
    panel.state.set(radius=12)
    qtbot.keyClick(panel.canvas, Qt.Key.Key_E)
    drag(qtbot, panel, (220, 150), (290, 150))
    erased = panel.document.labels != head()
    assert erased[150, 220:290].all()
    assert (head()[erased] == Label.HAIR).all()
    assert not (panel.document.labels[erased] == Label.HAIR).any()
    assert panel.document.history.undo_title == "Erase"
    qtbot.keyClick(panel.canvas, Qt.Key.Key_Q)
    drag(qtbot, panel, (200, 150), (310, 150))
    np.testing.assert_array_equal(panel.document.labels, head())
    assert panel.document.history.undo_title == "Restore"


def border_length(labels: np.ndarray) -> int:
    return int((np.diff(labels, axis=0) != 0).sum() + (np.diff(labels, axis=1) != 0).sum())


def test_smoothing_shortens_a_jagged_border_where_it_is_drawn_and_nowhere_else(panel, qtbot):
    y, x = np.mgrid[:SIZE, :SIZE]
    jagged = np.where(y < 256 + 3 * ((x // 3) % 2), Label.HAIR, Label.FACE).astype(np.uint8)
    panel.set_document(FaceMapDocument(jagged, landmarks()))
    panel.state.set(radius=20)
    qtbot.keyClick(panel.canvas, Qt.Key.Key_W)
    drag(qtbot, panel, (60, 257), (250, 257))
    smoothed, rest = np.s_[:, 60:250], np.s_[:, 280:]
    assert border_length(panel.document.labels[smoothed]) < 0.7 * border_length(jagged[smoothed])
    np.testing.assert_array_equal(panel.document.labels[rest], jagged[rest])
    assert set(np.unique(panel.document.labels)) == {Label.HAIR, Label.FACE}


def test_the_size_slider_makes_strokes_thicker_and_thinner(panel, qtbot):
    panel.state.set(label=Label.HAT)
    heights = []
    for share in (0.3, 0.8):
        slide(qtbot, panel.options.size_slider, share)
        click(qtbot, panel, 60, 100)
        rows = np.nonzero((panel.document.labels == Label.HAT).any(axis=1))[0]
        heights.append(len(rows))
        assert heights[-1] == pytest.approx(2 * panel.state.radius, abs=3)
        panel.undo()
    assert heights[1] > 3 * heights[0]


def test_the_opacity_slider_shows_more_or_less_of_the_photograph(panel, qtbot):
    slide(qtbot, panel.options.opacity, 1.0)
    assert panel.state.opacity == 1.0
    solid = pixel(panel, 256, 300)
    np.testing.assert_allclose(solid.getRgb()[:3], COLOURS[Label.FACE], atol=3)
    slide(qtbot, panel.options.opacity, 0.0)
    assert panel.state.opacity == pytest.approx(0.1)
    faint = pixel(panel, 256, 300)
    assert 0 < faint.red() < 40  # the photograph behind is black
    panel.options.opacity.setFocus()
    qtbot.keyClick(panel.options.opacity, Qt.Key.Key_PageUp)
    assert pixel(panel, 256, 300).red() > faint.red()


QUARTERS = {(128, 128): "red", (384, 128): "lime", (128, 384): "blue", (384, 384): "yellow"}
"""Middles of the photograph's quarters in pixels of the map, and their colours."""


def photograph() -> QImage:
    image = QImage(SIZE, SIZE, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    for (x, y), colour in QUARTERS.items():
        painter.fillRect(x - 128, y - 128, 256, 256, QColor(colour))
    painter.end()
    return image


def test_side_by_side_the_photograph_stands_bare_in_one_pane_and_the_map_in_the_other(panel, qtbot):
    panel.set_photograph(photograph())
    labels = np.full((SIZE, SIZE), Label.HAIR, np.uint8)
    labels[256:] = Label.FACE
    panel.set_document(FaceMapDocument(labels, landmarks()))
    qtbot.keyClick(panel.canvas, Qt.Key.Key_3, ALT)
    bare, mapped = panes_of(QRectF(panel.canvas.rect()), MapView.SIDE_BY_SIDE)
    panel.canvas.leaveEvent(None)
    shown = panel.canvas.grab().toImage()
    for (x, y), colour in QUARTERS.items():
        point = panel.canvas.to_widget(x, y, bare).toPoint()
        assert bare.contains(QPointF(point))
        assert shown.pixelColor(point) == QColor(colour)
        point = panel.canvas.to_widget(x, y, mapped).toPoint()
        assert mapped.contains(QPointF(point))
        rgb = shown.pixelColor(point).getRgb()[:3]
        np.testing.assert_allclose(rgb, COLOURS[labels[y, x]], atol=3)
