"""Icons: the colours of their states, and nothing drawn that nobody sees."""

import gc

import numpy as np
import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QIcon, QImage, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QToolButton

from desktop import icons
from desktop.icons import FAINT, Drawing, icon, toggle_icon

RED, BLUE, GREEN = "#ff0000", "#0000ff", "#00ff00"
OFF, ON = QIcon.State.Off, QIcon.State.On
NORMAL, DISABLED, ACTIVE = QIcon.Mode.Normal, QIcon.Mode.Disabled, QIcon.Mode.Active


def rgba(pixmap: QPixmap) -> np.ndarray:
    """[H, W, 4], straight alpha."""
    image = pixmap.toImage().convertToFormat(QImage.Format.Format_RGBA8888)
    buffer = np.frombuffer(image.constBits(), np.uint8)
    return buffer.reshape(image.height(), image.width(), 4).copy()


def ink(pixmap: QPixmap) -> tuple[list[int], int]:
    """Colour and alpha where most is drawn."""
    pixels = rgba(pixmap).reshape(-1, 4)
    most = pixels[pixels[:, 3].argmax()]
    return most[:3].tolist(), int(most[3])


@pytest.fixture
def drawn(monkeypatch) -> list[int]:
    """The sizes of all drawings from now on."""
    sizes: list[int] = []

    class Counted(QSvgRenderer):
        def render(self, painter, bounds):
            sizes.append(round(bounds.width()))
            super().render(painter, bounds)

    monkeypatch.setattr(icons, "QSvgRenderer", Counted)
    return sizes


@pytest.mark.parametrize(
    ("mode", "state", "colour", "opacity"),
    [
        (NORMAL, OFF, RED, 1),
        (ACTIVE, OFF, RED, 1),
        (DISABLED, OFF, RED, FAINT),
        (NORMAL, ON, BLUE, 1),
        (ACTIVE, ON, BLUE, 1),
    ],
)
def test_a_state_has_its_colour(qapp, mode, state, colour, opacity):
    for ratio in (1.0, 2.0):
        pixmap = icon("brush", RED, BLUE).pixmap(QSize(20, 20), ratio, mode, state)
        found, alpha = ink(pixmap)
        np.testing.assert_allclose(found, QColor(colour).getRgb()[:3], atol=2)
        assert 255 * opacity - 25 < alpha <= 255 * min(1, opacity * 1.6)  # where lines cross


def test_without_a_colour_for_checked_it_stays_the_same(qapp):
    found = icon("brush", RED)
    for mode in (NORMAL, DISABLED, ACTIVE):
        off, on = (rgba(found.pixmap(QSize(20, 20), 1.0, mode, state)) for state in (OFF, ON))
        np.testing.assert_array_equal(on, off)


def test_a_toggle_is_another_picture_while_on_and_clearer_under_the_mouse(qapp):
    found = toggle_icon(
        Drawing("lock-open", RED, 0.3), Drawing("lock-open", GREEN), Drawing("lock", BLUE)
    )
    seen = [
        ink(found.pixmap(QSize(16, 16), 2.0, *which))
        for which in ((NORMAL, OFF), (ACTIVE, OFF), (NORMAL, ON))
    ]
    assert seen[0][1] < 140 < 240 < seen[1][1]
    assert [colour for colour, _ in seen[1:]] == [[0, 255, 0], [0, 0, 255]]


@pytest.mark.parametrize("ratio", [1.0, 1.5, 2.0])
def test_fine_screens_get_finer_pictures(qapp, ratio):
    pixmap = icon("brush", RED).pixmap(QSize(20, 20), ratio)
    assert pixmap.width() == round(20 * ratio)
    assert pixmap.deviceIndependentSize().toSize() == QSize(20, 20)
    assert icon("brush", RED).actualSize(QSize(18, 18)) == QSize(18, 18)
    assert icon("brush", RED).actualSize(QSize(90, 90)) == QSize(40, 40)


def test_nothing_is_drawn_before_it_is_seen_and_then_once(drawn, qtbot):
    buttons = [QToolButton() for _ in range(20)]
    for button in buttons:
        qtbot.addWidget(button)
        button.setIconSize(QSize(20, 20))
        button.setIcon(icon("brush", RED, BLUE))
        button.setCheckable(True)
        button.sizeHint()
    assert drawn == []
    ratio = buttons[0].devicePixelRatioF()
    buttons[0].grab()
    buttons[0].grab()
    assert drawn == [round(20 * ratio)]
    buttons[0].setChecked(True)
    buttons[0].grab()
    assert len(drawn) == 2


def test_a_button_shows_it_in_its_place(qtbot):
    button = QToolButton()
    qtbot.addWidget(button)
    button.setStyleSheet("QToolButton { background: white; border: none; padding: 0 }")
    button.setIcon(icon("background", RED))
    button.setIconSize(QSize(16, 16))
    button.resize(40, 40)
    pixels = rgba(button.grab())[..., :3].astype(int)
    rows, columns = np.nonzero(pixels[..., 0] - pixels[..., 1] > 60)
    ratio = button.devicePixelRatioF()
    assert 12 * ratio <= rows.min() < rows.max() <= 28 * ratio
    assert 12 * ratio <= columns.min() < columns.max() <= 28 * ratio


def test_an_icon_outlives_what_made_it(qapp):
    copies = [QIcon(icon("brush", RED)) for _ in range(50)]
    copies[0].addPixmap(QPixmap(8, 8))  # parts it from the icon that it was copied from
    gc.collect()
    assert all(ink(copy.pixmap(20, 20))[0] == [255, 0, 0] for copy in copies)
