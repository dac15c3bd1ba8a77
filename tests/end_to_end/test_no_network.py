"""A portrait never leaves the computer: making a head from one asks for no connection."""

import os
import subprocess
import sys
from pathlib import Path

from inference.files import resource_path

ROOT = Path(__file__).resolve().parents[2]

PROGRAM = """
import sys

asked = []
def watch(event, arguments):
    if event in ("socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.bind"):
        asked.append(event)
sys.addaudithook(watch)

from desktop.__main__ import main
status = main(sys.argv[1:])
print("status", status, "asked", asked)

# The watch sees what it should see.
import socket
with socket.socket() as probe:
    probe.settimeout(0.1)
    try:
        probe.connect(("127.0.0.1", 9))
    except OSError:
        pass
print("then", asked)
"""


def run_watched(*words, cwd):
    hidden = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    environment = {k: v for k, v in os.environ.items() if k not in hidden}
    result = subprocess.run(
        [sys.executable, "-c", PROGRAM, *map(str, words)],
        cwd=cwd,
        env=environment | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=240,
    )
    return result.stdout.splitlines()[-2:], result.stderr


def test_portrait_to_ply_opens_no_socket(tmp_path):
    sample = resource_path("samples/astronaut.png")
    words = ("reconstruct", sample, "--out", tmp_path / "out", "--no-video", "--size", "128")
    lines, errors = run_watched(*words, cwd=tmp_path)
    assert lines == ["status 0 asked []", "then ['socket.connect']"], errors
    assert list((tmp_path / "out").rglob("*.ply"))


def test_listing_the_models_opens_no_socket(tmp_path):
    lines, errors = run_watched("models", "list", cwd=tmp_path)
    assert lines == ["status 0 asked []", "then ['socket.connect']"], errors
