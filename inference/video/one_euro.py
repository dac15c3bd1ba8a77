"""The one-euro filter: a low-pass whose cutoff rises with the speed of what it filters.

Casiez, Roussel, Vogel, "1 Euro Filter", CHI 2012, https://doi.org/10.1145/2207676.2208639.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]


@dataclass(frozen=True)
class OneEuro:
    """The filter's constants.

    Attributes:
        min_cutoff: Hz, of what stands still.
        beta: Hz of cutoff per unit of speed.
        speed_cutoff: Hz, of the low-pass that the speed goes through.
    """

    min_cutoff: float
    beta: float
    speed_cutoff: float = 1.0


def blend_factor(cutoff: Array | float, step: float) -> Array:
    """Weight 0..1 of the newest value in a first-order low-pass.

    Args:
        cutoff: Hz.
        step: seconds since the value before.
    """
    turn = 2 * np.pi * np.asarray(cutoff) * step
    return turn / (turn + 1)


def smooth_both_ways(
    values: Array,  # [N, C]
    times: Array,  # [N] seconds, ascending
    constants: OneEuro,
) -> Array:
    """Filter a whole recording forwards and backwards and average: the lags cancel, [N, C]."""
    backwards = _forwards(values[::-1], -times[::-1], constants)[::-1]
    return np.asarray((_forwards(values, times, constants) + backwards) / 2)


def _forwards(values: Array, times: Array, constants: OneEuro) -> Array:
    result = np.array(values, np.float64)
    if not len(result):
        return result
    speed = np.zeros(result.shape[1])
    for now in range(1, len(result)):
        step = max(float(times[now] - times[now - 1]), 1e-6)
        change = (values[now] - values[now - 1]) / step
        speed += blend_factor(constants.speed_cutoff, step) * (change - speed)
        cutoff = constants.min_cutoff + constants.beta * float(np.linalg.norm(speed))
        result[now] = result[now - 1] + blend_factor(cutoff, step) * (values[now] - result[now - 1])
    return result
