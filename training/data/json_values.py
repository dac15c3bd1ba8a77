"""Reading calibration files: every value is checked, every complaint is a BrokenSampleError."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from inference.rendering.camera import Camera, Matrix
from training.data.errors import BrokenSampleError

MAX_BYTES = 64 << 20
_MAX_NUMBER = 1e7
_RIGID_TOLERANCE = 1e-2


def read_json(path: Path) -> Any:
    """What a JSON file holds.

    Raises:
        BrokenSampleError: it is missing, too long or no JSON.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise BrokenSampleError(f"{path} is too long for a calibration.")
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise BrokenSampleError(f"{path} cannot be read ({error}).") from error


def get_object(data: Any, key: str) -> dict[str, Any]:
    """data[key], an object.

    Raises:
        BrokenSampleError: it is none.
    """
    value = data.get(key) if isinstance(data, dict) else None
    if not isinstance(value, dict):
        raise BrokenSampleError(f"{key} is missing or no object.")
    return value


def get_list(data: Any, key: str) -> list[Any]:
    """data[key], a list.

    Raises:
        BrokenSampleError: it is none.
    """
    value = data.get(key) if isinstance(data, dict) else None
    if not isinstance(value, list):
        raise BrokenSampleError(f"{key} is missing or no list.")
    return value


def get_number(data: Any, key: str) -> float:
    """data[key], a finite number.

    Raises:
        BrokenSampleError: it is none.
    """
    value = data.get(key) if isinstance(data, dict) else None
    return _number(value, key)


def as_matrix(value: Any, rows: int, columns: int, what: str) -> Matrix:
    """A matrix [rows, columns] of finite numbers from a list of rows.

    Raises:
        BrokenSampleError: it is none.
    """
    if not isinstance(value, list) or len(value) != rows:
        raise BrokenSampleError(f"{what} is no {rows} x {columns} matrix.")
    for row in value:
        if not isinstance(row, list) or len(row) != columns:
            raise BrokenSampleError(f"{what} is no {rows} x {columns} matrix.")
    return np.array([[_number(cell, what) for cell in row] for row in value])


def pinhole(width: int, height: int, intrinsics: Matrix, pose: Matrix, what: str) -> Camera:
    """A camera from checked numbers.

    Args:
        width: pixels of the picture that the intrinsics are for.
        height: the same.
        intrinsics: [3, 3] pixels, the centre of the top-left pixel at (0.5, 0.5).
        pose: [4, 4] world to camera, OpenCV axes.
        what: whose it is, for messages.

    Raises:
        BrokenSampleError: the lens is no pinhole's or the pose no rotation and shift.
    """
    if not (1 <= width <= 1 << 16 and 1 <= height <= 1 << 16):
        raise BrokenSampleError(f"The picture of {what} has no sensible size.")
    lens_is_upper = np.array_equal(intrinsics[[1, 2, 2], [0, 0, 1]], np.zeros(3))
    if not lens_is_upper or min(intrinsics[0, 0], intrinsics[1, 1]) < 1 or intrinsics[2, 2] != 1:
        raise BrokenSampleError(f"The intrinsics of {what} are no pinhole's.")
    rotation = pose[:3, :3]
    error = np.abs(rotation @ rotation.T - np.eye(3)).max()
    if error > _RIGID_TOLERANCE or np.linalg.det(rotation) < 0:
        raise BrokenSampleError(f"The pose of {what} is no rotation and shift.")
    if np.abs(pose[3] - [0, 0, 0, 1]).max() > 1e-6:
        raise BrokenSampleError(f"The pose of {what} is no rotation and shift.")
    return Camera(width, height, intrinsics, pose)


def centred_at_half(intrinsics: Matrix) -> Matrix:
    """Intrinsics whose pixel centres lie at whole numbers (OpenCV's), in our convention."""
    moved = intrinsics.copy()
    moved[:2, 2] += 0.5
    return moved


def _number(value: Any, what: str) -> float:
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    if not plain or not -_MAX_NUMBER <= value <= _MAX_NUMBER:  # also refuses NaN
        raise BrokenSampleError(f"{what} holds something else than finite numbers.")
    return float(value)
