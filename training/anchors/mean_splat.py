"""The mean shape of each anchor's splat over the training heads: what the model starts from."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from inference.model.gaussian_head import patch_spacing
from training.anchors.data import HeadTargets
from training.anchors.log_shape import LOG_SIZE, ellipsoids

Array = NDArray[np.float32]


@dataclass(frozen=True)
class MeanSplat:
    """Log-Euclidean mean of splats, each over the spacing of its patch's anchors.

    Attributes:
        turns: [N, 4] quaternions, wxyz.
        scales: [N, 3] logs of the standard deviations over the spacing.
    """

    turns: Array
    scales: Array


def mean_splat(targets: list[HeadTargets], per_patch: int) -> MeanSplat:
    """The mean over heads.

    Args:
        targets: heads whose splats were made (training.anchors.target_splats.with_shapes).
        per_patch: anchors of a patch; they follow each other.

    Raises:
        ValueError: a head has no splats.
    """
    total = np.zeros((len(targets[0].positions), 6))
    for target in targets:
        if target.shapes is None:
            raise ValueError("the mean splat is that of heads with splats")
        means = torch.from_numpy(target.positions.astype(np.float32))
        spacing = patch_spacing(means.unflatten(0, (-1, per_patch))[None]).flatten().numpy()
        total += target.shapes - np.log(np.maximum(spacing, 1e-5))[:, None] * LOG_SIZE
    turns, scales = ellipsoids(total / len(targets))
    return MeanSplat(turns.astype(np.float32), scales.astype(np.float32))
