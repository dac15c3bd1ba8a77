"""Ridge regression from the features of face maps.

In double precision: many cells of a map are empty on every head.
"""

import copy

import numpy as np
import torch
from numpy.typing import NDArray

Array = NDArray[np.float32]

ANEW, MENDING = (100.0, 300.0, 1e3, 3e3), (1e3, 3e3, 1e4, 3e4)
"""Strengths to choose among for what is fitted to targets, and to what is missed of them."""

_FOLDS = 5


def ridge_of_maps(
    features: Array,  # [V, F] standardised
    targets: Array,  # [V, K]
    groups: NDArray[np.int32],  # [V] whose map it is
    share: Array,  # [K] weight of each target in the judgement
    strengths: tuple[float, ...] = ANEW,
) -> tuple[Array, float]:
    """Ridge regression [F, K] and its strength, chosen on a seventh of the heads."""
    held = groups % 7 == 3
    if held.all() or not held.any():
        held = np.arange(len(groups)) % 7 == 3
    x, y = torch.from_numpy(features).double(), torch.from_numpy(targets).double()
    whole = Ridge(x, y)
    weight = torch.from_numpy(share).double()
    best, _ = best_ridge(whole, torch.from_numpy(held), weight, strengths)
    return whole.weights(best).float().numpy(), best


class Ridge:
    """Ridge regressions of the same targets, of any strength.

    With fewer rows than columns, it solves for the rows.
    """

    def __init__(self, x: torch.Tensor, y: torch.Tensor) -> None:
        """Keep what all strengths share of x [V, F] and y [V, K]."""
        self.x, self.y = x, y
        self._by_rows = len(x) < x.shape[1]
        self._gram = x @ x.T if self._by_rows else x.T @ x
        self._right = y if self._by_rows else x.T @ y

    def without(self, out: torch.Tensor) -> "Ridge":
        """Those of all rows but some [V] bool; what is known of the others is not made anew."""
        less = copy.copy(self)
        x, y = self.x[out], self.y[out]
        less.x, less.y = self.x[~out], self.y[~out]
        less._gram = self._gram[~out][:, ~out] if self._by_rows else self._gram - x.T @ x
        less._right = less.y if self._by_rows else self._right - x.T @ y
        return less

    def weights(self, strength: float) -> torch.Tensor:
        """[F, K]."""
        solved = solve_ridge(self._gram, self._right, strength)
        return self.x.T @ solved if self._by_rows else solved


def best_ridge(
    whole: Ridge,
    judged: torch.Tensor,  # [V] bool, those that are not fitted
    share: torch.Tensor,  # [K] weight of each target
    strengths: tuple[float, ...],
) -> tuple[float, float]:
    """The strength that leaves the least mean square of the judged rows, and what it leaves."""
    inner, x, y = whole.without(judged), whole.x[judged], whole.y[judged]
    left = {
        strength: float(((y - x @ inner.weights(strength)) ** 2 @ share).mean())
        for strength in strengths
    }
    best = min(left, key=lambda strength: left[strength])
    return best, left[best]


def solve_ridge(gram: torch.Tensor, right: torch.Tensor, strength: float) -> torch.Tensor:
    """Weights [F, K] of the normal equations with so much added to their diagonal."""
    regular = gram.clone()
    regular.diagonal().add_(strength)
    return torch.cholesky_solve(right, torch.linalg.cholesky(regular))


def held_out_ridge(
    features: Array,  # [V, F] standardised
    targets: Array,  # [V, K]
    groups: NDArray[np.int32],  # [V] whose map it is
    strength: float,
) -> Array:
    """[V, K] what such a regression says of each map when its head is not fitted."""
    x, y = torch.from_numpy(features).double(), torch.from_numpy(targets).double()
    said, whole = torch.zeros_like(y), Ridge(x, y)
    for number in range(_FOLDS):
        fold = torch.from_numpy(groups % _FOLDS == number)
        said[fold] = x[fold] @ whole.without(fold).weights(strength)
    return np.asarray(said.float().numpy())
