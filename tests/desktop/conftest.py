"""A window with the quick engine, and pictures with faces that it finds."""

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtWidgets import QApplication

from desktop.engine_holder import EngineHolder
from desktop.main_window.window import MainWindow
from desktop.preferences import Preferences
from desktop.theme import apply_theme, palette_named
from desktop.viewport.shared_renderer import SharedRenderer, default_renderer
from tests.dummy_engine import DummyEngine

WAIT = 30_000  # milliseconds; generous, since the machine may be busy

MakeWindow = Callable[..., MainWindow]


def perchead_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("perchead")]


def face_picture(path: Path, centres: list[tuple[int, int]], size=(320, 240)) -> Path:
    """A grey photograph with skin-coloured faces, the first the largest."""
    picture = Image.new("RGB", size, (110, 116, 124))
    draw = ImageDraw.Draw(picture)
    for index, (x, y) in enumerate(centres):
        width, height = (30, 42) if index == 0 else (20, 28)
        draw.ellipse((x - width, y - height, x + width, y + height), fill=(222, 164, 128))
        for side in (-1, 1):
            eye = (x + side * width // 3, y - height // 5)
            draw.ellipse((eye[0] - 3, eye[1] - 2, eye[0] + 3, eye[1] + 2), fill=(60, 40, 30))
    picture.save(path)
    return path


@pytest.fixture
def portrait(tmp_path) -> Path:
    return face_picture(tmp_path / "anna.png", [(160, 120)])


@pytest.fixture
def pair(tmp_path) -> Path:
    return face_picture(tmp_path / "pair.png", [(90, 120), (240, 110)])


@pytest.fixture
def faceless(tmp_path) -> Path:
    return face_picture(tmp_path / "wall.png", [])


@pytest.fixture(scope="session")
def renderer() -> SharedRenderer:
    """One for all windows: its kernels take a moment to load."""
    return SharedRenderer(default_renderer)


@pytest.fixture
def make_window(qapp: QApplication, qtbot, tmp_path, renderer) -> Iterator[MakeWindow]:
    windows: list[MainWindow] = []
    apply_theme(qapp, palette_named("dark"))

    def make(seconds: float = 0.02, engine=None, theme: str = "dark") -> MainWindow:
        preferences = Preferences(tmp_path / "preferences.json", theme=theme)
        holder = EngineHolder(lambda: engine or DummyEngine(seconds))
        window = MainWindow(holder, renderer, preferences)
        window.resize(900, 560)
        window.show()
        window.activateWindow()
        qtbot.waitUntil(window.isActiveWindow, timeout=WAIT)  # shortcuts go to active windows
        windows.append(window)
        return window

    yield make
    for window in windows:
        window.close()
        window.deleteLater()
    assert perchead_threads() == []


@pytest.fixture
def with_head(make_window, portrait, qtbot) -> MainWindow:
    """A window in which a head was made."""
    window = make_window()
    window.opening.open(portrait)
    qtbot.waitUntil(lambda: window.session.head is not None, timeout=WAIT)
    qtbot.waitUntil(lambda: window.viewport.frames.sharp, timeout=WAIT)
    window.viewport.setFocus()
    return window


def picture_of(window: MainWindow) -> np.ndarray:
    """What the viewport shows, [H, W, 4]."""
    image = window.viewport.grab().toImage()
    buffer = np.frombuffer(image.constBits(), np.uint8)
    return buffer.reshape(image.height(), image.bytesPerLine() // 4, 4).copy()
