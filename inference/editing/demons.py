"""Brings the outlines of one label map onto those of another by a smooth displacement.

Each class is a signed distance, and Thirion's demons (https://doi.org/10.1016/S1361-8415(98)80022-4)
find one smooth displacement of the picture that brings all of them into place at once.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.editing.projection import GRID
from inference.face_map.labels import Label
from inference.head.gaussians import FloatArray

_REACH = 10.0  # cells at which a signed distance ends
_FEW = 5  # cells from which on a class is there
_LEVELS = ((32, 30), (64, 25), (128, 14))  # edge of the grid and rounds, coarse to fine
_SMOOTH = 1.0  # cells of each level
_LONGEST = 0.13  # of the grid that anything may move
_WEIGHTS = {
    Label.CLOTH: 0.5,
    Label.NECK: 0.5,
    Label.EARRING: 0.0,
    Label.NECKLACE: 0.0,
    # Hair hides part of an ear in a map and none of it on a head.
    Label.RIGHT_EAR: 0.3,
    Label.LEFT_EAR: 0.3,
}


def outline_displacement(
    shown: NDArray[np.uint8],  # [128, 128] what is there
    wanted: NDArray[np.uint8],  # [128, 128] what shall be there
) -> FloatArray:
    """How each place of the picture shall move, [128, 128, 2] cells across and down."""
    classes = [
        label
        for label in range(len(Label))
        if _WEIGHTS.get(Label(label), 1.0) > 0
        and (shown == label).sum() >= _FEW
        and (wanted == label).sum() >= _FEW
    ]
    field = np.zeros((GRID, GRID, 2), np.float32)
    if not classes:
        return field
    weights = np.array([_WEIGHTS.get(Label(c), 1.0) for c in classes], np.float32)
    fixed, moving = (_distances(labels, classes) for labels in (shown, wanted))
    for edge, rounds in _LEVELS:
        field = _refine(fixed, moving, weights, field, edge, rounds)
    length = np.linalg.norm(field, axis=2, keepdims=True)
    limit = _LONGEST * GRID
    return field * (limit / np.maximum(length, limit))


def _distances(labels: NDArray[np.uint8], classes: list[int]) -> FloatArray:
    """Signed distances [128, 128, C] in cells, positive inside."""
    planes = []
    for label in classes:
        inside = (labels == label).astype(np.uint8)
        near = cv2.distanceTransform(inside, cv2.DIST_L2, 5)
        far = cv2.distanceTransform(1 - inside, cv2.DIST_L2, 5)
        planes.append(np.clip(near - far, -_REACH, _REACH))
    return np.stack(planes, axis=2).astype(np.float32)


def _refine(
    fixed: FloatArray,  # [128, 128, C]
    moving: FloatArray,  # [128, 128, C]
    weights: FloatArray,  # [C]
    field: FloatArray,  # [128, 128, 2] cells of the finest grid
    edge: int,
    rounds: int,
) -> FloatArray:
    """Rounds of demons on a grid of this edge."""
    ratio = edge / GRID
    size = (edge, edge)

    def resized(planes: FloatArray, k: int) -> FloatArray:
        plane = np.ascontiguousarray(planes[..., k])
        return np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_AREA) * ratio)

    here = [resized(fixed, k) for k in range(len(weights))]
    # Distance and slopes across and down, which move together.
    there = []
    for k in range(len(weights)):
        plane = resized(moving, k)
        down, across = np.gradient(plane)
        there.append(np.dstack([plane, across, down]).astype(np.float32))
    start = cv2.resize(field, size, interpolation=cv2.INTER_LINEAR) * ratio
    flow = np.asarray(start, np.float32)
    rows, columns = np.mgrid[:edge, :edge].astype(np.float32)
    shares = [
        weight * (np.exp(-((plane / 3.0) ** 2)) + 0.02)
        for weight, plane in zip(weights, here, strict=True)
    ]
    for _ in range(rounds):
        x, y = columns + flow[..., 0], rows + flow[..., 1]
        force = np.zeros_like(flow)
        total = np.full(size, 0.2, np.float32)
        for plane, image, share in zip(here, there, shares, strict=True):
            moved, gx, gy = cv2.split(
                cv2.remap(image, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            )
            missing = plane - moved
            pull = share * missing
            force[..., 0] += pull * gx
            force[..., 1] += pull * gy
            total += share * (gx * gx + gy * gy + 0.1 * missing * missing)
        step = force / total[..., None]
        step *= 1.0 / np.maximum(1.0, np.linalg.norm(step, axis=2, keepdims=True))
        blurred = cv2.GaussianBlur(flow + step, (0, 0), _SMOOTH)
        flow = np.asarray(blurred, np.float32)
    finest = cv2.resize(flow, (GRID, GRID), interpolation=cv2.INTER_LINEAR) / ratio
    return np.asarray(finest, np.float32)
