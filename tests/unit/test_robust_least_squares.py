"""The small robust least squares agrees with SciPy's."""

import numpy as np
import pytest
from scipy.optimize import least_squares

from inference.fitting.solvers.robust_least_squares import huber_cost, minimise


@pytest.mark.parametrize("seed", range(5))
def test_a_curve_with_outliers_is_found_as_scipy_finds_it(seed):
    rng = np.random.default_rng(seed)
    times = np.linspace(0, 4, 60)
    measured = 3 * np.exp(-0.8 * times) + 0.5 + rng.normal(0, 0.02, 60)
    measured[rng.choice(60, 8, replace=False)] += 4

    def residuals(x):
        return (x[0] * np.exp(-x[1] * times) + x[2] - measured) / 0.05

    ours, cost = minimise(residuals, np.array([1.0, 0.2, 0.0]))
    theirs = least_squares(residuals, [1.0, 0.2, 0.0], loss="huber")
    np.testing.assert_allclose(ours, theirs.x, rtol=1e-3, atol=1e-3)
    assert cost == pytest.approx(theirs.cost, rel=1e-5)
    np.testing.assert_allclose(ours, [3, 0.8, 0.5], atol=0.1)


def test_the_cost_never_rises_and_a_useless_parameter_stays():
    def residuals(x):
        return np.array([10 * (x[1] - x[0] ** 2), 1 - x[0]])  # Rosenbrock's valley

    start = np.array([-1.2, 1.0, 7.0])
    found, cost = minimise(residuals, start, iterations=200)
    assert cost < huber_cost(residuals(start))
    np.testing.assert_allclose(found, [1, 1, 7], atol=1e-3)
