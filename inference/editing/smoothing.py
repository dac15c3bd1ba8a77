"""Soft steps, and values that are softened over neighbouring anchors."""

import numpy as np
from numpy.typing import NDArray

from inference.head.gaussians import FloatArray


def smoothed(
    values: FloatArray,  # [N] or [N, C]
    neighbours: NDArray[np.int32],  # [N, 8] of the template
    rounds: int,
) -> FloatArray:
    """The values, half mixed with the mean of their neighbours' as often as `rounds` says."""
    for _ in range(rounds):
        values = 0.5 * values + 0.5 * mean_beside(values, neighbours)
    return values


def mean_beside(
    values: FloatArray,  # [N] or [N, C]
    neighbours: NDArray[np.int32],  # [N, 8] of the template
) -> FloatArray:
    """The mean of each anchor's neighbours.

    As values[neighbours].mean(1), a column at a time, in two thirds of the time.
    """
    count = neighbours.shape[1]
    total = values[neighbours[:, 0]]
    for column in range(1, count):
        total += values[neighbours[:, column]]
    return np.asarray(total / count, values.dtype)


def smoothstep(low: float, high: float, values: FloatArray) -> FloatArray:
    """0 up to `low`, 1 from `high` on, smooth between."""
    share = ((values - np.float32(low)) / np.float32(high - low)).clip(0, 1)
    return np.asarray(share * share * (3 - 2 * share), np.float32)


def ramp(ends: tuple[float, float], value: float) -> float:
    """The same for one value."""
    return float(smoothstep(*ends, np.array([value], np.float32))[0])
