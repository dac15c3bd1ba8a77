"""Heads made several at once, as on a graphics card, give the very files of heads one by one."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from inference.rendering.portable.renderer import PortableRenderer
from inference.video.frame_heads import SingleHeads
from inference.video.make import PIECE, make_head_video
from inference.video.settings import CameraMove, HeadVideo
from tests.dummy_engine import DummyEngine
from tests.video_helpers import empty_frame, face_frame, write_clip

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = HeadVideo(size=32, move=CameraMove.FIXED, splats=True)
BATCH = 4


class HeadsAtOnce(SingleHeads):
    """Heads of the quick engine, asked for several at a time.

    Attributes:
        sizes: of the batches, in order.
    """

    def __init__(self, engine, batch, stop_after=None):
        super().__init__(engine, fit=False)
        self.batch = batch
        self.key = "the same whatever the batch"
        self.sizes = []
        self._stop_after = stop_after

    def make(self, portraits, cancel):
        if len(self.sizes) == self._stop_after:
            import os
            import signal

            os.kill(os.getpid(), signal.SIGKILL)
        self.sizes.append(len(portraits))
        return super().make(portraits, cancel)


def clip_frames():
    """Empty at first, a short gap, a cut, a long gap, the light going down; over two pieces."""
    walk = [face_frame(50 + k, 60) for k in range(9)]
    there = [face_frame(130 - k, 50) for k in range(11)]
    dim = [(face_frame(80, 60) * (1 - 0.01 * k)).astype(np.uint8) for k in range(26)]
    none = [empty_frame()]
    return [*none * 2, *walk, *none * 3, *walk, *there, *none * 15, *dim]


def make(clip, path, batch, stop_after=None):
    engine = DummyEngine(0.0)
    heads = HeadsAtOnce(engine, batch, stop_after)
    renderer = PortableRenderer(threads=1)
    result = make_head_video(engine, renderer, clip, path, SETTINGS, heads=heads)
    return result, heads.sizes


def contents(folder):
    files = (file for file in sorted(folder.rglob("*")) if file.is_file())
    return {str(file.relative_to(folder)): file.read_bytes() for file in files}


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return write_clip(tmp_path_factory.mktemp("clip") / "clip.mp4", clip_frames())


@pytest.fixture(scope="module")
def one_by_one(clip, tmp_path_factory):
    """The files made one head at a time, and how many heads there were."""
    folder = tmp_path_factory.mktemp("single")
    result, sizes = make(clip, folder / "head.mp4", 1)
    assert result.pictures > 2 * PIECE
    assert len(result.held) == 2
    assert len(result.skipped) == 1
    assert set(sizes) == {1}
    return contents(folder), len(sizes)


def test_heads_made_four_at_once_give_the_same_bytes(clip, one_by_one, tmp_path):
    files, heads = one_by_one
    _, sizes = make(clip, tmp_path / "head.mp4", BATCH)
    assert sum(sizes) == heads  # frames without a face are left out of their batch
    assert max(sizes) == BATCH
    assert min(sizes) < BATCH
    assert contents(tmp_path) == files


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_batches_that_were_killed_go_on_and_give_the_same_bytes(clip, one_by_one, tmp_path):
    files, heads = one_by_one
    path = tmp_path / "head.mp4"
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); from pathlib import Path\n"
        "from tests.unit.test_video_batches import BATCH, make\n"
        f"make(Path({str(clip)!r}), Path({str(path)!r}), BATCH, stop_after=9)"
    )
    killed = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=300)
    assert killed.returncode < 0, killed.stderr
    work = tmp_path / ".head.unfinished"
    assert (work / "000000.mp4").exists()
    assert not (work / "000001.mp4").exists()
    assert list((work / "splats").glob(f"{PIECE + 4:06d}.ply"))  # within the second piece
    _, sizes = make(clip, path, BATCH)
    assert sum(sizes) < heads  # what was whole is not made again
    assert contents(tmp_path) == files
