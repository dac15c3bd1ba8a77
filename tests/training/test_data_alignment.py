"""Cameras come into the template's world by what they see of a face."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.head.template import HeadTemplate
from inference.portrait.types import CropBox
from inference.rendering.camera import HEAD_CENTRE, PORTRAIT_HALF_EXTENT, Camera, orbit_camera
from tests.training.data_helpers import view
from tests.training.data_layouts import WORLD, foreign
from training.data.alignment import Observation, Similarity, align_to_template
from training.data.errors import BrokenSampleError
from training.data.head_crop import (
    cropped_camera,
    cut_labels,
    head_crop_box,
    picture_in_crop,
    within_picture,
)

YAWS = (-50.0, -20.0, 0.0, 25.0, 60.0)
SIZE = (600, 800)


@pytest.fixture(scope="module")
def anchors() -> np.ndarray:
    template = HeadTemplate.load()
    return template.anchors[template.landmark_anchors].astype(np.float64)


def observed(
    points: np.ndarray, yaws: tuple[float, ...] = YAWS, noise: float = 0.0
) -> list[Observation]:
    """What foreign cameras see of points in the template's world."""
    rng = np.random.default_rng(0)
    found = []
    for number, yaw in enumerate(yaws):
        camera = orbit_camera(yaw, 2 * (-1) ** number, size=SIZE, distance=1.5)
        pixels = camera.project(points)[0]
        found.append(Observation(foreign(camera), pixels + noise * rng.normal(size=pixels.shape)))
    return found


def position_errors(similarity: Similarity, yaws: tuple[float, ...] = YAWS) -> np.ndarray:
    """Metres by which the recovered cameras are off."""
    truth = [
        orbit_camera(yaw, 2 * (-1) ** n, size=SIZE, distance=1.5) for n, yaw in enumerate(yaws)
    ]
    found = [similarity.move(foreign(camera)) for camera in truth]
    return np.array(
        [np.linalg.norm(a.position - b.position) for a, b in zip(truth, found, strict=True)]
    )


def test_exact_landmarks_give_the_exact_world(anchors: np.ndarray) -> None:
    similarity = align_to_template(observed(anchors), anchors)
    np.testing.assert_allclose(similarity.scale, 1 / WORLD.scale, rtol=1e-6)
    np.testing.assert_allclose(similarity.rotation, WORLD.rotation.T, atol=1e-6)
    assert position_errors(similarity).max() < 1e-5


def test_noise_and_wrong_landmarks_of_the_far_cheek_do_little(anchors: np.ndarray) -> None:
    views = observed(anchors, noise=1.5)
    for number in (0, 4):  # seen from the side, the network guesses the hidden half
        camera = orbit_camera(YAWS[number], size=SIZE, distance=1.5)
        hidden = np.sign(YAWS[number]) * anchors[:, 0] < -0.02
        assert hidden.sum() > 50
        views[number].landmarks[hidden] += camera.intrinsics[0, 0] * 0.015
    errors = position_errors(align_to_template(views, anchors))
    assert errors.max() < 0.03  # of 1.5 m


def test_a_person_of_another_size_becomes_as_large_as_the_template(anchors: np.ndarray) -> None:
    similarity = align_to_template(observed(anchors * 1.1), anchors)
    np.testing.assert_allclose(similarity.scale, 1 / WORLD.scale / 1.1, rtol=1e-6)


@pytest.mark.parametrize("yaws", [(), (0.0,), (0.0, 4.0)])
def test_too_few_directions_are_refused(anchors: np.ndarray, yaws: tuple[float, ...]) -> None:
    with pytest.raises(BrokenSampleError, match="view"):
        align_to_template(observed(anchors, yaws), anchors)


def test_a_calibration_of_other_cameras_is_refused(anchors: np.ndarray) -> None:
    views = observed(anchors)
    shuffled = [Observation(a.camera, b.landmarks) for a, b in zip(views, views[::-1], strict=True)]
    with pytest.raises(BrokenSampleError, match="contradicts"):
        align_to_template(shuffled, anchors)


@settings(max_examples=50, deadline=None)
@given(
    turn=st.tuples(*[st.floats(-3, 3)] * 3),
    scale=st.floats(1e-3, 1e3),
    shift=st.tuples(*[st.floats(-100, 100)] * 3),
    yaw=st.floats(-180, 180),
)
def test_a_moved_camera_sees_moved_points_where_they_were(
    turn: tuple[float, ...], scale: float, shift: tuple[float, ...], yaw: float
) -> None:
    rotation = np.asarray(cv2.Rodrigues(np.array(turn))[0], np.float64)
    similarity = Similarity(scale, rotation, np.array(shift))
    camera = orbit_camera(yaw)
    points = np.array([[0.0, 0.03, 0.05], [0.1, -0.2, 0.0], [-0.1, 0.1, 0.08]])
    before, depth = camera.project(points)
    after, moved_depth = similarity.move(camera).project(similarity.apply(points))
    np.testing.assert_allclose(after, before, atol=1e-5)
    np.testing.assert_allclose(moved_depth, depth * scale, rtol=1e-6)


@settings(max_examples=50, deadline=None)
@given(
    yaw=st.floats(-180, 180), distance=st.floats(1.2, 3), fov=st.floats(20, 40),
    size=st.sampled_from([64, 512]),
)  # fmt: skip
def test_crops_show_what_the_applications_crops_show(
    yaw: float, distance: float, fov: float, size: int
) -> None:
    camera = orbit_camera(yaw, distance=distance, fov_degrees=fov, size=(700, 900))
    box = head_crop_box(camera)
    crop = cropped_camera(camera, box, size)
    middle, depth = crop.project(np.array([HEAD_CENTRE]))
    np.testing.assert_allclose(middle, [[size / 2, size / 2]], atol=1e-6)
    half = crop.intrinsics[0, 0] * PORTRAIT_HALF_EXTENT / depth[0]
    np.testing.assert_allclose(half, size / 2, rtol=1e-6)
    points = np.random.default_rng(1).normal(0, 0.08, (9, 3))
    np.testing.assert_allclose(
        crop.project(points)[0], box.to_crop(camera.project(points)[0], size), atol=1e-6
    )


def test_a_head_beyond_the_picture_is_refused() -> None:
    camera = orbit_camera(0, target=(0.6, 0, 0))
    with pytest.raises(BrokenSampleError, match="beyond"):
        head_crop_box(camera)
    pose = camera.world_to_camera.copy()
    pose[:3] = np.diag([-1, 1, -1]) @ pose[:3]
    with pytest.raises(BrokenSampleError, match="away"):
        head_crop_box(Camera(512, 512, camera.intrinsics, pose))


@settings(max_examples=60, deadline=None)
@given(
    corner=st.tuples(st.integers(0, 20), st.integers(0, 20)),
    opposite=st.tuples(st.integers(21, 40), st.integers(21, 40)),
)
def test_targets_show_nothing_beyond_their_picture(
    corner: tuple[int, int], opposite: tuple[int, int]
) -> None:
    whole = view(15, 40, label=True)
    cut = within_picture(whole, (*corner, *opposite))
    side = min(opposite[0] - corner[0], opposite[1] - corner[1])
    assert cut.rgb.shape == (side, side, 3)
    point = np.array([[0.01, 0.02, 0.03]])
    x, y = (whole.camera.project(point)[0] - cut.camera.project(point)[0])[0].round(9)
    assert corner[0] <= x <= opposite[0] - side
    assert corner[1] <= y <= opposite[1] - side
    rows, columns = slice(int(y), int(y) + side), slice(int(x), int(x) + side)
    np.testing.assert_array_equal(cut.rgb, whole.rgb[rows, columns])
    np.testing.assert_array_equal(cut.label, whole.label[rows, columns])


def test_where_the_picture_lies_in_its_crop() -> None:
    assert picture_in_crop(CropBox(50, 50, 100), 100, 100, 64) == (0, 0, 64, 64)
    assert picture_in_crop(CropBox(50, 50, 200), 100, 100, 64) == (16, 16, 48, 48)
    assert picture_in_crop(CropBox(0, 80, 100), 100, 100, 10) == (5, 0, 10, 7)


def test_labels_are_cut_without_mixing() -> None:
    label = np.arange(12, dtype=np.uint8).reshape(3, 4)
    np.testing.assert_array_equal(cut_labels(label, CropBox(2, 1, 2), 2), label[0:2, 1:3])
    outside = cut_labels(label, CropBox(0, 0, 4), 4)
    np.testing.assert_array_equal(outside[2:, 2:], label[:2, :2])
    assert (outside[:2] == 0).all()
