"""Writing never leaves half a file: not on a full disk, in a closed folder, or when killed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from inference.errors import InvalidModelError, OutputError
from inference.files import atomic_write, resource_path

ROOT = Path(__file__).resolve().parents[2]

EXPORTS = """
import resource, sys
from pathlib import Path
import numpy as np
from inference.errors import OutputError
from inference.export.ply import write_ply
from inference.export.picture import write_picture
from inference.export.video import OrbitVideo, write_orbit_video
from inference.head.gaussians import Gaussians
from inference.rendering.camera import orbit_camera

class Noise:  # pictures that do not compress
    name = "noise"
    def render_rgba8(self, gaussians, camera, background=None):
        rng = np.random.default_rng(int(camera.world_to_camera[0, 0] * 1e6) % 999)
        return rng.integers(0, 256, (camera.height, camera.width, 4), dtype=np.uint8)

count = 4000
gaussians = Gaussians(np.zeros((count, 3)), np.tile([1, 0, 0, 0], (count, 1)),
                      np.ones((count, 3)), np.ones(count), np.ones((count, 3)))
path = Path(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))  # as a disk that fills up
try:
    if path.suffix == ".ply":
        write_ply(gaussians, path)
    elif path.suffix == ".mp4":
        write_orbit_video(Noise(), gaussians, OrbitVideo(seconds=1), path)
    else:
        write_picture(Noise(), gaussians, orbit_camera(), path)
except OutputError as error:
    print(error)
"""


def run_python(code: str, *arguments: str, **options) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


@pytest.mark.skipif(sys.platform == "win32", reason="limits of file sizes are POSIX's")
@pytest.mark.parametrize("name", ["head.ply", "a.png", "a.webp", "a.mp4"])
def test_full_disk_is_one_sentence_and_the_older_file_stays(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"older")
    output, errors = run_python(EXPORTS, str(path)).communicate(timeout=60)
    assert errors == ""
    assert output.count("\n") == 1
    assert "free some space" in output
    assert path.read_bytes() == b"older"
    assert [p.name for p in tmp_path.iterdir()] == [name]


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
def test_killed_midway_leaves_the_older_file_whole(tmp_path: Path) -> None:
    path = tmp_path / "head.ply"
    path.write_bytes(b"older")
    code = """
import sys
from pathlib import Path
from inference.files import atomic_write
with atomic_write(Path(sys.argv[1])) as temporary, open(temporary, "wb") as handle:
    handle.write(b"newer" * 100_000)
    handle.flush()
    print("half way", flush=True)
    sys.stdin.read()
"""
    process = run_python(code, str(path), stdin=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == "half way\n"
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=20)
    assert path.read_bytes() == b"older"
    # What it left is hidden, and goes with the first write a day later.
    (left,) = [p for p in tmp_path.iterdir() if p != path]
    assert left.name.startswith(".")
    save(path)
    assert left.exists()
    yesterday = time.time() - 25 * 3600
    os.utime(left, (yesterday, yesterday))
    save(path)
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes() == b"newer"


def save(path: Path) -> None:
    with atomic_write(path) as temporary:
        temporary.write_bytes(b"newer")


def test_old_files_of_others_are_not_touched(tmp_path: Path) -> None:
    others = [".notes.partial.txt", "a.12345678.partial.ply", ".a.12345678.part"]
    for name in others:
        (tmp_path / name).write_bytes(b"mine")
        os.utime(tmp_path / name, (0, 0))
    save(tmp_path / "head.ply")
    assert {p.name for p in tmp_path.iterdir()} == {*others, "head.ply"}


def test_an_error_inside_leaves_nothing(tmp_path: Path) -> None:
    def half_a_save() -> None:
        with atomic_write(tmp_path / "a.txt") as temporary:
            temporary.write_bytes(b"half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half_a_save()
    assert not list(tmp_path.iterdir())


def test_folders_are_made_and_long_names_taken(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / ("n" * 250 + ".ply")
    save(path)
    assert path.read_bytes() == b"newer"


def test_where_nothing_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "folder").mkdir()
    for path in (tmp_path / "file" / "a.ply", tmp_path / "folder"):
        with pytest.raises(OutputError, match="choose another folder"):
            save(path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "folder"]


@pytest.mark.skipif(sys.platform == "win32", reason="rights are POSIX's")
def test_closed_folder(tmp_path: Path) -> None:
    """In a process of its own: root may write anywhere, so it becomes nobody first."""
    code = """
import os, sys
from pathlib import Path
from inference.errors import OutputError
from inference.files import atomic_write
if os.geteuid() == 0:
    os.setuid(65534)
try:
    with atomic_write(Path(sys.argv[1])) as temporary:
        temporary.write_bytes(b"new")
except OutputError as error:
    print(error)
"""
    tmp_path.chmod(0o500)
    try:
        output, errors = run_python(code, str(tmp_path / "a.ply")).communicate(timeout=20)
    finally:
        tmp_path.chmod(0o700)
    assert errors == ""
    assert "choose another folder" in output
    assert not list(tmp_path.iterdir())


def test_missing_resource_says_what_to_do() -> None:
    with pytest.raises(InvalidModelError, match="install PercHead again"):
        resource_path("no-such-file.bin")
