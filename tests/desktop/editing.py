"""What the tests of editing share: getting there, and drawing with the mouse."""

import numpy as np
from PySide6.QtCore import QPoint, Qt

from desktop.main_window.window import MainWindow
from desktop.painting.panel import PaintingPanel
from inference.face_map.labels import Label

WAIT = 60_000
LEFT = Qt.MouseButton.LeftButton


def begin_painting(window: MainWindow, qtbot) -> PaintingPanel:
    """Click Paint and wait until the face was read."""
    qtbot.mouseClick(window.editing.left.paint_button, LEFT)
    qtbot.waitUntil(lambda: window.session.face_map is not None, timeout=WAIT)
    qtbot.waitUntil(lambda: window.editing.left.painting is not None, timeout=WAIT)
    panel = window.editing.left.painting
    assert panel is not None
    qtbot.waitUntil(panel.isVisible, timeout=WAIT)
    return panel


def stroke(panel: PaintingPanel, qtbot, label: Label, y: float = 120, x: float = 180) -> None:
    """One stroke of the brush, 150 pixels of the map to the right."""
    panel.state.set(label=label, radius=24.0)
    start = panel.canvas.to_widget(x, y).toPoint()
    end = panel.canvas.to_widget(x + 150, y).toPoint()
    qtbot.mousePress(panel.canvas, LEFT, pos=start)
    for step in range(1, 6):
        qtbot.mouseMove(panel.canvas, start + QPoint((end.x() - start.x()) * step // 5, 0))
    qtbot.mouseRelease(panel.canvas, LEFT, pos=end)


def shows_what_is_wanted(window: MainWindow) -> bool:
    """Whether the head in the window is that of map and look."""
    session, maker = window.session, window.editing.maker
    if maker.making is not None or session.reading is None:
        return False
    if session.untouched:
        return session.edited is None
    wanted = maker.wanted()
    return wanted is not None and maker.current == wanted.key


def settle(window: MainWindow, qtbot) -> None:
    """Wait for the head of map and look."""
    qtbot.waitUntil(lambda: shows_what_is_wanted(window), timeout=WAIT)


def describe(window: MainWindow, qtbot, text: str) -> None:
    """Write a prompt, press Enter, wait for its head."""
    line = window.editing.style.first.line
    line.setFocus()
    line.selectAll()
    qtbot.keyClicks(line, text)
    qtbot.keyClick(line, Qt.Key.Key_Return)
    qtbot.waitUntil(
        lambda: (
            window.session.edits.look.source is not None
            and window.session.edits.look.source.style.description == text
        ),
        timeout=WAIT,
    )
    settle(window, qtbot)


def colours(window: MainWindow) -> np.ndarray:
    """Colours [N, 3] of the head in the window."""
    assert window.session.shown is not None
    return window.session.shown.gaussians.colours
