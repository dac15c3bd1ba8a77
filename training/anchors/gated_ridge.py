"""Ridge regression whose weights change with the yaw of the view, in its dual form.

Each feature counts once for each gate (inference.model.pooling.yaw_gates): x (x) g. The kernel of
that is (x . x') (g . g'), so that the cost is that of the views, whatever the number of features
and gates. Views of one head are either fitted or judged together.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

Array = NDArray[np.float32]

STRENGTHS = (0.1, 0.3, 1.0, 2.0, 3.0, 5.0, 7.0, 10.0, 15.0, 20.0, 30.0, 100.0)
"""Candidates, where each block of features has unit mean square (our choice)."""
_FOLDS = 5
_TOLERANCE = 1.03
"""The strongest ridge is taken that errs at most so much more than the best: photographs differ
more from synthetic heads than these do from each other (our choice)."""


@dataclass(frozen=True)
class GatedFit:
    """What a regression found.

    Attributes:
        weights: [gates * F, K].
        strength: of the ridge.
        held_out: [V, K] what it says about each view when its head is not fitted.
        error: mean weighted squared error of that, targets' own mean square being 1.
    """

    weights: Array
    strength: float
    held_out: Array
    error: float


def gated_ridge(
    features: Array,  # [V, F]
    gates: Array,  # [V, G]
    targets: Array,  # [V, K], centred
    groups: NDArray[np.int32],  # [V] head of each view
    shares: Sequence[Array],  # weights in the judgement, of K columns in all
) -> list[GatedFit]:
    """Fit with the strongest ridge that errs hardly more than the best on heads not fitted.

    Each of `shares` stands for some columns of the targets, which get a strength of their own.
    """
    x, g, y = (torch.from_numpy(np.array(a, np.float32)) for a in (features, gates, targets))
    kernel = (x @ x.T) * (g @ g.T)
    predicted = _held_out(kernel, y, groups)
    fits = []
    first = 0
    for share in shares:
        part = slice(first, first + len(share))
        first += len(share)
        weight = torch.from_numpy(share)
        scale = float((y[:, part] ** 2 * weight).sum(1).mean()) + 1e-12
        errors = [
            float(((p[:, part] - y[:, part]) ** 2 * weight).sum(1).mean()) / scale
            for p in predicted
        ]
        best = max(i for i, error in enumerate(errors) if error <= _TOLERANCE * min(errors))
        stronger = kernel.clone()
        stronger.diagonal().add_(STRENGTHS[best])
        dual = torch.cholesky_solve(y[:, part], torch.linalg.cholesky(stronger))
        columns = torch.cat([(x * g[:, i : i + 1]).T @ dual for i in range(g.shape[1])])
        held_out = predicted[best][:, part].numpy()
        fits.append(GatedFit(columns.numpy(), STRENGTHS[best], held_out, errors[best]))
    return fits


def _held_out(
    kernel: torch.Tensor,  # [V, V]
    y: torch.Tensor,  # [V, K]
    groups: NDArray[np.int32],  # [V]
) -> list[torch.Tensor]:
    """What each strength says [V, K] about each view when its head is not fitted."""
    folds = torch.from_numpy(np.unique(groups, return_inverse=True)[1] % _FOLDS)
    predicted = [torch.zeros_like(y) for _ in STRENGTHS]
    for fold in range(_FOLDS):
        out = folds == fold
        if not out.any() or out.all():
            continue
        values, vectors = torch.linalg.eigh(kernel[~out][:, ~out])
        rotated = vectors.T @ y[~out]
        across = kernel[out][:, ~out] @ vectors
        for number, strength in enumerate(STRENGTHS):
            inverse = 1 / (values.clamp(min=0) + strength)
            predicted[number][out] = across @ (rotated * inverse[:, None])
    return predicted
