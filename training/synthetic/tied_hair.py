"""Guides of hair that is tied at the back of the head: along the skull to the tie, then a tail."""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

Float = NDArray[np.float64]
_CENTRE = np.array([0.0, 0.03, -0.03])
_TIE = {"bun": np.array([0.0, 0.075, -0.125]), "ponytail": np.array([0.0, 0.045, -0.135])}
_ON_SKULL = 0.5  # share of a strand that lies on the skull


def _unit(x: Float) -> Float:
    length: Float = np.linalg.norm(x, axis=-1, keepdims=True)
    return x / np.maximum(length, 1e-9)


def tied_guides(
    rng: np.random.Generator,
    kind: str,
    roots: tuple[Float, Float],
    skull: Float,
    segments: int,
    length: float,
) -> Float:
    """Guides [N, K, 3], K = segments + 1.

    Args:
        rng: source of randomness.
        kind: "bun" or "ponytail".
        roots: positions [N, 3] on the head and the same on the average head.
        skull: [B, 3] skin of the head without ears and mouth, metres.
        segments: straight pieces of a guide.
        length: of a ponytail behind the tie, metres.
    """
    position, _ = roots
    count = len(position)
    directions = skull - _CENTRE
    radius = np.linalg.norm(directions, axis=1)
    tree = cKDTree(directions / radius[:, None])
    towards = _unit(_TIE[kind] - _CENTRE)
    first = _unit(position - _CENTRE)
    on_skull = round(segments * _ON_SKULL)
    t = np.linspace(0, 1, on_skull + 1)[None, :, None]
    angle = np.arccos(np.clip(first @ towards, -0.999, 0.999))[:, None, None]
    way = (np.sin((1 - t) * angle) * first[:, None] + np.sin(t * angle) * towards) / np.sin(angle)
    height = radius[tree.query(_unit(way.reshape(-1, 3)), 3)[1]].mean(1).reshape(count, -1)
    layer = rng.random((count, 1))
    lift = 0.001 + (0.003 + 0.006 * layer) * np.sqrt(np.clip(4 * t[..., 0], 0, 1))
    path = _CENTRE + _unit(way) * (height + lift)[..., None]
    path[:, 0] = position
    tie = path[:, -1].mean(0)
    disc = rng.normal(0, 1, (count, 3))
    disc = _unit(disc - (disc @ towards)[:, None] * towards) * np.sqrt(rng.random((count, 1)))
    path[:, -1] = tie + 0.007 * disc + 0.004 * towards
    u = np.linspace(0, 1, segments - on_skull + 1)[None, 1:, None]
    if kind == "ponytail":
        back, down = np.array([0, 0, -1.0]), np.array([0, -1.0, 0])
        reach = (0.035 * np.sin(np.minimum(u * 2.2, 1) * np.pi / 2) + 0.01 * u) * back
        fall = length * (0.85 + 0.3 * rng.random((count, 1, 1))) * u**1.4 * down
        spread = (0.007 + 0.020 * np.sin(np.pi * np.minimum(u * 0.9, 1))) * disc[:, None]
        tail = tie + towards * 0.004 + reach + fall + spread * np.array([1, 0.4, 1])
    else:
        ball = tie + 0.028 * towards
        axis = _unit(np.cross(towards, [1.0, 0, 0]) + 0.3 * rng.normal(size=(count, 3)))
        begin = _unit(np.cross(axis, towards))
        turn = rng.uniform(0, 2 * np.pi, (count, 1, 1)) + u * rng.uniform(2.5, 5.0, (count, 1, 1))
        second = np.cross(axis, begin)
        around = np.cos(turn) * begin[:, None] + np.sin(turn) * second[:, None]
        size = 0.031 * (0.6 + 0.4 * np.sqrt(layer))[..., None]
        tail = ball + size * around * np.minimum(1, 0.7 + u)
    return np.concatenate([path, np.broadcast_to(tail, (count, *tail.shape[1:]))], 1)
