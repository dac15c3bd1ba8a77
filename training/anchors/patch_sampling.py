"""Which patches a training step looks at."""

import numpy as np
from numpy.typing import NDArray

LABEL_WEIGHT = {
    1: 1.0,  # neck and bare shoulders
    2: 1.5,  # face
    3: 1.0,  # cloth
    6: 2.0,  # brows, eyes, nose, lips: few patches that people look at
    7: 2.0,
    8: 2.0,
    9: 2.0,
    10: 2.0,
    11: 0.7,  # inner mouth, mostly unseen
    12: 2.0,
    13: 2.0,
}
"""How much an anchor counts by its template label, FaRL celebm order; others 1 (our choice)."""


def anchor_importance(labels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """How much each anchor [N] matters, by its template label."""
    return np.array([LABEL_WEIGHT.get(int(label), 1.0) for label in labels], np.float32)


def patch_probabilities(
    labels: NDArray[np.uint8],  # [N] of the anchors
    per_patch: int,
) -> NDArray[np.float64]:
    """Probability [N / per_patch] that a patch is drawn."""
    mean = anchor_importance(labels).astype(np.float64).reshape(-1, per_patch).mean(1)
    return np.asarray(mean / mean.sum())


def anchors_of(patches: NDArray[np.int64], per_patch: int) -> NDArray[np.int64]:
    """The anchors [P * per_patch] of patches [P]: those of a patch follow each other."""
    return (patches[:, None] * per_patch + np.arange(per_patch)).ravel()


def draw_patches(
    rng: np.random.Generator, probabilities: NDArray[np.float64], count: int
) -> NDArray[np.int64]:
    """Different patches [count], in ascending order."""
    chosen = rng.choice(len(probabilities), count, replace=False, p=probabilities)
    return np.sort(chosen).astype(np.int64)
