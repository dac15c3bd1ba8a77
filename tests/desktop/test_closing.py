"""Closing in the middle: no thread, no partial file, exit status 0."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("closing_window.py")
STAGES = (
    "Loading the models",
    "Finding the face",
    "Cutting out the head",
    "Making the head",
    "Fitting to the photograph",
    "Writing the video",
)


@pytest.mark.parametrize("stage", STAGES)
def test_closing_in_the_middle_of_a_stage(portrait, tmp_path, stage):
    out = tmp_path / "out"
    out.mkdir()
    home = {"XDG_CONFIG_HOME": str(tmp_path / "config"), "HOME": str(tmp_path)}
    run = subprocess.run(
        [sys.executable, str(SCRIPT), str(portrait), stage, str(out)],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, **home},
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert "threads: ['MainThread']" in run.stdout
    assert "Traceback" not in run.stderr
    assert list(out.iterdir()) == []


def test_the_window_comes_without_torch():
    code = (
        "import sys; import desktop.app; "
        "print([name for name in ('torch', 'cv2', 'numba', 'av', 'transformers', 'scipy') "
        "if name in sys.modules])"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=SCRIPT.parents[2],
        check=True,
    )
    assert run.stdout.strip() == "[]"


def test_what_two_threads_would_import_at_once_is_there_before_the_second_one():
    code = (
        "import sys, threading\n"
        "begin = threading.Thread.start\n"
        "def start(thread):\n"
        "    print([name in sys.modules for name in ('shiboken6', 'PySide6.QtWidgets', 'numpy')])\n"
        "    begin(thread)\n"
        "threading.Thread.start = start\n"
        "from desktop.libraries import Libraries\n"
        "libraries = Libraries()\n"
        "libraries.start()\n"
        "libraries.join()\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=SCRIPT.parents[2],
        check=True,
    )
    assert run.stdout.splitlines()[0] == "[True, True, True]"
