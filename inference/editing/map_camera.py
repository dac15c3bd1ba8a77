"""The camera that a face map shows its head from, off the pose that the model reads of it."""

import numpy as np
from numpy.typing import NDArray

from inference.head.gaussians import FloatArray
from inference.rendering.camera import (
    HEAD_CENTRE,
    PORTRAIT_FOV_DEGREES,
    PORTRAIT_HALF_EXTENT,
    Camera,
)

_LIMITS = np.array([1.45, 0.6, 0.6, 0.5, 0.5, 0.3])
"""How far each number of a pose may lie from 0: a strange map must not tip the head over."""


def camera_of_pose(
    pose: FloatArray,  # [6], see inference.model.editing_branch.POSE
    size: int,
) -> Camera:
    """A camera of a portrait lens with pictures of size x size pixels."""
    yaw, elevation, roll, across, down, scale = np.clip(pose.astype(np.float64), -_LIMITS, _LIMITS)
    half_angle = np.tan(np.radians(PORTRAIT_FOV_DEGREES) / 2)
    extent = PORTRAIT_HALF_EXTENT * np.exp(scale)
    rotation = _turn(2, roll) @ _turn(0, elevation) @ _turn(1, -yaw) @ np.diag([1.0, -1.0, -1.0])
    matrix = np.eye(4)
    matrix[:3, :3] = rotation
    place = np.array([across * extent, down * extent, extent / half_angle])
    matrix[:3, 3] = place - rotation @ np.array(HEAD_CENTRE)
    focal = size / (2 * half_angle)
    intrinsics = np.array([[focal, 0, size / 2], [0, focal, size / 2], [0, 0, 1.0]])
    return Camera(size, size, intrinsics, matrix)


def _turn(axis: int, angle: float) -> NDArray[np.float64]:
    """Rotation about an axis of the camera."""
    first, second = [k for k in range(3) if k != axis]
    turn = np.eye(3)
    turn[first, first] = turn[second, second] = np.cos(angle)
    turn[first, second], turn[second, first] = -np.sin(angle), np.sin(angle)
    return turn
