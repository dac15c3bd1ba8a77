"""What the tests of the painting panel share: a panel with a map, the mouse and the wheel."""

from itertools import pairwise

import numpy as np
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage, QWheelEvent
from PySide6.QtWidgets import QApplication, QSlider, QStyle, QStyleOptionSlider

from desktop.painting.panel import PaintingPanel
from desktop.theme import apply_theme, palette_named
from inference.face_map.document import SIZE, FaceMapDocument
from inference.face_map.labels import Label
from inference.head.template import HeadTemplate
from inference.portrait.types import FaceLandmarks

LEFT = Qt.MouseButton.LeftButton
CTRL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier
SHIFT, NONE = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.NoModifier
WAIT = 30_000


def head() -> np.ndarray:
    y, x = np.mgrid[:SIZE, :SIZE]
    labels = np.zeros((SIZE, SIZE), np.uint8)
    labels[420:] = Label.CLOTH
    disc = (x - 256) ** 2 + (y - 250) ** 2 < 150**2
    labels[disc] = Label.FACE
    labels[disc & (y < 180)] = Label.HAIR
    return labels


def landmarks() -> FaceLandmarks:
    template = HeadTemplate.load()
    points = template.anchors[template.landmark_anchors].astype(float)
    return FaceLandmarks(np.stack([256 + 1500 * points[:, 0], 250 - 1500 * points[:, 1]], 1), 1.0)


def open_panel(qapp: QApplication, qtbot) -> PaintingPanel:
    """A panel of its own that shows `head` over a black photograph and has the focus."""
    apply_theme(qapp, palette_named("dark"))
    panel = PaintingPanel(palette_named("dark"))
    qtbot.addWidget(panel)
    panel.resize(1000, 640)
    panel.set_document(FaceMapDocument(head(), landmarks()))
    photograph = QImage(64, 64, QImage.Format.Format_RGB32)
    photograph.fill(Qt.GlobalColor.black)
    panel.set_photograph(photograph)
    panel.show()
    panel.activateWindow()
    qtbot.waitUntil(panel.isActiveWindow, timeout=WAIT)
    panel.canvas.setFocus()
    return panel


def at(panel, x: float, y: float) -> QPoint:
    return panel.canvas.to_widget(x, y).toPoint()


def drag(qtbot, panel, *points, modifier=NONE) -> None:
    """Press at the first point of the map, go along the others, let go at the last."""
    qtbot.mousePress(panel.canvas, LEFT, modifier, at(panel, *points[0]))
    for start, end in pairwise(points):
        for step in range(1, 6):
            share = step / 5
            x, y = (a + (b - a) * share for a, b in zip(start, end, strict=True))
            qtbot.mouseMove(panel.canvas, at(panel, x, y))
    qtbot.mouseRelease(panel.canvas, LEFT, modifier, at(panel, *points[-1]))


def click(qtbot, panel, x, y, modifier=NONE) -> None:
    qtbot.mouseClick(panel.canvas, LEFT, modifier, at(panel, x, y))


def wheel(panel, x, y, notches, modifier=NONE) -> None:
    """Qt gives a wheel that is turned with Alt as one turned sideways."""
    position = QPointF(at(panel, x, y))
    turn = QPoint(120 * notches, 0) if modifier == ALT else QPoint(0, 120 * notches)
    event = QWheelEvent(
        position, panel.canvas.mapToGlobal(position), QPoint(), turn, Qt.MouseButton.NoButton,
        modifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(panel.canvas, event)


def label_at(panel, x: int, y: int) -> int:
    return int(panel.document.labels[y, x])


def pixel(panel, x, y) -> QColor:
    """What the canvas shows at a point of the map, without the brush."""
    panel.canvas.leaveEvent(None)
    return panel.canvas.grab().toImage().pixelColor(at(panel, x, y))


def slide(qtbot, slider: QSlider, share: float) -> None:
    """Drag a slider's handle to a share of its way."""
    option = QStyleOptionSlider()
    slider.initStyleOption(option)
    part = QStyle.SubControl.SC_SliderHandle
    kind = QStyle.ComplexControl.CC_Slider
    start = slider.style().subControlRect(kind, option, part, slider).center()
    end = QPoint(round(share * (slider.width() - 1)), start.y())
    qtbot.mousePress(slider, LEFT, NONE, start)
    qtbot.mouseMove(slider, end)
    qtbot.mouseRelease(slider, LEFT, NONE, end)
