"""Principal components and ridge regression of few long rows."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

Array = NDArray[np.float32]
_LAMBDAS = (0.1, 1.0, 10.0, 30.0, 100.0, 300.0, 1e3, 3e3, 1e4, 3e4, 1e5, 3e5)


@dataclass(frozen=True)
class Basis:
    """Principal components with unit-variance coefficients.

    Attributes:
        mean: [D] what zero coefficients give.
        columns: [D, K] in the units of the data.
        project: [K, D] from a deviation to coefficients.
        share: [K] of the explained variance, sums to 1.
    """

    mean: Array
    columns: Array
    project: Array
    share: Array


def principal_components(data: Array, weight: Array, count: int, *, centred: bool = True) -> Basis:
    """Weighted PCA of few long rows by their Gram matrix.

    Args:
        data: [H, D].
        weight: [D] factor on each column's deviation.
        count: components; those beyond the rank are zero.
        centred: whether deviations are those from the mean, or from zero.
    """
    mean = data.mean(0) if centred else np.zeros_like(data[0])
    scaled = data - mean
    scaled *= weight  # in place: rows may be gigabytes
    values, vectors = np.linalg.eigh((scaled @ scaled.T).astype(np.float64))
    order = np.argsort(values)[::-1][:count]
    keep = order[values[order] > 1e-6 * values.max()]
    singular = np.sqrt(values[keep])
    directions = (scaled.T @ vectors[:, keep].astype(np.float32)) / singular  # [D, k] unit
    sd = singular / np.sqrt(len(data))
    columns = np.zeros((data.shape[1], count), np.float32)
    project = np.zeros((count, data.shape[1]), np.float32)
    share = np.zeros(count, np.float32)
    columns[:, : len(keep)] = directions * sd / weight[:, None]
    project[: len(keep)] = (directions / sd).T * weight
    share[: len(keep)] = values[keep] / values[keep].sum()
    return Basis(mean.astype(np.float32), columns, project, share)


def ridge(
    features: Array, targets: Array, groups: NDArray[np.int32], share: Array
) -> tuple[Array, float]:
    """Ridge regression [F, K], and its strength, chosen on a seventh of the groups.

    Args:
        features: [V, F] standardised.
        targets: [V, K].
        groups: [V] head of each row; a head is either fitted or judged.
        share: [K] weight of each target in the judgement.
    """
    held = groups % 7 == 3
    if held.all() or not held.any():
        return _solve(features, targets, [_LAMBDAS[7]])[0], _LAMBDAS[7]
    solutions = _solve(features[~held], targets[~held], list(_LAMBDAS))
    errors = [
        float((((features[held] @ w - targets[held]) ** 2) * share).sum(1).mean())
        for w in solutions
    ]
    best = _LAMBDAS[int(np.argmin(errors))]
    return _solve(features, targets, [best])[0], best


def _solve(features: Array, targets: Array, lambdas: list[float]) -> list[Array]:
    """Solutions [F, K] for several strengths from one eigendecomposition."""
    wide = features.shape[1] > features.shape[0]
    gram = torch.from_numpy(features @ features.T if wide else features.T @ features)
    values, vectors = torch.linalg.eigh(gram)
    right = torch.from_numpy(targets if wide else features.T @ targets)
    rotated = vectors.T @ right
    found = []
    for strength in lambdas:
        inner = (vectors @ (rotated / (values.clamp(min=0) + strength)[:, None])).numpy()
        found.append(features.T @ inner if wide else inner)
    return found
