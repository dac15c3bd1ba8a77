"""What callers rely on when they point a camera."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.rendering.camera import HEAD_CENTRE, Camera, look_at, orbit_camera

angles = st.floats(-180, 180)
elevations = st.floats(-89, 89)


@given(angles, elevations, st.floats(0.2, 5), st.floats(5, 120))
def test_an_orbit_looks_at_its_target_from_its_distance(yaw, elevation, distance, fov):
    camera = orbit_camera(yaw, elevation, distance=distance, fov_degrees=fov, size=(80, 60))
    pixel, depth = camera.project(np.array([HEAD_CENTRE]))
    assert pixel[0] == pytest.approx([40, 30], abs=1e-6)
    assert depth[0] == pytest.approx(distance)
    assert np.linalg.norm(camera.position - HEAD_CENTRE) == pytest.approx(distance)
    assert camera.fov_degrees == pytest.approx(fov)


@given(angles, elevations)
def test_the_pose_is_a_rigid_transform(yaw, elevation):
    rotation = orbit_camera(yaw, elevation).world_to_camera[:3, :3]
    assert rotation @ rotation.T == pytest.approx(np.eye(3), abs=1e-9)
    assert np.linalg.det(rotation) == pytest.approx(1)


def test_axes_are_opencv_seen_from_the_front():
    camera = orbit_camera(0, 0)
    centre = np.array(HEAD_CENTRE)
    points = centre + np.array([[0, 0, 0], [0.01, 0, 0], [0, 0.01, 0], [0, 0, 0.01]])
    pixels, depths = camera.project(points)
    assert pixels[1, 0] > pixels[0, 0]  # world +x, the person's left, is on the right
    assert pixels[2, 1] < pixels[0, 1]  # up is a smaller row
    assert depths[3] < depths[0]  # the nose is nearer than the middle of the head


def test_positive_yaw_goes_to_plus_x_and_positive_elevation_up():
    assert orbit_camera(90, 0).position[0] > 0.5
    assert orbit_camera(0, 45).position[1] > 0.5


@given(st.integers(1, 2000), st.integers(1, 2000))
def test_resizing_keeps_the_view(width, height):
    camera = orbit_camera(30, 10, size=(512, 256))
    points = np.random.default_rng(0).normal(0, 0.1, (5, 3))
    before, _ = camera.project(points)
    after, _ = camera.resized(width, height).project(points)
    assert after == pytest.approx(before * [width / 512, height / 256])


def test_looking_straight_down_still_gives_a_rotation():
    pose = look_at(np.array([0.0, 1, 0]), np.zeros(3), np.array([0.0, 1, 0]))
    assert pose[:3, :3] @ pose[:3, :3].T == pytest.approx(np.eye(3), abs=1e-9)
    assert pose @ [0, 0, 0, 1] == pytest.approx([0, 0, 1, 1])


@pytest.mark.parametrize(
    ("width", "height", "intrinsics", "pose"),
    [
        (0, 4, np.eye(3), np.eye(4)),
        (4, 4, np.eye(4), np.eye(4)),
        (4, 4, np.full((3, 3), np.nan), np.eye(4)),
        (4, 4, np.eye(3), np.full((4, 4), np.inf)),
    ],
)
def test_nonsense_is_refused(width, height, intrinsics, pose):
    with pytest.raises(ValueError, match=r"camera needs|must be a finite"):
        Camera(width, height, intrinsics, pose)


def test_pixels_per_metre_is_how_far_a_small_step_at_the_head_goes():
    camera = orbit_camera(30, 5, size=(300, 200))
    across = camera.world_to_camera[0, :3]  # the camera's own x axis
    pixels, _ = camera.project(np.array([-0.5e-3 * across, 0.5e-3 * across]))
    step = np.linalg.norm(pixels[1] - pixels[0])
    assert step == pytest.approx(1e-3 * camera.pixels_per_metre, rel=0.01)
