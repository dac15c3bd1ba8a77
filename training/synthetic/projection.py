"""Matrices from the world to OpenGL's clip space."""

import numpy as np
from numpy.typing import NDArray

from inference.rendering.camera import Camera, look_at

Float = NDArray[np.float64]
NEAR, FAR = 0.12, 6.0
_CENTRE = np.array([0.0, -0.03, -0.02])
_LIGHT_NEAR, _LIGHT_FAR, _LIGHT_DISTANCE = 0.1, 1.5, 0.8


def view_projection(camera: Camera) -> Float:
    """World to clip [4, 4] of a pinhole camera; OpenGL's rows run upwards."""
    k, width, height = camera.intrinsics, camera.width, camera.height
    projection = np.zeros((4, 4))
    projection[0] = [2 * k[0, 0] / width, 2 * k[0, 1] / width, 2 * k[0, 2] / width - 1, 0]
    projection[1] = [0, -2 * k[1, 1] / height, 1 - 2 * k[1, 2] / height, 0]
    projection[2, 2:] = [(FAR + NEAR) / (FAR - NEAR), -2 * FAR * NEAR / (FAR - NEAR)]
    projection[3, 2] = 1
    matrix: Float = projection @ camera.world_to_camera
    return matrix


def metres(depth: NDArray[np.float32]) -> NDArray[np.float32]:
    """Distance along the view axis from depth-buffer values 0..1; 0 where nothing was drawn."""
    distance = 2 * FAR * NEAR / (FAR + NEAR - (2 * depth - 1) * (FAR - NEAR))
    return np.where(depth < 1, distance, 0).astype(np.float32)


def light_matrix(direction: Float, radius: float) -> Float:
    """World to clip [4, 4] of an orthographic view from a light's direction [3].

    Args:
        direction: unit vector from the head to the light.
        radius: half of the width that the view covers, metres.
    """
    up = np.array([0.0, 1, 0]) if abs(direction[1]) < 0.95 else np.array([1.0, 0, 0])
    view = look_at(_CENTRE + _LIGHT_DISTANCE * direction, _CENTRE, up)
    span = _LIGHT_FAR - _LIGHT_NEAR
    projection = np.diag([1 / radius, -1 / radius, 2 / span, 1.0])
    projection[2, 3] = -(_LIGHT_FAR + _LIGHT_NEAR) / span
    matrix: Float = projection @ view
    return matrix
