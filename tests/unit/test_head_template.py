"""What everyone who uses the shipped head template relies on."""

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import cKDTree

from inference.errors import InvalidModelError
from inference.files import resource_path
from inference.fitting.evidence import landmark_groups
from inference.head.template import HeadTemplate

NECK, FACE, RIGHT_EAR, LEFT_EAR, RIGHT_BROW, LEFT_BROW = 1, 2, 4, 5, 6, 7
RIGHT_EYE, LEFT_EYE, NOSE, INNER_MOUTH, LOWER_LIP, UPPER_LIP, HAIR = 8, 9, 10, 11, 12, 13, 14
FLIP = np.array([-1, 1, 1], np.float32)


@pytest.mark.parametrize("name", ["template.npz", "rig.npz"])
def test_shipped_files_are_those_that_the_build_wrote(name):
    listed = dict(
        reversed(line.split()) for line in resource_path("template.sha256").read_text().splitlines()
    )
    assert hashlib.sha256(resource_path(name).read_bytes()).hexdigest() == listed[name]


def test_there_are_65536_anchors_and_no_two_coincide(template):
    assert template.anchors.shape == (65536, 3)
    nearest = cKDTree(template.anchors).query(template.anchors, 2)[0][:, 1]
    assert nearest.min() > 5e-5
    assert 1e-3 < np.median(nearest) < 2e-3


def test_patches_are_small(template):
    spread = template.patches - template.patches.mean(1, keepdims=True)
    radius = np.linalg.norm(spread, axis=-1).max(1)
    assert np.percentile(radius, 95) < 0.012
    assert radius.max() < 0.02


def test_patches_that_follow_each_other_lie_close_together(template):
    centres = template.patches.mean(1)
    steps = np.linalg.norm(np.diff(centres, axis=0), axis=1)
    assert np.median(steps) < 0.012


def test_left_and_right_mirror_each_other(template):
    image = template.mirror
    assert np.abs(template.anchors[image] * FLIP - template.anchors).max() < 1e-3
    assert np.abs(template.normals[image] * FLIP - template.normals).max() < 1e-3
    assert (image // 16 != np.arange(65536) // 16).all()
    assert (image % 16 == np.arange(65536) % 16).all()
    swapped = np.arange(19)
    for right, left in ((RIGHT_EAR, LEFT_EAR), (RIGHT_BROW, LEFT_BROW), (RIGHT_EYE, LEFT_EYE)):
        swapped[[right, left]] = left, right
    assert (swapped[template.labels[image]] == template.labels).all()


def test_every_part_of_a_head_is_there_on_its_side(template):
    where = {label: template.anchors[template.labels == label] for label in range(19)}
    present = {label for label, points in where.items() if len(points)}
    assert present == {*range(1, 15)} - {3}
    for left, right in ((LEFT_EAR, RIGHT_EAR), (LEFT_BROW, RIGHT_BROW), (LEFT_EYE, RIGHT_EYE)):
        assert (where[left][:, 0] > 0).all()
        assert (where[right][:, 0] < 0).all()
    height = {label: points[:, 1].mean() for label, points in where.items() if len(points)}
    order = [HAIR, LEFT_BROW, LEFT_EYE, NOSE, UPPER_LIP, LOWER_LIP, NECK]
    assert [height[label] for label in order] == sorted((height[x] for x in order), reverse=True)


def test_the_eyes_are_where_the_frame_says(template):
    eyes = np.isin(template.labels, [RIGHT_EYE, LEFT_EYE])
    centre = template.anchors[eyes].mean(0)
    assert abs(centre[0]) < 1e-5
    assert abs(centre[1] - 0.03) < 0.001
    assert 0.05 < centre[2] < 0.065  # only the front of the eyeballs is covered


def test_the_face_is_sampled_more_densely_than_scalp_and_shoulders(template):
    spacing = np.linalg.norm(
        template.anchors[template.neighbours[:, :4]] - template.anchors[:, None], axis=-1
    ).mean(1)
    middle = {
        label: np.median(spacing[template.labels == label]) for label in range(1, 15) if label != 3
    }
    assert max(middle[x] for x in (NOSE, UPPER_LIP, LOWER_LIP)) < middle[FACE]
    assert middle[FACE] < middle[HAIR] < middle[NECK]


def test_normals_point_outward(template):
    convex = np.isin(template.labels, [HAIR, LEFT_EYE, RIGHT_EYE])
    centres = np.where(
        (template.labels == HAIR)[:, None],
        [0.0, 0.03, -0.03],
        np.sign(template.anchors[:, :1]) * [0.0289, 0, 0] + [0, 0.03, 0.05],
    )
    outward = np.einsum("nc,nc->n", template.normals, template.anchors - centres)
    assert (outward[convex] > 0).mean() > 0.99
    assert template.normals[template.landmark_anchors, 2].mean() > 0.5


def test_neighbours_stay_on_their_surface(template):
    near = template.neighbours
    assert (near != np.arange(65536)[:, None]).all()
    distance = np.linalg.norm(template.anchors[near] - template.anchors[:, None], axis=-1)
    assert np.percentile(distance, 99) < 0.008
    assert (np.diff(distance, axis=1) > -1e-5).mean() > 0.999
    labels = template.labels
    lips = (labels[:, None] == UPPER_LIP) & (labels[near] == LOWER_LIP)
    eyes = np.isin(labels, [LEFT_EYE, RIGHT_EYE])
    assert not lips.any()
    assert (eyes[near] == eyes[:, None]).all()


def test_landmarks_lie_on_what_they_name(template):
    points = template.anchors[template.landmark_anchors]
    labels = template.labels[template.landmark_anchors]
    assert np.abs(points[1] - template.anchors[template.anchors[:, 2].argmax()]).max() < 0.008
    outer_lips = [61, 37, 0, 267, 291, 405, 17, 181]
    lips = template.anchors[np.isin(labels_of := template.labels, [UPPER_LIP, LOWER_LIP])]
    assert len(labels_of) == 65536
    assert cKDTree(lips).query(points[outer_lips])[0].max() < 0.003
    right_eye, left_eye = [33, 160, 158, 133, 153, 144], [263, 387, 385, 362, 380, 373]
    for rim, label in ((right_eye, RIGHT_EYE), (left_eye, LEFT_EYE)):
        eye = template.anchors[template.labels == label]
        assert cKDTree(eye).query(points[rim])[0].max() < 0.006
    for brow, label in (([105, 66, 52, 65], RIGHT_BROW), ([334, 296, 282, 295], LEFT_BROW)):
        hair = template.anchors[template.labels == label]
        assert cKDTree(hair).query(points[brow])[0].max() < 0.005
    assert np.isin(labels[[1, 4, 5, 195, 197, 2]], [NOSE]).all()
    assert points[234][0] < -0.05
    assert points[454][0] > 0.05
    assert points[152][1] == points[:, 1].min()
    assert len(np.unique(template.landmark_anchors)) > 450


def test_landmarks_of_each_lip_lie_on_it(template):
    labels = template.labels[template.landmark_anchors]
    assert (labels[list(landmark_groups.LOWER_LIP)] == LOWER_LIP).all()
    assert (labels[list(landmark_groups.UPPER_LIP)] == UPPER_LIP).all()


def test_arrays_cannot_be_changed_by_accident(template):
    with pytest.raises(ValueError, match="read-only"):
        template.anchors[0] = 0


def test_a_missing_file_is_told_in_one_sentence(tmp_path):
    with pytest.raises(InvalidModelError, match="install PercHead again"):
        HeadTemplate.load(tmp_path / "none.npz")


@settings(max_examples=25, deadline=None)
@given(cut=st.integers(0, 400_000), flip=st.integers(0, 10_000), byte=st.integers(0, 255))
def test_damaged_files_are_told_and_never_crash(tmp_path_factory, cut, flip, byte):
    data = bytearray(resource_path("template.npz").read_bytes()[: cut + 1])
    data[flip % len(data)] = byte
    path = tmp_path_factory.mktemp("damaged") / "template.npz"
    path.write_bytes(data)
    with pytest.raises(InvalidModelError):
        HeadTemplate.load(path)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("anchors", np.full((65536, 3), np.nan, np.float32)),
        ("anchors", np.zeros((100, 3), np.float32)),
        ("labels", np.full(65536, 19, np.uint8)),
        ("mirror", np.zeros(65536, np.int32)),
        ("neighbours", np.full((65536, 8), 65536, np.int64)),
        ("landmark_anchors", np.full(468, -1, np.int32)),
        ("normals", np.ones((65536, 3), np.int16) * 0),
    ],
)
def test_files_with_wrong_contents_are_refused(tmp_path, field, value):
    with np.load(resource_path("template.npz")) as stored:
        arrays = {key: stored[key] for key in stored.files}
    arrays[field] = value
    np.savez(tmp_path / "wrong.npz", **arrays)
    with pytest.raises(InvalidModelError):
        HeadTemplate.load(tmp_path / "wrong.npz")
