"""Gaussians turn as the surface turns that their neighbours make."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from inference.head.gaussians import FloatArray, Gaussians
from inference.head.rotations import rotations_of

SMOOTHING_STEPS = 4
"""Averaging steps of the surface's normals (our choice)."""


def turn_along(
    moved: Gaussians,
    before: FloatArray,  # [N, 3]
    members: NDArray[np.bool_],  # [N]
    flat: FloatArray,  # [N] 0..1
    neighbours: NDArray[np.integer],  # [N, k]
    outward: FloatArray,  # [N, 3]
) -> Gaussians:
    """Turn Gaussians by as much as the surface around them turned, the shortest way.

    Otherwise those on a new slope would stand up like shingles, with slits between.

    Args:
        moved: at their new places.
        before: where they were.
        members: which of them to turn. Before, only these made a surface: it ended at a step
            that is no more.
        flat: how far each shall lie in the surface, its thinnest axis along the normal, instead
            of keeping the angle that it had to it.
        neighbours: nearest anchors of every anchor.
        outward: rough normals, which tell outside from inside.
    """
    at = np.flatnonzero(members)
    if len(at) == 0:
        return moved
    near = neighbours[at]
    among = members[near]
    place = np.zeros(len(before), np.intp)
    place[at] = np.arange(len(at))
    links = place[near], among
    old = _normals(before[near], before[at], among, outward[at], links)
    new = _normals(moved.means[near], moved.means[at], np.ones_like(among), outward[at], links)
    turned = _turned(moved.quaternions[at], old, new)
    thin = _thinnest_axes(turned, moved.scales[at])
    thin *= np.where((thin * new).sum(1) < 0, -1, 1)[:, None]
    wanted = thin + flat[at, None] * (new - thin)
    wanted /= np.maximum(np.linalg.norm(wanted, axis=1, keepdims=True), 1e-6)
    quaternions = moved.quaternions.copy()
    quaternions[at] = _turned(turned, thin, wanted)
    return replace(moved, quaternions=quaternions)


def _normals(
    around: FloatArray,  # [M, k, 3]
    own: FloatArray,  # [M, 3]
    counted: NDArray[np.bool_],  # [M, k]
    outward: FloatArray,  # [M, 3]
    links: tuple[NDArray[np.intp], NDArray[np.bool_]],  # [M, k] each
) -> FloatArray:
    """Unit normals [M, 3] of planes through points and their neighbours, evened out."""
    offsets = (around - own[:, None]) * counted[..., None]
    middle = offsets.sum(1, keepdims=True) / (1 + counted.sum(1))[:, None, None]
    centred = np.concatenate([(offsets - middle) * counted[..., None], -middle], 1)
    _, axes = np.linalg.eigh(np.einsum("nki,nkj->nij", centred, centred))
    normals = axes[..., 0]
    normals = normals * np.where((normals * outward).sum(1) < 0, -1, 1)[:, None]
    place, linked = links
    for _ in range(SMOOTHING_STEPS):
        total = normals + (normals[place] * linked[..., None]).sum(1)
        normals = total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-6)
    return normals.astype(np.float32)


def _turned(quaternions: FloatArray, old: FloatArray, new: FloatArray) -> FloatArray:
    """Quaternions [M, 4] wxyz, turned the shortest way from unit vectors to others, [M, 3]."""
    a, u = 1 + (old * new).sum(1, keepdims=True), np.cross(old, new)
    b, v = quaternions[:, :1], quaternions[:, 1:]
    real = a * b - (u * v).sum(1, keepdims=True)
    turned = np.concatenate([real, a * v + b * u + np.cross(u, v)], 1)
    length = np.linalg.norm(turned, axis=1, keepdims=True)
    result = np.where(length > 1e-6, turned / np.maximum(length, 1e-6), quaternions)
    return result.astype(np.float32)


def _thinnest_axes(quaternions: FloatArray, scales: FloatArray) -> FloatArray:
    """Unit vectors [M, 3] along the thinnest axes of Gaussians, world frame."""
    axes = rotations_of(quaternions)
    return axes[np.arange(len(scales)), :, scales.argmin(1)]
