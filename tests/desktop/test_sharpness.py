"""Sharpened pictures: at rest and in exports, never on the move, and only where it is wanted."""

import threading
from dataclasses import dataclass, replace
from threading import Event

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication

from desktop.export.dialogs import PictureDialog, VideoDialog
from desktop.export.settings import PictureExport, VideoExport
from desktop.preferences import Preferences
from inference.export.video import OrbitVideo
from inference.progress import CancelToken
from tests.desktop.conftest import WAIT
from tests.dummy_engine import DummyEngine, UnsharpMask


class WatchedMask(UnsharpMask):
    """Remembers which threads called it."""

    def __init__(self) -> None:
        super().__init__()
        self.threads: set[threading.Thread] = set()

    def __call__(self, picture: np.ndarray, cancel: CancelToken | None = None) -> np.ndarray:
        self.threads.add(threading.current_thread())
        return super().__call__(picture, cancel)


@dataclass
class EndlessMask:
    """Goes on until it is stopped."""

    margin: int = 8

    def __post_init__(self) -> None:
        self.begun, self.stopped = Event(), Event()

    def __call__(self, picture: np.ndarray, cancel: CancelToken | None = None) -> np.ndarray:
        assert cancel is not None
        self.begun.set()
        while not cancel.cancelled:
            np.sort(picture, axis=0)
        self.stopped.set()
        cancel.check()
        raise AssertionError("check() stops here")


@pytest.fixture
def mask() -> WatchedMask:
    return WatchedMask()


@pytest.fixture
def window(make_window, portrait, qtbot, mask):
    return open_head(make_window(engine=DummyEngine(sharpener=mask)), portrait, qtbot)


def open_head(window, portrait, qtbot):
    window.opening.open(portrait)
    qtbot.waitUntil(lambda: window.session.head is not None, timeout=WAIT)
    settle(window, qtbot)
    window.viewport.setFocus()
    return window


def settle(window, qtbot) -> None:
    qtbot.waitUntil(lambda: window.viewport.frames.sharp, timeout=WAIT)


def drawn(window) -> np.ndarray:
    """The newest picture, [H, W, 4] premultiplied."""
    image = window.viewport.frames.image
    buffer = np.frombuffer(image.constBits(), np.uint8)
    return buffer.reshape(image.height(), image.bytesPerLine() // 4, 4)[:, : image.width()].copy()


def drag(window, qtbot) -> None:
    middle = window.viewport.rect().center()
    qtbot.mousePress(window.viewport, Qt.MouseButton.LeftButton, pos=middle)
    for step in range(1, 6):
        qtbot.mouseMove(window.viewport, middle + QPoint(12 * step, 3 * step))
        qtbot.wait(15)
    qtbot.mouseRelease(window.viewport, Qt.MouseButton.LeftButton, pos=middle + QPoint(60, 15))


def test_the_picture_at_rest_is_sharpened_and_alpha_stays(window, qtbot, mask):
    size = window.viewport.pixels
    assert mask.pictures[-1] == (size.width(), size.height())
    sharp = drawn(window)
    window.actions_["sharpen"].trigger()
    settle(window, qtbot)
    plain = drawn(window)
    np.testing.assert_array_equal(sharp[..., 3], plain[..., 3])
    assert np.abs(sharp.astype(int) - plain)[plain[..., 3] > 250].max() > 8
    assert (sharp[..., :3] <= sharp[..., 3:]).all()
    window.actions_["sharpen"].trigger()
    settle(window, qtbot)
    np.testing.assert_array_equal(drawn(window), sharp)


def test_the_window_never_sharpens_in_its_own_thread(window, mask):
    assert mask.threads
    assert threading.main_thread() not in mask.threads


def test_moving_pictures_are_not_sharpened(window, qtbot):
    frames, moving = window.viewport.frames, []
    frames.changed.connect(lambda: moving.append(frames.last.request))
    drag(window, qtbot)
    settle(window, qtbot)
    assert any(request.moving for request in moving)
    assert all(request.sharpener is None for request in moving if request.moving)
    assert moving[-1].sharpener is not None


@pytest.mark.parametrize("mode", ["points", "depth", "normals"])
def test_other_views_are_never_sharpened(window, qtbot, mask, mode):
    count = len(mask.pictures)
    window.actions_[mode].trigger()
    qtbot.waitUntil(lambda: window.viewport.frames.last.request.mode == mode, timeout=WAIT)
    settle(window, qtbot)
    assert len(mask.pictures) == count
    window.actions_["splats"].trigger()
    qtbot.waitUntil(lambda: len(mask.pictures) == count + 1, timeout=WAIT)


def test_a_head_of_some_decoder_layers_is_shown_as_it_is(window, qtbot, mask):
    options = replace(window.session.edits.options, layers=2)
    window.session.change("Decoder Layers", options=options)
    qtbot.waitUntil(lambda: window.session.head.options.layers == 2, timeout=WAIT)
    settle(window, qtbot)
    assert window.viewport.frames.last.request.sharpener is None
    assert window.sharpness.sharpener is None
    window.session.undo()
    qtbot.waitUntil(lambda: window.session.head.options.layers is None, timeout=WAIT)
    settle(window, qtbot)
    assert window.viewport.frames.last.request.sharpener is mask


def test_a_camera_that_moves_on_does_not_wait_for_it(make_window, portrait, qtbot):
    mask = EndlessMask()
    window = make_window(engine=DummyEngine(sharpener=mask))
    window.opening.open(portrait)
    qtbot.waitUntil(mask.begun.is_set, timeout=WAIT)
    frames = window.viewport.frames
    qtbot.waitUntil(lambda: frames.image is not None, timeout=WAIT)  # as it was drawn
    assert not frames.sharp
    drag(window, qtbot)
    qtbot.waitUntil(mask.stopped.is_set, timeout=WAIT)
    mask.begun.clear()
    qtbot.waitUntil(mask.begun.is_set, timeout=WAIT)  # at rest again; closing stops it, too


def test_the_choice_is_kept_by_key_and_between_starts(window, qtbot, mask, tmp_path):
    assert window.actions_["sharpen"].isChecked()
    qtbot.keyClick(window, Qt.Key.Key_S)
    settle(window, qtbot)
    assert not window.actions_["sharpen"].isChecked()
    assert window.viewport.frames.last.request.sharpener is None
    assert Preferences.load(tmp_path / "preferences.json").sharpen is False


def test_without_a_network_there_is_nothing_to_switch(with_head, tmp_path):
    window = with_head
    assert not window.actions_["sharpen"].isEnabled()
    assert not window.actions_["sharpen"].isChecked()
    assert window.preferences.sharpen
    window.preferences.export_folder = str(tmp_path)
    window.actions_["export_picture"].trigger()
    dialog = next(w for w in QApplication.topLevelWidgets() if isinstance(w, PictureDialog))
    assert not dialog.sharpen_box.isVisible()
    dialog.reject()


@pytest.mark.parametrize("kind", [PictureDialog, VideoDialog])
@pytest.mark.parametrize("on", [True, False])
def test_dialogs_propose_what_the_view_shows(window, qtbot, tmp_path, kind, on):
    window.preferences.export_folder = str(tmp_path)
    if not on:
        window.actions_["sharpen"].trigger()
    name = "export_picture" if kind is PictureDialog else "export_video"
    window.actions_[name].trigger()
    dialog = next(
        w for w in QApplication.topLevelWidgets() if isinstance(w, kind) and w.isVisible()
    )
    assert dialog.sharpen_box.isVisible()
    assert dialog.sharpen_box.isChecked() is on
    assert dialog.export().sharpen is on
    dialog.sharpen_box.setChecked(not on)
    assert dialog.export().sharpen is not on
    dialog.reject()


def test_exported_pictures_are_sharpened_where_that_is_wanted(window, qtbot, mask, tmp_path):
    camera = window.viewport.view_camera(120, 90)
    pictures = {}
    for name, sharpen in (("sharp", True), ("plain", False)):
        count = len(mask.pictures)
        export = PictureExport(tmp_path / f"{name}.png", 120, 90, None, sharpen)
        job = window.exports.start(export, window.session.head.gaussians, camera, mask)
        qtbot.waitUntil(lambda job=job: job.done, timeout=WAIT)
        assert mask.pictures[count:] == ([(120, 90)] if sharpen else [])
        with Image.open(export.path) as picture:
            pictures[name] = np.asarray(picture).astype(int)
    sharp, plain = pictures["sharp"], pictures["plain"]
    np.testing.assert_array_equal(sharp[..., 3], plain[..., 3])
    assert np.abs(sharp - plain)[plain[..., 3] > 250].max() > 8


def test_every_picture_of_an_exported_video_is_sharpened(window, qtbot, mask, tmp_path):
    count = len(mask.pictures)
    orbit = OrbitVideo(degrees=20, seconds=0.5, size=64, fps=6)
    export = VideoExport(tmp_path / "orbit.mp4", orbit, (1.0, 1.0, 1.0))
    camera = window.viewport.view_camera(64, 64)
    job = window.exports.start(export, window.session.head.gaussians, camera, mask)
    qtbot.waitUntil(lambda: job.done, timeout=WAIT)
    assert mask.pictures[count:] == [(64, 64)] * 3


def test_cancelling_an_export_stops_the_sharpening(window, qtbot, tmp_path):
    endless = EndlessMask()
    export = PictureExport(tmp_path / "view.png", 64, 64, None)
    camera = window.viewport.view_camera(64, 64)
    job = window.exports.start(export, window.session.head.gaussians, camera, endless)
    qtbot.waitUntil(endless.begun.is_set, timeout=WAIT)
    job.cancel()
    qtbot.waitUntil(lambda: job.done, timeout=WAIT)
    assert not (tmp_path / "view.png").exists()
