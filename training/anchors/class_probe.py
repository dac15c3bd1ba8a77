"""A linear probe from the backbone's patch features to what is in a patch, in closed form."""

import numpy as np
import torch

from training.anchors.feature_cache import FeatureCache

_PATCHES, _STRENGTH = 100, 100.0  # of each view; of the ridge (our choice)


def fit_class_probe(cache: FeatureCache, seed: int = 0) -> torch.Tensor:
    """Ridge regression of class shares over the cached views, [classes, F + 1]."""
    rng = np.random.default_rng(seed)
    square = product = None
    for first in range(0, len(cache), 32):
        index = np.arange(first, min(first + 32, len(cache)))
        batch = cache.batch(index)
        count = batch.features.shape[1]
        chosen = torch.from_numpy(rng.choice(count, min(_PATCHES, count), replace=False))
        rows = batch.features[:, chosen].float().flatten(0, 1)
        rows = torch.cat([rows, torch.ones(len(rows), 1)], 1)
        truth = batch.shares[:, chosen].flatten(0, 1)
        square = rows.T @ rows if square is None else square + rows.T @ rows
        product = rows.T @ truth if product is None else product + rows.T @ truth
    assert square is not None
    square.diagonal().add_(_STRENGTH)
    return torch.linalg.solve(square, product).T.contiguous()
