"""The user interface's thread is never blocked over 100 ms."""

import os
import subprocess
import sys
from pathlib import Path
from time import perf_counter, sleep, thread_time

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication, QImage

from desktop.export.settings import VideoExport
from inference.export.video import OrbitVideo
from inference.files import resource_path
from inference.portrait.types import CropBox
from tests.desktop.heartbeat import OWN_WORK, PAUSE, Heartbeat

WAIT = 60_000
LIMIT = 0.1
TRIES = 4  # a busy machine may keep the process waiting; a call that blocks does so every time


def test_while_a_head_is_being_made(make_window, portrait, qtbot):
    window = make_window(seconds=0.3)
    window.opening.open(portrait)
    qtbot.waitUntil(lambda: window.session.head is not None, timeout=WAIT)
    pauses = []
    for attempt in range(TRIES):
        with Heartbeat() as heart:
            window.session.change("Move Crop", crop=CropBox(160 + attempt, 121, 150))
            wanted = window.session.edits.crop
            qtbot.waitUntil(
                lambda: window.session.head.portrait.crop == window.session.edits.crop,
                timeout=WAIT,
            )
            qtbot.waitUntil(lambda: window.viewport.frames.sharp, timeout=WAIT)
        assert window.session.head.portrait.crop == wanted
        pauses.append(heart.longest)
        if heart.longest < LIMIT:
            break
    assert min(pauses) < LIMIT, pauses


def test_while_a_video_is_written_and_the_head_is_turned(with_head, tmp_path, qtbot):
    window = with_head
    pauses = []
    for attempt in range(TRIES):
        export = VideoExport(
            tmp_path / f"{attempt}.mp4", OrbitVideo(seconds=1, size=256, fps=24), (1.0, 1.0, 1.0)
        )
        with Heartbeat() as heart:
            camera = window.viewport.view_camera(64, 64)
            job = window.exports.start(export, window.session.head.gaussians, camera)
            start = window.viewport.rect().center()
            qtbot.mousePress(window.viewport, Qt.MouseButton.LeftButton, pos=start)
            step = 0
            while not job.done:
                step += 1
                qtbot.mouseMove(window.viewport, start + QPoint(step % 100, 0))
                qtbot.wait(8)
            qtbot.mouseRelease(window.viewport, Qt.MouseButton.LeftButton, pos=start)
        pauses.append(heart.longest)
        if heart.longest < LIMIT:
            break
    assert min(pauses) < LIMIT, pauses


def test_the_heartbeat_sees_a_blocked_thread(qtbot):
    with Heartbeat() as heart:
        qtbot.wait(20)
        end = perf_counter() + 0.15
        while perf_counter() < end:
            pass
        qtbot.wait(20)
    assert heart.longest > LIMIT


@pytest.mark.parametrize("waits", [True, False])
def test_a_heartbeat_is_not_regular_when_the_thread_computes_or_waits_for_long(qtbot, waits):
    with Heartbeat() as heart:
        qtbot.wait(20)
        assert heart.regular
        if waits:
            sleep(PAUSE + 0.05)
        else:
            end = thread_time() + OWN_WORK + 0.05
            while thread_time() < end:
                pass
        qtbot.wait(20)
    assert not heart.regular


@pytest.fixture(autouse=True)
def _nothing_else(qapp):
    """Let what earlier tests left in the event loop run first."""
    qapp.processEvents()


def test_while_a_large_photograph_is_opened(make_window, tmp_path, qtbot):
    large = tmp_path / "large.jpg"
    gradient = np.linspace(0, 255, 4500, dtype=np.uint8)
    Image.fromarray(np.tile(gradient, (3000, 1))).convert("RGB").save(large, quality=60)
    window = make_window()
    pauses = []
    for _ in range(TRIES):
        with Heartbeat() as heart:
            window.opening.open(large)
            qtbot.waitUntil(lambda: window.pipeline.busy, timeout=WAIT)
            qtbot.waitUntil(lambda: not window.pipeline.busy, timeout=WAIT)
        assert window.session.image.size == (4500, 3000)
        pauses.append(heart.longest)
        if heart.longest < LIMIT:
            break
    assert min(pauses) < LIMIT, pauses


def test_while_a_large_picture_is_pasted(make_window, qtbot):
    noise = np.random.default_rng(0).integers(0, 255, (2400, 3200, 4), np.uint8)
    picture = QImage(noise.data, 3200, 2400, QImage.Format.Format_RGB32)
    QGuiApplication.clipboard().setImage(picture)
    window = make_window()
    pauses = []
    for _ in range(TRIES):
        with Heartbeat() as heart:
            window.actions_["paste"].trigger()
            qtbot.waitUntil(lambda: window.pipeline.busy, timeout=WAIT)
            qtbot.waitUntil(lambda: not window.pipeline.busy, timeout=WAIT)
        assert window.session.image.size == (3200, 2400)
        pauses.append(heart.longest)
        if heart.longest < LIMIT:
            break
    assert min(pauses) < LIMIT, pauses


def test_while_the_real_engine_is_loaded_and_makes_its_first_head(tmp_path):
    script = Path(__file__).with_name("starting_app.py")
    home = {"XDG_CONFIG_HOME": str(tmp_path / "config"), "HOME": str(tmp_path)}
    pauses = []
    for _ in range(TRIES):
        run = subprocess.run(
            [sys.executable, str(script), str(resource_path("samples/astronaut.png"))],
            capture_output=True,
            text=True,
            timeout=200,
            env={**os.environ, **home},
            check=False,
        )
        assert run.returncode == 0, run.stderr
        pauses.append(float(run.stdout.splitlines()[-1]))
        if pauses[-1] < LIMIT:
            break
    assert min(pauses) < LIMIT, pauses
