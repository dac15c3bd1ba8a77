"""Colours split into their broad course and fine detail, along the surface."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags

from inference.head.gaussians import FloatArray
from inference.progress import CancelToken

STEPS = 36
"""Averaging steps along the graph; they reach about 4 anchors, 8 mm (our choice)."""

SEEN_STEPS = 3
"""The same where the photograph shows something, if not clearly."""

OUTLIER = 2.5
"""Robust deviations from the broad course beyond which detail is an outlier (our choice)."""


def broad_course(
    values: FloatArray,  # [N, C]
    weight: FloatArray,  # [N]
    edges: csr_matrix,  # [N, N]
    cancel: CancelToken,
    steps: int,
) -> FloatArray:
    """Weighted local mean of values, [N, C].

    Args:
        values: any quantity of the Gaussians.
        weight: how much each of them counts.
        edges: weights of the neighbours, any scale.
        cancel: checked at every step.
        steps: how far the mean reaches.
    """
    count = np.asarray(edges.sum(1), np.float32).ravel()
    stay = np.where(count < 1e-6, 1.0, 0.4)
    step = diags(0.6 / np.maximum(count, 1e-6)) @ edges + diags(stay)
    step = step.tocsr().astype(np.float32)
    state = np.concatenate([values * weight[:, None], weight[:, None]], 1).astype(np.float32)
    for _ in range(steps):
        cancel.check()
        state = step @ state
    total = state[:, -1:]
    return np.where(total > 1e-6, state[:, :-1] / np.maximum(total, 1e-6), values)


def fade_detail(
    colours: FloatArray,  # [N, 3]
    clear: FloatArray,  # [N] 0..1
    sure: FloatArray,  # [N] 0..1
    belongs: FloatArray,  # [N] 0..1
    groups: NDArray[np.uint8],  # [N]
    edges: csr_matrix,  # [N, N]
    cancel: CancelToken,
) -> tuple[FloatArray, FloatArray]:
    """Leave detail only where it was seen clearly.

    Spots that stand out of their surroundings count less in the broad course, so that they
    vanish instead of being smeared.

    Args:
        colours: of every Gaussian.
        clear: how far its detail is true.
        sure: how far it was seen at all.
        belongs: how far its colour is of the kind that it should be.
        groups: of Gaussians that look alike; deviations are measured within them.
        edges: neighbours within the groups.
        cancel: checked at every step.

    Returns:
        The colours [N, 3], untouched where clear is 1, and their broad course [N, 3].
    """
    weight = np.full(len(colours), 1.0, np.float32)
    broad = broad_course(colours, weight, edges, cancel, STEPS)
    off = np.linalg.norm(colours - broad, axis=1)
    usual = np.ones(len(colours), np.float32)
    for group in np.unique(groups):
        inside = groups == group
        usual[inside] = np.median(off[inside])
    excess = off / (OUTLIER * np.maximum(usual, 0.004))
    weight = ((0.05 + clear) * (0.05 + belongs) / (1 + excess**4)).astype(np.float32)
    broad = broad_course(colours, weight, edges, cancel, STEPS)
    local = broad_course(colours, weight, edges, cancel, SEEN_STEPS)
    ground = broad + (sure * belongs)[:, None] * (local - broad)
    faded = ground + clear[:, None] * (colours - ground)
    return np.where(clear[:, None] >= 1, colours, faded).astype(np.float32), broad
