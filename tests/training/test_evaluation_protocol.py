"""Views near the input and opposite it; the crop is the same for picture and camera."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.rendering.camera import Camera, orbit_camera
from training.data.sample import TrainingView
from training.evaluation.crop import TIGHT_CENTRE, TIGHT_HALF_EXTENT, crop_truth, tight_camera
from training.evaluation.view_selection import (
    AVA256,
    HELD_OUT,
    NERSEMBLE,
    ViewProtocol,
    angle_between,
    select_views,
    yaw_and_elevation,
)

YAWS = (-74, -65, -55, -45, -35, -25, -16, -7, 7, 16, 25, 35, 45, 55, 65, 74)


def _ring(yaws=YAWS, elevation: float = 0.0) -> list[Camera]:
    return [orbit_camera(yaw, elevation, size=(64, 64)) for yaw in yaws]


def test_the_papers_numbers_of_novel_views():
    assert (AVA256.novel_views, NERSEMBLE.novel_views) == (5, 16)
    assert NERSEMBLE.vertical
    assert not AVA256.vertical


@given(yaw=st.floats(-179, 179), elevation=st.floats(-80, 80))
def test_yaw_and_elevation_are_the_orbits(yaw, elevation):
    found = yaw_and_elevation(orbit_camera(yaw, elevation))
    assert found == pytest.approx((yaw, elevation), abs=1e-6)


@given(number=st.integers(0, 200))
def test_novel_views_are_near_and_extreme_ones_opposite(number):
    cameras = _ring()
    (task,) = select_views(cameras, HELD_OUT, number)
    yaw = YAWS[task.input]
    assert abs(yaw) <= 75
    assert len(task.novel) == 5
    assert len(task.extreme) >= 2
    assert not {task.input} & {*task.novel, *task.extreme}
    assert not set(task.novel) & set(task.extreme)
    for index in task.novel:
        assert angle_between(YAWS[index], yaw) <= 60
    for index in task.extreme:
        assert YAWS[index] * yaw < 0
        assert angle_between(YAWS[index], yaw) >= 60


def test_a_side_view_is_opposed_by_its_mirror_image():
    cameras = _ring()
    for number in range(64):
        (task,) = select_views(cameras, HELD_OUT, number)
        if abs(YAWS[task.input]) >= 35:
            assert YAWS[task.extreme[0]] == -YAWS[task.input]


def test_inputs_cover_all_allowed_directions_evenly():
    tasks = [select_views(_ring(), HELD_OUT, number)[0] for number in range(64)]
    counts = np.bincount([task.input for task in tasks], minlength=len(YAWS))
    assert counts.min() >= 3
    assert counts.max() <= 5


def test_inputs_beyond_75_degrees_are_never_taken():
    cameras = _ring((-120, -90, -30, 20, 80, 100))
    inputs = {select_views(cameras, HELD_OUT, number)[0].input for number in range(20)}
    assert inputs == {2, 3}


def test_the_back_of_the_head_is_no_extreme_view():
    (task,) = select_views(_ring((60, -60, -100, -170)), HELD_OUT, 0)
    assert task.extreme == ((1,) if task.input == 0 else (0,))


def test_from_below_to_above_is_extreme_only_where_the_protocol_says_so():
    cameras = [orbit_camera(10, -20), orbit_camera(12, 20), orbit_camera(-5, -18)]
    plain = ViewProtocol("plain", novel_views=5)
    vertical = ViewProtocol("vertical", novel_views=5, vertical=True)
    found = {select_views(cameras, vertical, n)[0] for n in range(6)}
    assert {(t.input, t.extreme) for t in found} == {(0, (1,)), (1, (2, 0)), (2, (1,))}
    assert all(not select_views(cameras, plain, n)[0].extreme for n in range(6))


@given(
    yaw=st.floats(-90, 90),
    elevation=st.floats(-30, 30),
    fov=st.floats(10, 40),
    size=st.integers(32, 300),
)
def test_the_crop_shows_a_quarter_metre_around_the_head(yaw, elevation, fov, size):
    camera = tight_camera(orbit_camera(yaw, elevation, fov_degrees=fov, size=(280, 280)), size)
    centre = np.array(TIGHT_CENTRE)
    right = camera.world_to_camera[0, :3] * TIGHT_HALF_EXTENT
    down = camera.world_to_camera[1, :3] * TIGHT_HALF_EXTENT
    pixels, _ = camera.project(np.stack([centre, centre + right, centre - right - down]))
    assert pixels[0] == pytest.approx([size / 2, size / 2], abs=1e-6)
    assert pixels[1] == pytest.approx([size, size / 2], abs=1e-6)
    assert pixels[2] == pytest.approx([0, 0], abs=1e-6)


def test_picture_and_camera_are_cropped_alike():
    """A soft dot drawn at a point's projection lies at that point's projection in the crop."""
    camera = orbit_camera(30, 5, size=(400, 400))
    point = np.array([[0.03, 0.06, 0.07]])
    (u, v), _ = camera.project(point)[0][0], None
    y, x = np.mgrid[:400, :400] + 0.5
    dot = np.exp(-((x - u) ** 2 + (y - v) ** 2) / (2 * 3.0**2)).astype(np.float32)
    view = TrainingView(np.repeat(dot[..., None], 3, 2), np.ones((400, 400), np.float32), camera)
    cropped = crop_truth(view, 128)
    weight = cropped.rgb[..., 0].astype(np.float64)
    y, x = np.mgrid[:128, :128] + 0.5
    found = np.array([(weight * x).sum(), (weight * y).sum()]) / weight.sum()
    assert found == pytest.approx(cropped.camera.project(point)[0][0], abs=0.05)


def test_background_and_what_lies_beyond_the_picture_are_white():
    camera = orbit_camera(0, 0, size=(64, 64), fov_degrees=8.0, distance=1.0)  # too narrow
    rgb = np.zeros((64, 64, 3), np.float32)
    alpha = np.zeros((64, 64), np.float32)
    assert np.all(crop_truth(TrainingView(rgb, alpha, camera), 32).rgb == 1)
    inside = crop_truth(TrainingView(rgb, np.ones_like(alpha), camera), 32)
    assert inside.rgb[0, 0] == pytest.approx(1)
    assert inside.rgb[16, 16] == pytest.approx(0, abs=1e-3)
