"""Rotation matrices and quaternions of Gaussians, against scipy's."""

import numpy as np
from scipy.spatial.transform import Rotation

from inference.head.rotations import quaternions_of, rotations_of

TURNS = Rotation.random(200, random_state=0)
MATRICES = TURNS.as_matrix().astype(np.float32)
HALF_TURNS = Rotation.from_euler("xyz", np.pi * np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1]]))


def test_quaternions_of_rotations_turn_as_they_do() -> None:
    found = np.roll(quaternions_of(MATRICES), -1, axis=1)
    again = Rotation.from_quat(found).as_matrix()
    np.testing.assert_allclose(again, TURNS.as_matrix(), atol=1e-5)


def test_rotations_of_quaternions_are_those_of_scipy() -> None:
    quaternions = np.roll(TURNS.as_quat(), 1, axis=1).astype(np.float32)
    np.testing.assert_allclose(rotations_of(quaternions), MATRICES, atol=1e-5)
    np.testing.assert_allclose(rotations_of(-quaternions), MATRICES, atol=1e-5)


def test_half_turns_are_no_special_case() -> None:
    matrices = HALF_TURNS.as_matrix().astype(np.float32)
    np.testing.assert_allclose(rotations_of(quaternions_of(matrices)), matrices, atol=1e-5)
