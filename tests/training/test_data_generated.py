"""The generator's files as a data set."""

from pathlib import Path

import numpy as np
import pytest

from inference.errors import UsageError
from inference.rendering.camera import orbit_camera
from training.data.errors import BrokenSampleError
from training.data.generated import GeneratedHeads

SIZE = 12


def _write(folder: Path, number: int, views: int = 3) -> None:
    """A head whose views are as bright as their number."""
    shades = np.arange(views, dtype=np.uint8)[:, None, None, None] * 50
    cameras = [orbit_camera(30 * k, size=(SIZE, SIZE)) for k in range(views)]
    np.savez(
        folder / f"head_{number:06d}.npz",
        rgb=np.broadcast_to(shades, (views, SIZE, SIZE, 3)),
        alpha=np.full((views, SIZE, SIZE), 255, np.uint8),
        label=np.full((views, SIZE, SIZE), 2, np.uint8),
        K=np.stack([camera.intrinsics for camera in cameras]),
        w2c=np.stack([camera.world_to_camera for camera in cameras]),
    )


def test_any_view_is_the_input_and_the_others_are_targets(tmp_path: Path) -> None:
    for number in (4, 9):
        _write(tmp_path, number)
    heads = GeneratedHeads(tmp_path)
    assert len(heads) == 6
    assert not heads.real
    sample = heads.sample(4, np.random.default_rng(0))
    assert sample.identity == "generated/head_000009"
    assert sample.input.rgb.mean() == pytest.approx(50 / 255)
    assert sorted(round(float(t.rgb.mean()) * 255) for t in sample.targets) == [0, 100]
    expected = orbit_camera(30, size=(SIZE, SIZE))
    np.testing.assert_allclose(sample.input.camera.world_to_camera, expected.world_to_camera)
    with pytest.raises(IndexError):
        heads.sample(6, np.random.default_rng(0))


def test_a_single_view_is_its_own_target(tmp_path: Path) -> None:
    _write(tmp_path, 0, views=1)
    sample = GeneratedHeads(tmp_path).sample(0, np.random.default_rng(0))
    np.testing.assert_array_equal(sample.targets[0].rgb, sample.input.rgb)


def test_broken_heads_are_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="generated heads"):
        GeneratedHeads(tmp_path)
    for number, views in ((0, 3), (1, 2), (2, 3)):
        _write(tmp_path, number, views)
    whole = tmp_path / "head_000002.npz"
    whole.write_bytes(whole.read_bytes()[:200])
    heads = GeneratedHeads(tmp_path)
    with pytest.raises(BrokenSampleError, match="fewer views"):
        heads.sample(5, np.random.default_rng(0))
    with pytest.raises(BrokenSampleError, match="head_000002"):
        heads.sample(6, np.random.default_rng(0))
