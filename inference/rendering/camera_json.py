"""Cameras as JSON: the `camera` entry of report.json, also as a file of its own.

{"width": 512, "height": 512, "intrinsics": 3x3, "world_to_camera": 4x4}, pixels and metres,
OpenCV axes, the centre of the top-left pixel at (0.5, 0.5).
"""

import json
from pathlib import Path
from typing import Any

import numpy as np

from inference.errors import UsageError
from inference.rendering.camera import Camera, Matrix

MAX_SIDE = 16_384
"""Pixels; the largest picture that is drawn."""

MAX_FILE_BYTES = 1 << 20
_MAX_NUMBER = 1e7
_RIGID_TOLERANCE = 1e-3


def camera_to_dict(camera: Camera) -> dict[str, Any]:
    """The camera as plain JSON data; camera_from_dict gives back the same one exactly."""
    return {
        "width": camera.width,
        "height": camera.height,
        "intrinsics": camera.intrinsics.tolist(),
        "world_to_camera": camera.world_to_camera.tolist(),
    }


def camera_from_dict(data: object, name: str = "The camera") -> Camera:
    """Read a camera from JSON data, checking everything.

    Args:
        data: what json.loads gave.
        name: where it came from, for messages.

    Raises:
        UsageError: something is missing, of another type, or no pinhole camera.
    """
    if not isinstance(data, dict):
        raise UsageError(f"{name} is no camera: write a report's 'camera' entry.")
    width, height = _side(data, "width", name), _side(data, "height", name)
    intrinsics = _matrix(data, "intrinsics", 3, name)
    pose = _matrix(data, "world_to_camera", 4, name)
    focal_x, focal_y = intrinsics[0, 0], intrinsics[1, 1]
    plain = np.array([[focal_x, 0, intrinsics[0, 2]], [0, focal_y, intrinsics[1, 2]], [0, 0, 1]])
    if not np.array_equal(intrinsics, plain) or min(focal_x, focal_y) < 1e-3:
        raise UsageError(
            f"{name} has intrinsics that are no pinhole's: [[fx, 0, cx], [0, fy, cy], [0, 0, 1]]."
        )
    rotation = pose[:3, :3]
    rigid = np.abs(rotation @ rotation.T - np.eye(3)).max() < _RIGID_TOLERANCE
    if not rigid or np.linalg.det(rotation) < 0 or not np.array_equal(pose[3], [0, 0, 0, 1]):
        raise UsageError(f"{name} has a world_to_camera that is no rotation and shift.")
    return Camera(width, height, intrinsics, pose)


def read_camera(path: Path) -> Camera:
    """Read a camera's JSON file, or a whole report.json.

    Raises:
        UsageError: it is no such file.
    """
    path = Path(path)
    if not path.is_file():
        raise UsageError(f"There is no camera file {path}.")
    try:
        with open(path, "rb") as handle:
            text = handle.read(MAX_FILE_BYTES + 1)
        if len(text) > MAX_FILE_BYTES:
            raise UsageError(f"{path.name} is too long for a camera: choose a report.json.")
        data = json.loads(text)
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror}).") from error
    except (ValueError, RecursionError):
        raise UsageError(f"{path.name} is no JSON: choose a camera file or report.json.") from None
    if isinstance(data, dict) and "camera" in data:
        data = data["camera"]
    return camera_from_dict(data, path.name)


def _side(data: dict[str, Any], key: str, name: str) -> int:
    value = data.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MAX_SIDE:
        raise UsageError(f"{name} needs a {key} between 1 and {MAX_SIDE} pixels.")
    return value


def _matrix(data: dict[str, Any], key: str, size: int, name: str) -> Matrix:
    complaint = f"{name} needs {key} as {size} rows of {size} finite numbers."
    rows = data.get(key)
    if not isinstance(rows, list) or len(rows) != size:
        raise UsageError(complaint)
    for row in rows:
        if not isinstance(row, list) or len(row) != size:
            raise UsageError(complaint)
        for value in row:
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if not number or not -_MAX_NUMBER <= value <= _MAX_NUMBER:  # also refuses NaN
                raise UsageError(complaint)
    return np.array(rows, dtype=np.float64)
