"""Robust nonlinear least squares for a handful of parameters.

Levenberg-Marquardt on iteratively reweighted residuals (Huber 1964; Triggs et al. 1999,
section 4.3). scipy.optimize does the same, and takes half a second to import.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]

STEP = 1e-7
"""Of the forward differences, relative to the parameter."""

TOLERANCE = 1e-9
"""The search ends when a step gains less than this share of the cost."""


def huber_cost(residuals: Vector) -> float:
    """Half the sum of Huber's loss: squares up to 1, straight lines beyond."""
    size = np.abs(residuals)
    return float(0.5 * np.where(size <= 1, size * size, 2 * size - 1).sum())


def minimise(
    residuals: Callable[[Vector], Vector], start: Vector, iterations: int = 40
) -> tuple[Vector, float]:
    """The parameters with the lowest Huber cost near a start, and that cost.

    Args:
        residuals: [K] parameters to [R] residuals, in units of their expected size.
        start: [K].
        iterations: at most.
    """
    best = start.astype(np.float64)
    errors = residuals(best)
    cost, damping = huber_cost(errors), 1e-3
    for _ in range(iterations):
        jacobian = _jacobian(residuals, best, errors)
        weighted = jacobian * np.minimum(1, 1 / np.maximum(np.abs(errors), 1e-12))[:, None]
        normal, gradient = weighted.T @ jacobian, weighted.T @ errors
        gain = 0.0
        while damping < 1e8:
            damped = normal + np.diag(damping * np.diag(normal) + 1e-12)
            moved = best - np.linalg.solve(damped, gradient)
            moved_errors = residuals(moved)
            moved_cost = huber_cost(moved_errors)
            if moved_cost < cost:
                gain = cost - moved_cost
                best, errors, cost = moved, moved_errors, moved_cost
                damping = max(damping / 10, 1e-9)
                break
            damping *= 10
        if gain <= TOLERANCE * cost:
            break
    return best, cost


def _jacobian(residuals: Callable[[Vector], Vector], at: Vector, errors: Vector) -> Vector:
    """[R, K] by forward differences."""
    columns = []
    for index, value in enumerate(at):
        step = STEP * max(1.0, abs(value))
        moved = at.copy()
        moved[index] += step
        columns.append((residuals(moved) - errors) / step)
    return np.stack(columns, axis=1)
