"""The published layouts: which captures there are, and that cameras and pictures are read right."""

import zipfile
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.errors import UsageError
from inference.rendering.camera import Camera
from tests.training import data_layouts as layouts
from training.data import ava256, cafca, ffhq, nersemble, vfhq
from training.data.capture import CaptureViews, one_of_each_person_first
from training.data.colour_correction import correct_colours, parse_colour_matrix
from training.data.errors import BrokenSampleError
from training.data.video_frames import count_frames, read_frame, spread

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
POINTS = np.array([[0.0, 0.03, 0.05], [0.06, -0.05, 0.0], [-0.07, 0.1, -0.08]])
EYE = np.eye(4).tolist()
LENS = [[900.0, 0, 256], [0, 900, 256], [0, 0, 1]]


def assert_projects_alike(loaded: CaptureViews, truth: list[Camera]) -> None:
    """The data set's cameras put its world's points where the true ones put them."""
    assert len(loaded.views) == len(truth)
    for view, camera in zip(loaded.views, truth, strict=True):
        picture = view.picture.read()
        height, width = picture.rgb.shape[:2]
        assert view.camera is not None
        got = view.camera.resized(width, height).project(layouts.WORLD.apply(POINTS))[0]
        np.testing.assert_allclose(got, camera.project(POINTS)[0], atol=0.05)


def test_cafca(tmp_path: Path) -> None:
    truth = layouts.cafca(tmp_path)
    source = cafca.open_source(tmp_path)
    assert (source.name, source.real, source.needs_face) == ("cafca", False, True)
    (capture,) = source.captures
    assert (capture.key, capture.person) == ("00000+00003_001", "00000")
    assert_projects_alike(capture.load(), truth)
    picture = capture.load().views[1].picture.read()
    assert picture.alpha is not None
    assert picture.alpha[256, 256] == 255
    assert picture.alpha[0, 0] == 0


def test_cafca_in_the_chunks_it_is_published_in(tmp_path: Path) -> None:
    layouts.cafca(tmp_path / "00000-00099", scenes=("00007/00000_000",))
    (capture,) = cafca.open_source(tmp_path).captures
    assert capture.person == "00007"


def test_nersemble(tmp_path: Path) -> None:
    truth = layouts.nersemble(tmp_path, ("058", "059"))
    source = nersemble.open_source(tmp_path)
    assert (source.name, source.real, source.needs_face) == ("nersemble", True, False)
    assert [capture.person for capture in source.captures] == ["058", "059"]  # no BACKGROUND
    loaded = source.captures[0].load()
    assert_projects_alike(loaded, truth)
    assert [view.name for view in loaded.views] == [f"2222000{n:02d}" for n in range(3)]
    wanted = layouts.sees(truth[2]).astype(int) + 8  # the middle one of five frames
    got = loaded.views[2].picture.read().rgb.astype(int)
    assert np.abs(got - np.clip(wanted, 0, 255)).mean() < 4  # colours corrected, frame right


def test_nersemble_moments_are_spread_over_the_sequence(tmp_path: Path) -> None:
    layouts.nersemble(tmp_path, frames=8)
    captures = nersemble.open_source(tmp_path, 2).captures
    pictures = {c.key: c.load().views[0].picture.read().rgb.astype(int) for c in captures}
    first, second = (pictures[f"058+EXP-1-head+{moment}of2"] for moment in (0, 1))
    assert 12 < (second - first).mean() < 20  # four frames, each 4 brighter


def test_ava256(tmp_path: Path) -> None:
    truth = layouts.ava256(tmp_path)
    source = ava256.open_source(tmp_path)
    assert (source.name, source.real, source.needs_face) == ("ava256", True, True)
    (capture,) = source.captures
    assert capture.person == "20220809--1034--BJM420"
    assert_projects_alike(capture.load(), truth)


def test_ava256_takes_a_frame_that_all_cameras_have(tmp_path: Path) -> None:
    layouts.ava256(tmp_path, frames=(1, 2, 3), yaws=(0.0, 20.0))
    images = tmp_path / "20220809--1034--BJM420" / "decoder" / "image"
    with zipfile.ZipFile(images / "cam400900.zip", "w") as archive:
        archive.writestr("000003.avif", b"")
    loaded = ava256.open_source(tmp_path).captures[0].load()
    assert [view.picture.member for view in loaded.views] == [  # type: ignore[attr-defined]
        "000003.avif",
        "cam400901/000003.avif",
    ]
    with pytest.raises(BrokenSampleError, match=r"cam400900\.zip"):
        loaded.views[0].picture.read()


def test_ffhq_is_a_fixed_random_order_without_what_is_marked_occluded(tmp_path: Path) -> None:
    layouts.ffhq(tmp_path, tuple(range(12)))
    source = ffhq.open_source(tmp_path)
    assert (source.real, source.unoccluded, source.limit) == (True, True, 3000)
    keys = [capture.key for capture in source.captures]
    assert sorted(keys) == [f"{number:05d}" for number in range(12)]
    assert keys != sorted(keys)
    (tmp_path / "images1024x1024" / "00000" / "00003.png").unlink()
    assert [c.key for c in ffhq.open_source(tmp_path).captures] == [k for k in keys if k != "00003"]
    occlusion = {"eyeOccluded": False, "foreheadOccluded": False, "mouthOccluded": True}
    faces = [{"faceAttributes": {"occlusion": occlusion}}]
    layouts.write_json(tmp_path / "json" / f"{keys[0]}.json", faces)
    with pytest.raises(BrokenSampleError, match="mouthOccluded"):
        source.captures[0].load()
    (view,) = source.captures[1].load().views
    assert view.camera is None
    np.testing.assert_array_equal(view.picture.read().rgb, layouts.astronaut())


def test_vfhq_frames_and_videos(tmp_path: Path) -> None:
    clip = tmp_path / "a" / "Clip+_-4HbF8+P0+C0+F10-20"
    for number in range(5):
        layouts.write_png(clip / f"{number:08d}.png", np.full((40, 40, 3), 10 * number, np.uint8))
    pictures = (np.full((40, 40, 3), 20 * number, np.uint8) for number in range(6))
    layouts.encode_video(tmp_path / "Clip+_-4HbF8+P0+C1+F30-40.mp4", pictures, 40, 40, 24)
    source = vfhq.open_source(tmp_path, 2)
    assert {capture.person for capture in source.captures} == {"_-4HbF8+P0"}
    means = {c.key: c.load().views[0].picture.read().rgb.mean() for c in source.captures}
    wanted = {
        "Clip+_-4HbF8+P0+C0+F10-20+0of2": 10, "Clip+_-4HbF8+P0+C0+F10-20+1of2": 30,
        "Clip+_-4HbF8+P0+C1+F30-40+0of2": 20, "Clip+_-4HbF8+P0+C1+F30-40+1of2": 80,
    }  # fmt: skip
    assert means == pytest.approx(wanted, abs=3)


@pytest.mark.parametrize("module", [ava256, cafca, ffhq, nersemble, vfhq])
def test_another_folder_is_told(module, tmp_path: Path) -> None:
    (tmp_path / "something").mkdir()
    with pytest.raises(UsageError, match="holds no"):
        module.open_source(tmp_path)


def test_frames_are_found_whatever_the_encoder_reordered(tmp_path: Path) -> None:
    levels = [(37 * number) % 200 + 20 for number in range(40)]
    pictures = (np.full((48, 64, 3), level, np.uint8) for level in levels)
    layouts.encode_video(tmp_path / "a.mp4", pictures, 64, 48, 30)
    assert count_frames(tmp_path / "a.mp4") == 40
    for index in (0, 1, 17, 38, 39):
        frame = read_frame(tmp_path / "a.mp4", index)
        assert frame.shape == (48, 64, 3)
        assert abs(frame.mean() - levels[index]) < 6, index
    with pytest.raises(BrokenSampleError, match="40 frames"):
        read_frame(tmp_path / "a.mp4", 40)


def test_a_cut_off_video_is_a_broken_sample(tmp_path: Path) -> None:
    layouts.encode_video(
        tmp_path / "a.mp4", iter([np.zeros((48, 64, 3), np.uint8)] * 30), 64, 48, 30
    )
    content = (tmp_path / "a.mp4").read_bytes()
    for keep in (0, 40, len(content) // 2):
        (tmp_path / "b.mp4").write_bytes(content[:keep])
        with pytest.raises(BrokenSampleError):
            read_frame(tmp_path / "b.mp4", 29)


@given(count=st.integers(1, 50), frames=st.integers(1, 1000))
def test_moments_are_different_and_in_order(count: int, frames: int) -> None:
    chosen = spread(count, frames)
    assert len(chosen) == min(count, frames)
    assert chosen == sorted(set(chosen))
    assert chosen[0] >= 0
    assert chosen[-1] < frames
    assert spread(1, frames) == [frames // 2]


def test_a_limit_cuts_people_last(tmp_path: Path) -> None:
    scenes = tuple(f"{p:05d}/{e:05d}_000" for p in range(3) for e in range(4))
    for scene in scenes:
        (tmp_path / scene).mkdir(parents=True)
    captures = cafca.open_source(tmp_path).captures
    assert [capture.person for capture in captures] == ["00000", "00001", "00002"] * 4
    assert len({capture.key for capture in captures}) == 12
    assert len({capture.folder.name for capture in captures[:3]}) > 1  # type: ignore[attr-defined]
    assert one_of_each_person_first(captures) == captures


def test_colours_are_corrected_in_linear_light() -> None:
    rgb = np.array([[[188, 0, 0], [0, 188, 0], [255, 255, 255]]], np.uint8)  # 188 is half of 255
    np.testing.assert_array_equal(correct_colours(rgb, np.eye(3)), rgb)
    doubled = correct_colours(rgb, 2 * np.eye(3))
    assert abs(int(doubled[0, 0, 0]) - 255) <= 1
    offset = np.zeros((3, 5))
    offset[1, 4] = 0.5  # the constant term
    assert np.abs(correct_colours(rgb, offset)[..., 1].astype(int) - 188).max() <= 1
    squares = np.zeros((3, 11))
    squares[0, 6] = 1  # red squared
    assert abs(int(correct_colours(rgb, squares)[0, 0, 0]) - 137) <= 1
    with pytest.raises(BrokenSampleError, match="6 terms"):
        parse_colour_matrix([[0.0] * 6] * 3, "x")


@settings(max_examples=200, deadline=None)
@given(value=JSON, key=st.sampled_from(["K", "T", "cameraId", "world2cam"]))
def test_any_calibration_is_read_or_refused(value: object, key: str) -> None:
    krt = {"cameraId": "1", "K": np.array(LENS).T.tolist(), "T": EYE}
    camera = {"K": LENS, "world2cam": EYE}
    params = {"world_2_cam": {"1": EYE}, "intrinsics": LENS}
    for parse, whole in (
        (ava256.parse_calibration, {"KRT": [krt]}),
        (nersemble.parse_camera_params, params),
        (lambda data: cafca.parse_camera(data, "C00"), camera),
    ):
        assert parse(whole)
    for parse, damaged in (
        (ava256.parse_calibration, value),
        (ava256.parse_calibration, {"KRT": value}),
        (ava256.parse_calibration, {"KRT": [krt | {key: value}]}),
        (nersemble.parse_camera_params, value),
        (nersemble.parse_camera_params, params | {"world_2_cam": value}),
        (nersemble.parse_camera_params, params | {"world_2_cam": {"1": value}}),
        (nersemble.parse_camera_params, params | {"intrinsics": value}),
        (lambda data: cafca.parse_camera(data, "C00"), value),
        (lambda data: cafca.parse_camera(data, "C00"), camera | {key: value}),
        (ffhq.occluded_parts, value),
        (ffhq.occluded_parts, [{"faceAttributes": value}]),
        (lambda data: parse_colour_matrix(data, "x"), value),
    ):
        with suppress(BrokenSampleError):
            parse(damaged)
