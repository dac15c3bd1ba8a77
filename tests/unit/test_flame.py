"""The template's points on a head mesh that the user brings."""

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import cKDTree

from inference.catalogue.importing import import_model
from inference.catalogue.table import model_entry
from inference.errors import InvalidModelError
from inference.head.choice import load_template, template_of
from inference.head.flame import load_flame_mesh, load_flame_template, sample_flame
from inference.head.trimesh import TriangleMesh
from tests.unit.catalogue_helpers import make_store
from tests.unit.flame_head import EYES, INNER_MOUTH, flame_like, write_flame

NECK = 1


@pytest.fixture(scope="module")
def mesh(template):
    return flame_like(template)


@pytest.fixture(scope="module")
def sampled(mesh, template):
    return sample_flame(mesh, template)


def test_it_is_interchangeable_with_the_shipped_template(sampled, template):
    flame = sampled[1]
    assert flame.anchors.shape == (65536, 3)
    assert (flame.name, flame.topology) == ("flame", template.topology)
    for field in ("labels", "mirror", "neighbours", "landmark_anchors"):
        assert np.array_equal(getattr(flame, field), getattr(template, field))


def test_points_lie_on_the_mesh_and_do_not_coincide(sampled, mesh):
    sampling, flame = sampled
    assert (sampling.weights >= 0).all()
    assert np.allclose(sampling.weights.sum(1), 1)
    cells = (flame.anchors * 1e5).round().astype(int)
    assert len(np.unique(cells, axis=0)) == 65536
    on_mesh = sampling.anchors(mesh.vertices).astype(np.float64)
    faces, weights = mesh.closest(on_mesh, candidates=40)
    reached = mesh.interpolate(mesh.vertices, faces, weights)
    assert np.linalg.norm(reached - on_mesh, axis=1).max() < 1e-3


def test_the_head_keeps_its_size_and_comes_to_the_templates_place(sampled, mesh):
    sampling, flame = sampled
    moved = flame.anchors - sampling.anchors(mesh.vertices)
    assert np.abs(moved - moved.mean(0)).max() < 1e-5
    eyes = flame.anchors[np.isin(flame.labels, EYES)]
    assert abs(eyes[:, 0].mean()) < 1e-3
    assert abs(eyes[:, 1].mean() - 0.03) < 2e-3


def test_each_point_is_found_where_it_was_on_the_head(sampled, template):
    flame = sampled[1]
    mid_eye = np.array([0.0, 0.03, 0.05])
    expected = (template.anchors - mid_eye) * 1.04 + mid_eye
    head = ~np.isin(template.labels, [NECK, INNER_MOUTH, 4, 5])  # ears are not star-shaped
    distance = np.linalg.norm(flame.anchors - expected, axis=1)[head]
    assert np.median(distance) < 0.006
    assert np.percentile(distance, 99) < 0.02
    points = flame.anchors[flame.landmark_anchors]
    assert points[1, 2] > np.percentile(flame.anchors[:, 2], 99)  # the tip of the nose
    assert points[33, 0] < -0.03 < 0.03 < points[263, 0]  # outer corners of right and left eye


def test_neighbours_stay_together(sampled, template):
    flame = sampled[1]
    head = ~np.isin(template.labels, [NECK, INNER_MOUTH])
    apart = np.linalg.norm(
        flame.anchors[flame.neighbours[head]] - flame.anchors[head][:, None], axis=-1
    )
    assert np.percentile(apart, 99) < 0.012


def test_the_bust_covers_the_neck_down_to_the_border(sampled, mesh):
    flame = sampled[1]
    offset = np.array([0, 0.03, 0.05]) - (np.array([0, 0.03, 0.046]) * 1.04 + [0.01, -0.02, 0.015])
    skin = mesh.pieces()[0]
    border = skin.vertices[skin.border] + offset
    border = border[border[:, 1] < 0]
    neck = flame.anchors[flame.labels == NECK]
    assert cKDTree(neck).query(border)[0].max() < 0.02
    assert (neck[:, 1] > 0).mean() < 0.01


def test_normals_are_those_of_the_mesh(sampled):
    flame = sampled[1]
    away = flame.anchors - np.array([0, 0, -0.02])
    skull = flame.labels == 14
    assert (np.einsum("nc,nc->n", away, flame.normals)[skull] > 0).all()


def test_a_mesh_in_centimetres_gives_the_same_head_in_metres(mesh, template):
    small = sample_flame(TriangleMesh(mesh.vertices * 100, mesh.faces), template)[1]
    skull = small.anchors[small.labels == 14]
    assert 0.13 < np.ptp(skull[:, 0]) < 0.17


@pytest.mark.parametrize("kind", ["pickle", "npz"])
def test_both_kinds_of_file_are_read(tmp_path, mesh, sampled, kind):
    path = tmp_path / ("flame.pkl" if kind == "pickle" else "flame.npz")
    if kind == "pickle":
        write_flame(path, mesh)
    else:
        np.savez(path, v_template=mesh.vertices, f=mesh.faces.astype(np.uint32))
    read = load_flame_mesh(path)
    assert np.array_equal(read.vertices, mesh.vertices)
    assert np.array_equal(read.faces, mesh.faces)
    if kind == "npz":
        assert np.array_equal(load_flame_template(path).anchors, sampled[1].anchors)


def test_an_imported_flame_is_the_template_of_checkpoints_that_name_it(
    tmp_path, mesh, sampled, template
):
    entry = model_entry("flame")
    store = make_store(tmp_path, entry)
    shipped, other = template.template_id, sampled[1].template_id
    assert (shipped, other) == (template.topology, f"{template.topology}/flame")
    with pytest.raises(InvalidModelError, match="models import flame FILE"):
        template_of(other, store)
    import_model(store, entry, write_flame(tmp_path / "flame2023.pkl", mesh))
    assert np.array_equal(template_of(other, store).anchors, sampled[1].anchors)
    assert np.array_equal(template_of(shipped, store).anchors, template.anchors)
    assert load_template("flame", store).template_id == other
    # What we do not know is refused where it is compared with a template.
    assert template_of("icosphere", store).template_id == shipped


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"v_template": np.zeros((5, 3)), "f": np.zeros((5, 3), int)},
        {"v_template": np.zeros((5000, 3)), "f": np.full((9000, 3), 6000)},
        {"v_template": np.full((5000, 3), np.nan), "f": np.zeros((9000, 3), int)},
        {"v_template": np.zeros((5000, 2)), "f": np.zeros((9000, 3), int)},
        {"v_template": np.zeros((5000, 3)), "f": np.zeros((9000, 3))},
        {"v_template": np.zeros((5000, 3)), "f": np.array([{}, {}], object)},
    ],
)
def test_files_without_a_head_are_refused(tmp_path, content):
    np.savez(tmp_path / "no.npz", allow_pickle=True, **content)
    with pytest.raises(InvalidModelError):
        load_flame_mesh(tmp_path / "no.npz")
    (tmp_path / "no.pkl").write_bytes(pickle.dumps(content))
    with pytest.raises(InvalidModelError):
        load_flame_mesh(tmp_path / "no.pkl")


def test_a_mesh_without_eyeballs_is_refused(mesh, template):
    with pytest.raises(InvalidModelError, match="eyeballs"):
        sample_flame(mesh.pieces()[0], template)


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(InvalidModelError, match="cannot be read"):
        load_flame_mesh(tmp_path / "none.pkl")


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(*[st.floats(-1, 1)] * 3), min_size=1, max_size=8),
    st.lists(st.tuples(*[st.floats(-1, 1)] * 3), min_size=3, max_size=3),
)
def test_closest_points_are_no_farther_than_any_other_point(points, triangle):
    mesh = TriangleMesh(np.array(triangle, float), np.array([[0, 1, 2]]))
    places = np.array(points, float)
    faces, weights = mesh.closest(places)
    assert (weights >= -1e-9).all()
    reached = mesh.interpolate(mesh.vertices, faces, weights)
    best = np.linalg.norm(places - reached, axis=1)
    others = np.random.default_rng(0).dirichlet([0.5] * 3, 400) @ mesh.vertices
    assert (best[:, None] <= np.linalg.norm(places[:, None] - others, axis=-1) + 1e-6).all()
