"""Small things that a face map shows, in anchors: places spread over them, and who goes there."""

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from inference.head.gaussians import FloatArray
from inference.rendering.camera import Camera

EDGE = 512
"""Grid of the face map on which small things are found."""


def spread_over(mask: NDArray[np.bool_], count: int) -> FloatArray:
    """Middles [n, 2] (across, down) of at most `count` pixels of a mask, each far from the others.

    Farthest-point sampling (Gonzalez 1985, https://doi.org/10.1016/0304-3975(85)90224-5).
    """
    down, across = np.nonzero(mask)
    places = np.stack([across, down], 1).astype(np.float32) + np.float32(0.5)
    count = min(count, len(places))
    if count <= 0:
        return np.zeros((0, 2), np.float32)
    chosen = [0]
    distance = ((places - places[0]) ** 2).sum(1)
    for _ in range(count - 1):
        chosen.append(int(distance.argmax()))
        distance = np.minimum(distance, ((places - places[chosen[-1]]) ** 2).sum(1))
    return places[chosen]


def nearest_donors(
    places: FloatArray,  # [n, 2]
    donors: FloatArray,  # [m, 2], m >= n
) -> NDArray[np.int64]:
    """[n] a donor of its own for each place, so that ways are short in all."""
    away = ((places[:, None] - donors[None]) ** 2).sum(2)
    return np.asarray(linear_sum_assignment(away)[1], np.int64)


def pixels_of(points: FloatArray, camera: Camera) -> FloatArray:
    """Where points [n, 3] fall on the grid, [n, 2] pixels; the middle of the first is at 0.5."""
    pixels, _ = camera.project(points.astype(np.float64))
    return (pixels * (EDGE / camera.width)).astype(np.float32)


def points_at(
    pixels: FloatArray,  # [n, 2] of the grid
    depth: FloatArray,  # [n] metres before the camera
    camera: Camera,
) -> FloatArray:
    """The points [n, 3] that are seen there."""
    at = pixels.astype(np.float64) * (camera.width / EDGE)
    k, pose = camera.intrinsics, camera.world_to_camera
    ray = np.stack(
        [(at[:, 0] - k[0, 2]) / k[0, 0], (at[:, 1] - k[1, 2]) / k[1, 1], np.ones(len(at))], 1
    )
    there = ray * depth[:, None] - pose[:3, 3]
    return np.asarray(there @ pose[:3, :3], np.float32)


def depth_of(points: FloatArray, camera: Camera) -> FloatArray:
    """[n] metres that points lie before the camera."""
    pose = camera.world_to_camera
    return np.asarray(points @ pose[2, :3].astype(np.float32) + pose[2, 3], np.float32)


def faces(points: FloatArray, normals: FloatArray, camera: Camera) -> NDArray[np.bool_]:
    """[n] whether surfaces there, with these normals [n, 3], show the camera their front."""
    pose = camera.world_to_camera.astype(np.float32)
    place = -pose[:3, :3].T @ pose[:3, 3]
    return np.asarray(((place - points) * normals).sum(1) > 0, np.bool_)


def metres_of_a_pixel(camera: Camera, depth: float) -> float:
    """How wide a pixel of the grid is at that depth."""
    return float(depth / camera.intrinsics[0, 0] * camera.width / EDGE)


def sampled(mask: NDArray[np.bool_], pixels: FloatArray, soft: float) -> FloatArray:
    """[n] 0..1: a mask [EDGE, EDGE] with a border of `soft` pixels, at pixels [n, 2]."""
    if len(pixels) == 0:
        return np.zeros(0, np.float32)
    picture = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), soft)
    x, y = (np.ascontiguousarray(pixels[:, axis, None] - np.float32(0.5)) for axis in (0, 1))
    # remap takes no more than 32,767 rows.
    rows = [
        cv2.remap(picture, x[part], y[part], cv2.INTER_LINEAR)
        for part in np.array_split(np.arange(len(x)), len(x) // 30000 + 1)
    ]
    return np.asarray(np.concatenate(rows)[:, 0], np.float32)
