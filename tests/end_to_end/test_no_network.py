"""A portrait never leaves the computer: making a head from one asks for no connection.

Python's own sockets are refused and counted; what a C++ library might open shows among the
process's connections.
"""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inference.files import resource_path
from tests.video_helpers import write_clip

ROOT = Path(__file__).resolve().parents[2]

WATCH = """
import socket
import sys

import psutil

asked = []


def refuse(name):
    def refused(*words, **more):
        asked.append(name)
        raise OSError(f"{name} is not allowed here")

    return refused


for name in ("connect", "connect_ex", "sendto", "bind"):
    setattr(socket.socket, name, refuse(name))
for name in ("getaddrinfo", "gethostbyname", "create_connection"):
    setattr(socket, name, refuse(name))


def watch(event, arguments):  # also what imported the functions before, and _socket itself
    if event in ("socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.bind"):
        asked.append(event)


sys.addaudithook(watch)


def report():
    lines = [line.status for line in psutil.Process().net_connections("inet")]
    print("asked", asked, "connections", lines)
    # The watch sees what it should see.
    for ask in (
        lambda: socket.socket().connect(("127.0.0.1", 9)),
        lambda: socket.getaddrinfo("localhost", 9),
    ):
        try:
            ask()
        except OSError:
            pass
    print("then", asked)
"""

COMMAND_LINE = """
from desktop.__main__ import main

status = main(sys.argv[1:])
print("status", status)
report()
"""

ENGINE = """
from pathlib import Path

from inference.editing.types import EditRequest
from inference.engine import Engine
from inference.export.picture import write_picture
from inference.export.ply import write_ply
from inference.rendering.camera import orbit_camera
from inference.rendering.selection import choose_renderer

portrait, out = Path(sys.argv[1]), Path(sys.argv[2])
out.mkdir()
engine = Engine()
image = engine.open_image(portrait)
crop = engine.suggest_crop(image, engine.detect(image)[0])
prepared = engine.prepare(image, crop)
head = engine.reconstruct(prepared)
labels = engine.parse(prepared).labels
own, wanted = engine.style_of_portrait(prepared), engine.style_of_text("grey curly hair")
edited = engine.edit(EditRequest(labels, wanted, head, labels, own, 0.5))
write_ply(edited.gaussians, out / "edited.ply")
renderer = choose_renderer()
write_ply(head.gaussians, out / "head.ply")
write_picture(renderer, head.gaussians, orbit_camera(30, size=(64, 64)), out / "head.png")
print("status 0")
report()
"""

APPLICATION = """
import os
from pathlib import Path

os.environ["QT_QPA_PLATFORM"] = "offscreen"
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from desktop.app import run_app
from desktop.export.settings import PictureExport, PlyExport, VideoExport
from desktop.main_window.window import MainWindow
from inference.export.video import OrbitVideo

out = Path(sys.argv[2])
out.mkdir()
app = QApplication([])
exports = (
    PlyExport(out / "head.ply"),
    PictureExport(out / "head.png", 64, 64, None),
    VideoExport(out / "head.mp4", OrbitVideo(seconds=0.5, size=64, fps=8), (1.0, 1.0, 1.0)),
)
jobs = []


def look():
    window = next(w for w in app.topLevelWidgets() if isinstance(w, MainWindow))
    head = window.session.head
    if head is None or not window.viewport.frames.sharp:
        return
    if not jobs:
        window.actions_["models"].trigger()  # the list of what could be fetched asks nobody
        camera = window.viewport.view_camera(64, 64)
        jobs.extend(window.exports.start(e, head.gaussians, camera) for e in exports)
    shelf = window.models.shelf
    if shelf and all(job.done for job in jobs) and len(shelf.places) == len(shelf.models):
        window.close()


timer = QTimer()
timer.timeout.connect(look)
timer.start(50)
status = run_app([sys.argv[1]])
timer.stop()
print("status", status)
report()
"""


def run_watched(program, *words, cwd):
    hidden = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    environment = {k: v for k, v in os.environ.items() if k not in hidden}
    home = {"XDG_CONFIG_HOME": str(cwd / "config"), "PERCHEAD_MODELS": str(cwd / "models")}
    result = subprocess.run(
        [sys.executable, "-c", WATCH + program, *map(str, words)],
        cwd=cwd,
        env=environment | home | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=240,
    )
    return result.stdout.splitlines()[-3:], result.stderr


SILENT = [
    "status 0",
    "asked [] connections []",
    "then ['connect', 'getaddrinfo']",
]


@pytest.mark.parametrize("program", [ENGINE, APPLICATION], ids=["engine", "application"])
def test_portrait_to_exports_opens_no_socket(program, tmp_path):
    sample = resource_path("samples/astronaut.png")
    lines, errors = run_watched(program, sample, tmp_path / "out", cwd=tmp_path)
    assert lines == SILENT, errors
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names >= {"head.ply", "head.png"}
    assert ("head.mp4" in names) is (program is APPLICATION)


def test_portrait_to_ply_opens_no_socket(tmp_path):
    sample = resource_path("samples/astronaut.png")
    words = ("reconstruct", sample, "--out", tmp_path / "out", "--no-video", "--size", "128")
    lines, errors = run_watched(COMMAND_LINE, *words, cwd=tmp_path)
    assert lines == SILENT, errors
    assert list((tmp_path / "out").rglob("*.ply"))


def test_clip_to_video_opens_no_socket(tmp_path):
    picture = Image.open(resource_path("samples/astronaut.png")).convert("RGB").resize((256, 256))
    clip = write_clip(tmp_path / "clip.mp4", [np.asarray(picture)] * 2)
    words = ("video", clip, "--out", tmp_path / "out", "--size", "64", "--splats")
    lines, errors = run_watched(COMMAND_LINE, *words, cwd=tmp_path)
    assert lines == SILENT, errors
    assert (tmp_path / "out" / "clip" / "head.mp4").is_file()


def test_listing_the_models_opens_no_socket(tmp_path):
    lines, errors = run_watched(COMMAND_LINE, "models", "list", cwd=tmp_path)
    assert lines == SILENT, errors
