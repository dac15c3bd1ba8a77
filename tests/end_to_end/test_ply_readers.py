"""An exported head in readers that we did not write, and in our own command again."""

from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit

from inference.export.ply import read_ply, write_ply
from inference.head.gaussians import Gaussians
from inference.rendering.camera import HEAD_CENTRE, orbit_camera
from inference.rendering.portable.renderer import PortableRenderer

SH_C0 = 0.28209479177387814
TURN = np.diag([1, -1, -1])  # these readers' y points down


@pytest.fixture(scope="module")
def head() -> Gaussians:
    """65,536 Gaussians as on a head: flat, small, mostly opaque."""
    rng = np.random.default_rng(3)
    count = 65_536
    out = rng.normal(size=(count, 3))
    out /= np.linalg.norm(out, axis=1, keepdims=True)
    quaternions = rng.normal(size=(count, 4))
    return Gaussians(
        means=out * [0.08, 0.11, 0.1] + HEAD_CENTRE,
        quaternions=quaternions / np.linalg.norm(quaternions, axis=1, keepdims=True),
        scales=np.exp(rng.normal([-6.3, -6.3, -8], 0.3, (count, 3))),
        opacities=rng.beta(6, 1, count),
        colours=np.clip(0.5 + 0.5 * np.sin(40 * out), 0, 1),
    )


@pytest.fixture(scope="module")
def file(head: Gaussians, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("export") / "head.ply"
    write_ply(head, path)
    return path


def covariances(quaternions: np.ndarray, scales: np.ndarray) -> np.ndarray:
    from scipy.spatial.transform import Rotation

    matrices = Rotation.from_quat(quaternions, scalar_first=True).as_matrix() * scales[:, None]
    return matrices @ matrices.transpose(0, 2, 1)


def assert_is(head: Gaussians, means, quaternions, scales, opacities, colours) -> None:
    """The reader's values, activated by its own rules, are our head standing upright."""
    np.testing.assert_allclose(means, head.means @ TURN, atol=1e-7)
    ours = TURN @ covariances(head.quaternions, head.scales) @ TURN
    np.testing.assert_allclose(covariances(quaternions, scales), ours, atol=1e-10)
    np.testing.assert_allclose(opacities, np.clip(head.opacities, 1e-3, 1 - 1e-3), atol=1e-6)
    np.testing.assert_allclose(colours, head.colours, atol=1e-6)


def test_plyfile(head: Gaussians, file: Path) -> None:
    plyfile = pytest.importorskip("plyfile")
    vertex = plyfile.PlyData.read(file)["vertex"]

    def columns(prefix: str, count: int) -> np.ndarray:
        return np.stack([vertex[f"{prefix}_{i}"] for i in range(count)], axis=1)

    assert_is(
        head,
        np.stack([vertex[axis] for axis in "xyz"], axis=1),
        columns("rot", 4),
        np.exp(columns("scale", 3)),
        expit(vertex["opacity"]),
        0.5 + SH_C0 * columns("f_dc", 3),
    )


def test_gsply(head: Gaussians, file: Path) -> None:
    gsply = pytest.importorskip("gsply")
    data = gsply.plyread(str(file))
    assert_is(
        head,
        data.means,
        data.quats,
        np.exp(data.scales),
        expit(data.opacities.reshape(-1)),
        gsply.sh2rgb(data.sh0.reshape(-1, 3)),
    )


def test_what_another_program_saved_comes_back(head: Gaussians, file: Path, tmp_path: Path) -> None:
    """plyfile writes its own header, here as text and without our comment."""
    plyfile = pytest.importorskip("plyfile")
    rows = plyfile.PlyData.read(file)["vertex"].data[:2000]
    element = plyfile.PlyElement.describe(rows, "vertex")
    plyfile.PlyData([element], text=True).write(tmp_path / "theirs.ply")
    theirs = read_ply(tmp_path / "theirs.ply")
    np.testing.assert_allclose(theirs.means, head.means[:2000], atol=1e-7)
    np.testing.assert_allclose(theirs.colours, head.colours[:2000], atol=1e-6)


@pytest.mark.parametrize("yaw", [0, 60])
def test_the_picture_of_the_file_is_the_picture_of_the_head(
    head: Gaussians, file: Path, yaw: float
) -> None:
    renderer = PortableRenderer(2)
    camera = orbit_camera(yaw, 10, size=(256, 256))
    before = renderer.render_rgba8(head, camera).astype(int)
    after = renderer.render_rgba8(read_ply(file), camera).astype(int)
    difference = np.abs(before - after)
    assert difference.max() <= 1
    assert (difference > 0).mean() < 0.01
