"""Where gestures take the camera."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.viewport.pose import OrbitPose, preset
from desktop.viewport.quality import SMALLEST, MovingQuality
from inference.rendering.camera import HEAD_CENTRE, PORTRAIT_HALF_EXTENT

centre = np.array([HEAD_CENTRE])
poses = st.builds(
    OrbitPose,
    st.floats(-180, 180),
    st.floats(-89, 89),
    st.floats(0.3, 8),
    st.floats(8, 75),
    st.tuples(*[st.floats(-0.05, 0.05)] * 3),
)
sizes = st.tuples(st.integers(64, 900), st.integers(64, 900))


@given(poses, sizes)
def test_a_pan_takes_the_middle_of_the_head_along_with_the_hand(pose, size):
    moved = pose.panned(5, -3, *size)
    target = centre + np.array([pose.pan])
    before, _ = pose.camera(*size).project(target)
    after, _ = moved.camera(*size).project(target)
    assert after - before == pytest.approx(np.array([[5, -3]]), abs=0.3)


@given(poses, sizes, st.floats(0.7, 1.4))
def test_the_field_of_view_keeps_the_heads_size(pose, size, factor):
    wide = pose.widened(factor)
    target = centre + np.array([pose.pan])
    right = pose.camera(*size).world_to_camera[0, :3]
    edge = target + 0.05 * right
    before, _ = pose.camera(*size).project(edge)
    after, _ = wide.camera(*size).project(edge)
    assert after == pytest.approx(before, abs=1e-6 * max(size) * 100)


@given(st.integers(100, 2000), st.integers(100, 2000))
def test_the_whole_head_crop_fits_any_window(width, height):
    camera = OrbitPose().camera(width, height)
    corners = centre + PORTRAIT_HALF_EXTENT * np.array([[1, 1, 0], [-1, -1, 0]])
    pixels, _ = camera.project(corners)
    assert (pixels > -1e-6).all()
    assert (pixels <= np.array([width, height]) + 1e-6).all()


@given(poses, st.floats(-4000, 4000), st.floats(-4000, 4000))
def test_no_drag_leaves_the_sphere(pose, dx, dy):
    turned = pose.orbited(dx, dy, 500)
    assert -180 <= turned.yaw <= 180
    assert -89 <= turned.elevation <= 89
    assert np.isfinite(turned.camera(64, 64).world_to_camera).all()


@given(poses, poses)
def test_a_flight_begins_and_ends_where_it_should(a, b):
    start, end = a.between(b, 0.0), a.between(b, 1.0)
    for reached, wanted in ((start, a), (end, b)):
        assert np.allclose(
            reached.camera(64, 64).world_to_camera, wanted.camera(64, 64).world_to_camera, atol=1e-6
        )


def test_presets_keep_the_zoom():
    near = OrbitPose(yaw=12, zoom=3, fov=40, pan=(0.1, 0, 0))
    side = preset("Side", near)
    assert (side.yaw, side.zoom, side.fov, side.pan) == (90, 3, 40, (0, 0, 0))


@pytest.mark.parametrize("cost", [0.01, 0.05, 0.4])
def test_moving_pictures_become_as_large_as_the_time_allows(cost):
    quality = MovingQuality(budget=0.024)
    for _ in range(60):
        quality.learn(cost * quality.scale**2)
    assert cost * quality.scale**2 < 0.03 or quality.scale == SMALLEST
    assert quality.scale == 1.0 or cost * (quality.scale + 0.13) ** 2 > 0.024
