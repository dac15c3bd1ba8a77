"""Maps of tilted heads are read as if they were upright."""

import numpy as np
import pytest

from inference.editing.map_camera import camera_of_pose
from inference.editing.upright import tilt_of, tilted, turned_upright
from inference.face_map.labels import Label
from tests.unit.grey_portrait import SIZE, ellipse, face_under_hair

LEVEL = 5.0


def face() -> np.ndarray:
    """A face with eyes, as it looks upright."""
    labels = face_under_hair()
    labels[ellipse(216, 230, 16, 8)] = Label.RIGHT_EYE
    labels[ellipse(296, 230, 16, 8)] = Label.LEFT_EYE
    labels[ellipse(256, 310, 30, 10)] = Label.UPPER_LIP
    return labels


def turned(labels: np.ndarray, degrees: float) -> np.ndarray:
    """A map turned clockwise, by hand."""
    rows, columns = np.mgrid[:SIZE, :SIZE] - (SIZE - 1) / 2
    angle = np.radians(degrees)
    column = columns * np.cos(angle) + rows * np.sin(angle) + (SIZE - 1) / 2
    row = -columns * np.sin(angle) + rows * np.cos(angle) + (SIZE - 1) / 2
    at = np.clip(np.round([row, column]).astype(int), 0, SIZE - 1)
    return labels[at[0], at[1]]


def camera(degrees: float):
    return camera_of_pose(np.array([0.2, -0.1, np.radians(degrees), 0.05, 0, 0]), SIZE)


@pytest.mark.parametrize("degrees", [-30, -12, 12, 30])
def test_eyes_and_camera_tell_the_tilt(degrees):
    beyond = np.sign(degrees) * (abs(degrees) - LEVEL)
    by_eyes = tilt_of(turned(face(), degrees), None)
    by_camera = tilt_of(face(), camera(degrees))
    assert np.degrees(by_eyes) == pytest.approx(beyond, abs=1)
    assert np.degrees(by_camera) == pytest.approx(beyond, abs=0.1)


@pytest.mark.parametrize("degrees", [-4, 0, 4])
def test_heads_that_are_nearly_upright_are_read_as_they_are(degrees):
    labels = turned(face(), degrees)
    assert tilt_of(labels, None) == 0
    assert tilt_of(labels, camera(degrees)) == 0
    assert turned_upright(labels, 0.0) is labels


def test_without_two_eyes_nothing_tells():
    assert tilt_of(face_under_hair(), None) == 0
    profile = face_under_hair()
    profile[ellipse(200, 230, 9, 5)] = Label.LEFT_EYE
    profile[ellipse(193, 240, 2, 2)] = Label.RIGHT_EYE
    assert tilt_of(profile, None) == 0


@pytest.mark.parametrize("degrees", [-25, 25])
def test_the_map_is_turned_back(degrees):
    tilted_map = turned(face(), degrees)
    again = turned_upright(tilted_map, np.radians(degrees))
    middle = ellipse(256, 256, 200, 200)
    assert (again == face())[middle].mean() > 0.98
    assert set(np.unique(again)) <= set(np.unique(tilted_map))


def test_what_leaves_the_picture_is_continued():
    shoulders = np.full((SIZE, SIZE), Label.BACKGROUND, np.uint8)
    shoulders[400:] = Label.CLOTH
    corners = turned_upright(shoulders, np.radians(20))[-1, [0, -1]]
    assert (corners == Label.CLOTH).all()


@pytest.mark.parametrize("degrees", [-25, 25])
def test_the_pose_is_that_of_the_tilted_map(degrees):
    """A point beside the head falls where turning the upright picture takes it."""
    upright = np.array([0.3, 0.1, 0, 0.1, -0.05, 0.05])
    point = np.array([[0.05, 0.08, 0.06]])
    before, _ = camera_of_pose(upright, SIZE).project(point)
    after, _ = camera_of_pose(tilted(upright, np.radians(degrees)), SIZE).project(point)
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    np.testing.assert_allclose(after - SIZE / 2, (before - SIZE / 2) @ turn.T, atol=0.5)
