"""Ridge regression from the features of face maps.

In double precision: many cells of a map are empty on every head.
"""

import numpy as np
import torch
from numpy.typing import NDArray

Array = NDArray[np.float32]

_STRENGTHS = (100.0, 300.0, 1e3, 3e3)
_FOLDS = 5


def ridge_of_maps(
    features: Array,  # [V, F] standardised
    targets: Array,  # [V, K]
    groups: NDArray[np.int32],  # [V] whose map it is
    share: Array,  # [K] weight of each target in the judgement
) -> tuple[Array, float]:
    """Ridge regression [F, K] and its strength, chosen on a seventh of the heads."""
    held = groups % 7 == 3
    if held.all() or not held.any():
        held = np.arange(len(groups)) % 7 == 3
    inner = torch.from_numpy(features[~held]).double()
    gram, right = inner.T @ inner, inner.T @ torch.from_numpy(targets[~held]).double()
    judged = torch.from_numpy(features[held]).double()
    truth = torch.from_numpy(targets[held]).double()
    weight = torch.from_numpy(share).double()
    errors = {}
    for strength in _STRENGTHS:
        solved = solve_ridge(gram, right, strength)
        errors[strength] = float((((judged @ solved - truth) ** 2) * weight).sum(1).mean())
    best = min(errors, key=lambda strength: errors[strength])
    rest = torch.from_numpy(features[held]).double()
    gram, right = gram + rest.T @ rest, right + rest.T @ truth
    return solve_ridge(gram, right, best).float().numpy(), best


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
    folds = [torch.from_numpy(groups % _FOLDS == fold) for fold in range(_FOLDS)]
    grams = [x[fold].T @ x[fold] for fold in folds]
    rights = [x[fold].T @ y[fold] for fold in folds]
    gram, right = sum(grams, torch.zeros(())), sum(rights, torch.zeros(()))
    said = torch.zeros_like(y)
    for fold, own, mine in zip(folds, grams, rights, strict=True):
        said[fold] = x[fold] @ solve_ridge(gram - own, right - mine, strength)
    return np.asarray(said.float().numpy())
