"""A camera written to JSON comes back exactly; anything else in the file gets a sentence."""

import json
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inference.errors import UsageError
from inference.rendering.camera import orbit_camera
from inference.rendering.camera_json import camera_from_dict, camera_to_dict, read_camera

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@given(
    yaw=st.floats(-180, 180),
    elevation=st.floats(-90, 90),
    fov=st.floats(5, 100),
    size=st.tuples(st.integers(1, 5000), st.integers(1, 5000)),
)
@settings(max_examples=50, deadline=None)
def test_round_trip_is_exact(yaw: float, elevation: float, fov: float, size) -> None:
    camera = orbit_camera(yaw, elevation, fov_degrees=fov, size=size)
    back = camera_from_dict(json.loads(json.dumps(camera_to_dict(camera))))
    assert (back.width, back.height) == size
    np.testing.assert_array_equal(back.intrinsics, camera.intrinsics)
    np.testing.assert_array_equal(back.world_to_camera, camera.world_to_camera)


def test_reads_a_camera_file_and_a_whole_report(tmp_path: Path) -> None:
    data = camera_to_dict(orbit_camera(30))
    (tmp_path / "camera.json").write_text(json.dumps(data))
    (tmp_path / "report.json").write_text(json.dumps({"model": "embedded", "camera": data}))
    for name in ("camera.json", "report.json"):
        assert camera_to_dict(read_camera(tmp_path / name)) == data


@pytest.mark.parametrize(
    "change",
    [
        {"width": 0},
        {"width": 10**9},
        {"height": -4},
        {"height": 12.5},
        {"height": True},
        {"height": None},
        {"intrinsics": [[1, 0, 0], [0, 1, 0]]},
        {"intrinsics": [[0, 0, 256], [0, 500, 256], [0, 0, 1]]},
        {"intrinsics": [[500, 3, 256], [0, 500, 256], [0, 0, 1]]},
        {"intrinsics": [[float("nan"), 0, 256], [0, 500, 256], [0, 0, 1]]},
        {"intrinsics": "K"},
        {"world_to_camera": np.diag([2, 1, 1, 1]).tolist()},
        {"world_to_camera": np.diag([-1, 1, 1, 1]).tolist()},
        {"world_to_camera": np.eye(3).tolist()},
        {"world_to_camera": [[10**400] * 4] * 4},
    ],
)
def test_no_camera_gets_one_sentence(tmp_path: Path, change: dict) -> None:
    path = tmp_path / "camera.json"
    path.write_text(json.dumps(camera_to_dict(orbit_camera()) | change))
    with pytest.raises(UsageError, match=r"camera\.json"):
        read_camera(path)


@pytest.mark.parametrize("text", [b"", b"{", b"[" * 100_000, b"\xff\xfe", b"[]", b" " * 2_000_000])
def test_no_json_gets_one_sentence(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "camera.json"
    path.write_bytes(text)
    with pytest.raises(UsageError, match=r"camera\.json"):
        read_camera(path)
    with pytest.raises(UsageError, match="no camera file"):
        read_camera(tmp_path)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(key=st.sampled_from(["width", "height", "intrinsics", "world_to_camera"]), value=JSON)
def test_any_json_gives_a_camera_or_a_sentence(key: str, value: object) -> None:
    with suppress(UsageError):
        camera = camera_from_dict(camera_to_dict(orbit_camera()) | {key: value})
        assert camera.width >= 1
