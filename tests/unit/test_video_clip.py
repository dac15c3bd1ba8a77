"""Reading clips: upright, in order, and one sentence for what cannot be read."""

import numpy as np
import pytest

from inference.errors import InvalidVideoError
from inference.video.clip import MAX_STEP, ClipReader
from tests.video_helpers import empty_frame, face_frame, moving_face, write_clip, write_sound


def read_all(path):
    with ClipReader(path) as reader:
        return list(reader.frames()), reader


def marked(width=96, height=64) -> np.ndarray:
    """Red at the top left, blue at the bottom right."""
    frame = np.full((height, width, 3), 128, np.uint8)
    frame[: height // 2, : width // 2] = (255, 0, 0)
    frame[height // 2 :, width // 2 :] = (0, 0, 255)
    return frame


def test_a_clip_is_read_whole_and_in_order(tmp_path):
    path = write_clip(tmp_path / "clip.mp4", moving_face(12), fps=25)
    frames, reader = read_all(path)
    assert [frame.index for frame in frames] == list(range(12))
    assert [frame.time for frame in frames] == pytest.approx([k / 25 for k in range(12)])
    assert reader.info.size == (160, 120)
    assert reader.info.rate == 25
    assert reader.info.frames == 12
    assert reader.damaged == 0
    image = frames[0].image()
    assert image.rgb.shape == (120, 160, 3)
    assert image.rgb.dtype == np.float32
    expected = face_frame(60, 60).astype(np.float32) / 255
    assert np.abs(image.rgb - expected).mean() < 0.02


@pytest.mark.parametrize(
    ("rotation", "red"), [(0, "top left"), (90, "bottom left"), (-90, "top right"),
                          (180, "bottom right")]
)  # fmt: skip
def test_the_rotation_that_a_phone_notes_is_applied(tmp_path, rotation, red):
    path = write_clip(tmp_path / "turned.mp4", [marked()] * 2, rotation=rotation)
    frames, reader = read_all(path)
    rgb = frames[0].image().rgb
    upright = (64, 96) if abs(rotation) == 90 else (96, 64)
    assert reader.info.size == upright == (rgb.shape[1], rgb.shape[0])
    rows = slice(4, 20) if "top" in red else slice(-20, -4)
    columns = slice(4, 20) if "left" in red else slice(-20, -4)
    assert rgb[rows, columns].mean((0, 1)) == pytest.approx([1, 0, 0], abs=0.08)


def test_times_of_a_variable_rate_are_kept_and_always_grow(tmp_path):
    times = [0.0, 0.04, 0.3, 0.31, 0.9]
    frames, _ = read_all(write_clip(tmp_path / "vfr.mkv", moving_face(5), times=times))
    assert [frame.time for frame in frames] == pytest.approx(times, abs=2e-3)


def test_a_leap_in_time_does_not_last_for_hours(tmp_path):
    times = [0.0, 0.04, 5000.0, 5000.04]
    frames, _ = read_all(write_clip(tmp_path / "leap.mkv", moving_face(4), times=times))
    assert frames[2].time == pytest.approx(0.04 + MAX_STEP, abs=1e-2)


def test_odd_sizes_are_read(tmp_path):
    odd = [empty_frame((161, 121))] * 3
    path = write_clip(tmp_path / "odd.mkv", odd, codec="ffv1", layout="bgr0")
    frames, reader = read_all(path)
    assert reader.info.size == (161, 121)
    assert frames[-1].image().rgb.shape == (121, 161, 3)


def test_large_frames_are_made_smaller(tmp_path):
    path = write_clip(tmp_path / "wide.mp4", [empty_frame((5120, 160))])
    frames, reader = read_all(path)
    assert reader.info.size == (2560, 80)
    assert frames[0].image().size == (2560, 80)


@pytest.mark.parametrize(
    ("name", "content"),
    [("text.mp4", b"this is no video at all"), ("empty.mp4", b""), ("zeros.mov", bytes(5000))],
)
def test_what_is_no_video_is_told_in_a_sentence(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InvalidVideoError, match=f"{name} is damaged, cut off or no video"):
        ClipReader(path)


def test_a_clip_cut_off_without_its_index_is_told(tmp_path):
    path = write_clip(tmp_path / "cut.mp4", moving_face(10))
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(InvalidVideoError, match="cut off"):
        ClipReader(path)


def test_a_clip_damaged_in_the_middle_gives_its_good_frames(tmp_path):
    path = write_clip(tmp_path / "hurt.mkv", moving_face(40), codec="mpeg4")
    content = bytearray(path.read_bytes())
    rng = np.random.default_rng(0)
    middle = len(content) // 2
    content[middle : middle + 400] = rng.integers(0, 256, 400, dtype=np.uint8).tobytes()
    path.write_bytes(content)
    frames, _ = read_all(path)
    assert 5 <= len(frames) <= 40
    assert np.all(np.diff([frame.time for frame in frames]) > 0)


def test_sound_without_pictures_is_told(tmp_path):
    with pytest.raises(InvalidVideoError, match="holds no moving pictures"):
        ClipReader(write_sound(tmp_path / "song.m4a"))


def test_what_is_not_there_is_told(tmp_path):
    with pytest.raises(InvalidVideoError, match="does not exist"):
        ClipReader(tmp_path / "none.mp4")
    with pytest.raises(InvalidVideoError, match="is a folder"):
        ClipReader(tmp_path)


def test_a_picture_too_small_for_a_face_is_told(tmp_path):
    with pytest.raises(InvalidVideoError, match="in which the face can be seen"):
        ClipReader(write_clip(tmp_path / "dot.mp4", [empty_frame((16, 16))] * 2))


def test_a_playlist_opens_no_other_file(tmp_path):
    """A clip from elsewhere must not make the program read what the user did not choose."""
    write_clip(tmp_path / "other.mp4", moving_face(3))
    playlist = tmp_path / "list.m3u8"
    playlist.write_text("#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n")
    with pytest.raises(InvalidVideoError):
        ClipReader(playlist)
    concat = tmp_path / "list.ffconcat"
    concat.write_text("ffconcat version 1.0\nfile http://127.0.0.1:9/a.mp4\n")
    with pytest.raises(InvalidVideoError):
        ClipReader(concat)
