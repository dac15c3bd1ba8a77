"""A clip becomes a head video: whole files, resume, streams, and a sentence for what fails."""

import json
import os
import signal
import subprocess
import sys
import time
import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from inference.errors import InvalidVideoError, NoFaceError, OutputError, UsageError
from inference.export.ply import read_ply
from inference.head.gaussians import NUM_GAUSSIANS
from inference.portrait.types import LoadedImage
from inference.progress import Cancelled, CancelToken, no_progress
from inference.rendering.portable.renderer import PortableRenderer
from inference.video.make import PIECE, make_head_video
from inference.video.settings import CameraMove, HeadVideo
from inference.video.track import COLUMNS, read_track
from inference.video.tracking import FaceTracker
from tests.dummy_engine import DummyEngine
from tests.video_helpers import (
    empty_frame,
    face_frame,
    moving_face,
    read_pictures,
    write_clip,
)

ROOT = Path(__file__).resolve().parents[2]
SMALL = HeadVideo(size=48, move=CameraMove.FIXED)


@pytest.fixture(scope="module")
def renderer():
    return PortableRenderer(threads=1)


def make(clip, path, renderer, settings=SMALL, progress=no_progress, cancel=None):
    return make_head_video(DummyEngine(0.0), renderer, clip, path, settings, progress, cancel)


def test_every_frame_becomes_a_picture_and_a_head(tmp_path, renderer):
    frames = moving_face(30)
    for k in range(15, 30):  # the light goes down: the heads must follow their frames
        frames[k] = (frames[k] * 0.82).astype(np.uint8)
    clip = write_clip(tmp_path / "clip.mp4", frames)
    told = []
    path = tmp_path / "out" / "head.mp4"
    settings = replace(SMALL, splats=True)
    result = make(clip, path, renderer, settings, lambda *report: told.append(report))
    pictures = read_pictures(path)
    assert len(pictures) == result.pictures == result.frames == 30
    assert pictures[0].shape == (48, 48, 3)
    assert pictures[0][0, 0].min() > 250
    assert pictures[29][20:28, 20:28].mean() < 0.92 * pictures[0][20:28, 20:28].mean()
    splats = sorted(result.splats.iterdir())
    assert [file.name for file in splats] == [f"{k:06d}.ply" for k in range(30)]
    assert len(read_ply(splats[-1])) == NUM_GAUSSIANS
    assert sorted(p.name for p in path.parent.iterdir()) == ["head.mp4", "head_splats"]
    fractions = [fraction for stage, fraction in told if stage != "Loading the models"]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0


def test_times_stay_right_at_another_rate(tmp_path, renderer):
    """Pieces are joined without a gap or a stumble, also at rates like 30000/1001."""
    import av

    clip = write_clip(tmp_path / "clip.mp4", moving_face(2 * PIECE + 5), fps=30)
    make(clip, tmp_path / "head.mp4", renderer, replace(SMALL, fps=30000 / 1001))
    with av.open(str(tmp_path / "head.mp4")) as container:
        times = [frame.time for frame in container.decode(video=0)]
    assert times == pytest.approx([k * 1001 / 30000 for k in range(len(times))], abs=1e-4)
    assert len(times) == 2 * PIECE + 5


def test_a_second_longer_run_replaces_the_first(tmp_path, renderer):
    path = tmp_path / "head.mp4"
    settings = replace(SMALL, splats=True)
    make(write_clip(tmp_path / "long.mp4", moving_face(6)), path, renderer, settings)
    make(write_clip(tmp_path / "short.mp4", moving_face(3)), path, renderer, settings)
    assert len(read_pictures(path)) == 3
    assert len(list((tmp_path / "head_splats").iterdir())) == 3


def test_a_short_gap_keeps_the_head_and_a_long_one_is_left_out(tmp_path, renderer):
    face, none = face_frame(80, 60), empty_frame()
    frames = [face] * 10 + [none] * 4 + [face] * 11 + [none] * 20 + [face] * 10
    clip = write_clip(tmp_path / "gaps.mp4", frames)
    result = make(clip, tmp_path / "head.mp4", renderer)
    assert [(gap.start, gap.end) for gap in result.held] == [(0.4, pytest.approx(0.56))]
    ((gap),) = result.skipped
    assert (gap.start, gap.end) == (1.0, pytest.approx(1.8))
    assert result.pictures == 35
    pictures = np.array(read_pictures(tmp_path / "head.mp4"), np.float64)
    # Without a face there is no new head: nothing grey flashes up.
    assert np.abs(pictures[10:14] - pictures[9]).mean() < 2


def test_a_clip_of_one_frame_and_odd_settings_work(tmp_path, renderer):
    clip = write_clip(tmp_path / "one.mp4", [face_frame(80, 60)])
    result = make(clip, tmp_path / "head.mp4", renderer, replace(SMALL, size=33, fps=1))
    assert result.pictures == 1
    assert read_pictures(tmp_path / "head.mp4")[0].shape == (34, 34, 3)


def test_a_variable_rate_becomes_a_steady_one(tmp_path, renderer):
    clip = write_clip(tmp_path / "vfr.mkv", moving_face(4), times=[0, 0.1, 0.9, 1.0])
    result = make(clip, tmp_path / "head.mp4", renderer, replace(SMALL, fps=10))
    assert result.frames == 4
    assert len(read_pictures(tmp_path / "head.mp4")) == result.pictures == 10


# What fails


def test_no_face_is_told_and_leaves_nothing(tmp_path, renderer):
    clip = write_clip(tmp_path / "wall.mp4", [empty_frame()] * 8)
    with pytest.raises(NoFaceError, match=r"No face was found in wall\.mp4"):
        make(clip, tmp_path / "out" / "head.mp4", renderer)
    assert list((tmp_path / "out").iterdir()) == []


def test_what_is_no_clip_is_told_before_anything_is_made(tmp_path, renderer):
    (tmp_path / "bad.mp4").write_bytes(b"nothing")
    with pytest.raises(InvalidVideoError):
        make(tmp_path / "bad.mp4", tmp_path / "out" / "head.mp4", renderer)
    assert not (tmp_path / "out").exists()


def test_a_face_that_is_not_there_is_told(tmp_path, renderer):
    clip = write_clip(tmp_path / "clip.mp4", moving_face(4))
    with pytest.raises(UsageError, match="Face 2 is asked for"):
        make(clip, tmp_path / "head.mp4", renderer, replace(SMALL, face=2))


@pytest.mark.parametrize(
    "change", [{"size": 8}, {"fps": 0.2}, {"face": 0}, {"elevation": 91.0}, {"turn_seconds": 0}]
)
def test_settings_that_cannot_be_are_refused(change):
    with pytest.raises(UsageError, match="must lie between"):
        HeadVideo(**change)


def test_another_suffix_than_mp4_is_refused(tmp_path, renderer):
    clip = write_clip(tmp_path / "clip.mp4", moving_face(2))
    with pytest.raises(UsageError, match=r"written as \.mp4"):
        make(clip, tmp_path / "head.avi", renderer)


def test_a_folder_that_cannot_be_written_is_told(tmp_path, renderer):
    (tmp_path / "file").write_text("in the way")
    clip = write_clip(tmp_path / "clip.mp4", moving_face(2))
    with pytest.raises(OutputError, match="Cannot write"):
        make(clip, tmp_path / "file" / "head.mp4", renderer)


def test_splats_that_do_not_fit_on_the_disk_are_told_at_once(tmp_path, renderer, monkeypatch):
    clip = write_clip(tmp_path / "clip.mp4", moving_face(3))
    usage = type("Usage", (), {"free": 5_000_000})  # the disk itself is the only thing replaced
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage)
    with pytest.raises(OutputError, match=r"splats of 3 pictures need 0\.0 GB"):
        make(clip, tmp_path / "head.mp4", renderer, replace(SMALL, splats=True))


def test_cancel_stops_soon_and_leaves_nothing(tmp_path, renderer):
    clip = write_clip(tmp_path / "clip.mp4", moving_face(40))
    for when in ("Following the face", "Making the heads"):
        cancel = CancelToken()

        def tell(stage, fraction, cancel=cancel, when=when):
            if stage.startswith(when) and fraction > 0.05:
                cancel.cancel()

        with pytest.raises(Cancelled):
            make(clip, tmp_path / "out" / "head.mp4", renderer, SMALL, tell, cancel)
        assert list((tmp_path / "out").iterdir()) == []


# Going on after an end


KILLED = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
if len(sys.argv) > 4:
    import resource
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[4]),) * 2)  # as a disk that fills up
from inference.errors import PercHeadError
from tests.unit.test_video_make import make, SMALL
from inference.rendering.portable.renderer import PortableRenderer
from dataclasses import replace
try:
    make(Path(sys.argv[2]), Path(sys.argv[3]), PortableRenderer(1), replace(SMALL, splats=True))
except PercHeadError as error:
    sys.exit(str(error))
"""


def start(clip, path, *more) -> subprocess.Popen:
    words = [sys.executable, "-c", KILLED, str(ROOT), str(clip), str(path), *map(str, more)]
    return subprocess.Popen(words, stderr=subprocess.PIPE, text=True)


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_after_a_kill_it_goes_on_and_makes_the_same_files(tmp_path, renderer):
    clip = write_clip(tmp_path / "clip.mp4", moving_face(PIECE + 12))
    settings = replace(SMALL, splats=True)
    make(clip, tmp_path / "whole" / "head.mp4", renderer, settings)
    path = tmp_path / "killed" / "head.mp4"
    work = path.parent / ".head.unfinished"
    process = start(clip, path)
    # Killed within the second piece: the first is whole, some splats of the second are there.
    until = time.monotonic() + 120
    while not (work / "splats" / f"{PIECE + 3:06d}.ply").exists():
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < until
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stderr.close()
    assert not path.exists()
    assert (work / "000000.mp4").exists()
    before = (work / "000000.mp4").stat().st_mtime_ns
    with open(work / "track", "r+b") as track:  # as if killed in the middle of a row
        track.truncate(8 * COLUMNS * 30 + 11)
    seen = []

    def tell(stage, fraction):
        if work.exists() and (work / "000000.mp4").exists():
            seen.append((work / "000000.mp4").stat().st_mtime_ns)

    make(clip, path, renderer, settings, tell)
    assert set(seen) == {before}  # what was whole was not made again
    assert contents(path.parent) == contents(tmp_path / "whole")


@pytest.mark.skipif(sys.platform == "win32", reason="no RLIMIT_FSIZE")
def test_a_full_disk_is_told_and_what_is_done_stays(tmp_path, renderer):
    clip = write_clip(tmp_path / "clip.mp4", moving_face(8))
    path = tmp_path / "out" / "head.mp4"
    process = start(clip, path, 1_000_000)  # a head's splats need 4.5 MB
    _, says = process.communicate(timeout=120)
    assert process.returncode == 1
    assert says.count("\n") == 1
    assert "Cannot write" in says
    assert "free some space" in says
    work = path.parent / ".head.unfinished"
    assert len(read_track(work / "track")) == 8
    assert not list(work.rglob("*.partial*"))
    make(clip, path, renderer, replace(SMALL, splats=True))
    assert len(read_pictures(path)) == 8
    assert not work.exists()


def test_other_settings_begin_anew(tmp_path, renderer):
    clip = write_clip(tmp_path / "clip.mp4", moving_face(5))
    work = tmp_path / ".head.unfinished"
    work.mkdir()
    (work / "job.json").write_text(json.dumps({"settings": "of another video"}))
    (work / "track").write_bytes(os.urandom(8 * COLUMNS * 3))
    result = make(clip, tmp_path / "head.mp4", renderer)
    assert result.pictures == 5
    assert not work.exists()


# Long clips


def test_memory_does_not_grow_with_the_length(tmp_path, renderer):
    def peak(count: int) -> int:
        clip = write_clip(tmp_path / f"{count}.mp4", moving_face(count))
        tracemalloc.start()
        try:
            make(clip, tmp_path / f"{count}-head.mp4", renderer)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(2)  # what is made once
    short, long = peak(10), peak(100)
    assert long < short + 1_000_000


# Following one face


def tracked(frames, face=1) -> list[float | None]:
    """The middle of the followed face in each frame."""
    tracker = FaceTracker(DummyEngine(0.0), face)
    places = []
    for index, frame in enumerate(frames):
        image = LoadedImage(frame.astype(np.float32) / 255, None, "clip")
        found = tracker.look(image, index, index / 25, CancelToken())
        places.append(None if found is None else (found.box[0] + found.box[2]) / 2)
    return places


def both(x_large: float, x_small: float) -> np.ndarray:
    large, small = face_frame(x_large, 60, (320, 120), 22), face_frame(x_small, 60, (320, 120), 15)
    skin = small[..., 0] > 180
    return np.where(skin[..., None], small, large)


def test_the_largest_face_is_followed_or_the_one_that_was_asked_for():
    frames = [both(80 + 2 * k, 260 - 2 * k) for k in range(20)]
    assert tracked(frames) == pytest.approx([80 + 2 * k for k in range(20)], abs=3)
    assert tracked(frames, 2) == pytest.approx([260 - 2 * k for k in range(20)], abs=3)


def test_a_hidden_face_is_not_swapped_for_another_one():
    frames = [both(80, 260)] * 5 + [face_frame(260, 60, (320, 120), 15)] * 5 + [both(84, 260)] * 5
    places = tracked(frames)
    assert places[5:10] == [None] * 5
    assert places[10:] == pytest.approx([84] * 5, abs=3)
