"""How far two sets of features are apart."""

from typing import Literal

import torch
from torch.nn import functional

Distance = Literal["cosine", "l1", "l2"]


def feature_distance(
    render: torch.Tensor,  # features of the rendered picture
    truth: torch.Tensor,  # the same shape; gets no gradient
    distance: Distance,
    channels: int,  # the axis that holds a feature's channels
) -> torch.Tensor:
    """Mean distance of corresponding features, a float32 scalar.

    "cosine" is 1 - the mean cosine similarity over `channels` (equations 5 and 6 of the paper),
    "l1" and "l2" the mean absolute and squared difference: the three choices of the authors'
    packages dino_loss and sam_loss, where the last is plain mean squared error too.

    Raises:
        ValueError: no such distance.
    """
    render, truth = render.float(), truth.detach().float()
    if distance == "cosine":
        similarity = functional.normalize(render, dim=channels) * functional.normalize(
            truth, dim=channels
        )
        return 1 - similarity.sum(channels).mean()
    if distance == "l1":
        return functional.l1_loss(render, truth)
    if distance == "l2":
        return functional.mse_loss(render, truth)
    raise ValueError(f"no distance is called {distance!r}")
