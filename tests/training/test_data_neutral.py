"""The neutral layout: what users bring, and what the generator writes."""

import json
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from inference.errors import UsageError
from tests.training.data_helpers import same_camera, view
from training.data import neutral
from training.data.errors import BrokenSampleError

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
FRAME = {
    "file": "images/a.png", "w": 20, "h": 10, "fx": 30.0, "fy": 31, "cx": 10.5, "cy": 5,
    "w2c": np.eye(4).tolist(),
}  # fmt: skip


def test_what_is_written_is_read(tmp_path: Path) -> None:
    views = [view(yaw, 40, label=yaw == 0) for yaw in (-30.0, 0.0, 30.0)]
    neutral.write_head(tmp_path / "000001", views, "anna")
    source = neutral.open_source(tmp_path)
    (capture,) = source.captures
    assert (capture.key, capture.person) == ("000001", "anna")
    loaded = capture.load()
    assert loaded.aligned
    for raw, wanted in zip(loaded.views, views, strict=True):
        assert raw.camera is not None
        assert same_camera(raw.camera, wanted.camera)
        picture = raw.picture.read()
        inside = wanted.alpha > 0.99
        assert picture.alpha is not None
        assert np.abs(picture.alpha / 255 - wanted.alpha).max() < 0.01
        assert np.abs(picture.rgb[inside] / 255 - wanted.rgb[inside]).max() < 0.01
        assert (picture.label is None) == (wanted.label is None)


def test_a_users_folder_in_a_world_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    Image.new("RGB", (64, 48), (200, 100, 50)).save(tmp_path / "images" / "a.png")
    frame = FRAME | {"file": "a.png", "w": 64, "h": 48}
    (tmp_path / "cameras.json").write_text(json.dumps({"frames": [frame]}))
    (capture,) = neutral.open_source(tmp_path).captures
    loaded = capture.load()
    assert not loaded.aligned
    picture = loaded.views[0].picture.read()
    assert picture.alpha is None
    assert picture.rgb[0, 0].tolist() == [200, 100, 50]
    camera = loaded.views[0].camera
    assert camera is not None
    np.testing.assert_allclose(camera.project(np.array([[0.1, 0.2, 2.0]]))[0], [[12.0, 8.1]])


@pytest.mark.parametrize(
    "change",
    [
        {"file": "../a.png"}, {"file": "/a.png"}, {"file": 3}, {"label": "../x"}, {"w": 0},
        {"w": 10.5}, {"fx": 0}, {"fx": "30"}, {"cx": float("nan")}, {"w2c": [[1, 0], [0, 1]]},
        {"w2c": np.diag([1, 1, -1, 1]).tolist()}, {"w2c": np.diag([2, 2, 2, 1]).tolist()},
    ],
)  # fmt: skip
def test_a_frame_that_cannot_be_is_refused(change: dict) -> None:
    assert neutral.parse_cameras({"frames": [FRAME]}).frames[0].camera.width == 20
    with pytest.raises(BrokenSampleError):
        neutral.parse_cameras({"frames": [FRAME | change]})


@settings(max_examples=150, deadline=None)
@given(value=JSON, key=st.sampled_from([*FRAME, "label"]), where=st.integers(0, 3))
def test_any_json_is_read_or_refused(value: object, key: str, where: int) -> None:
    whole = {"frames": [FRAME]}
    damaged = (value, whole | {"frames": value}, whole | {"person": value, "world": value},
               {"frames": [FRAME | {key: value}]})[where]  # fmt: skip
    with suppress(BrokenSampleError):
        neutral.parse_cameras(damaged)


def test_a_folder_without_heads_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cameras\.json"):
        neutral.open_source(tmp_path)


def test_a_missing_picture_is_a_broken_sample(tmp_path: Path) -> None:
    (tmp_path / "cameras.json").write_text(json.dumps({"frames": [FRAME]}))
    (capture,) = neutral.open_source(tmp_path).captures
    with pytest.raises(BrokenSampleError, match=r"a\.png"):
        capture.load().views[0].picture.read()
