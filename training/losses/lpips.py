"""LPIPS, for the ablation "LPIPS + L1" of the paper's table 2.

Zhang et al., "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric",
https://arxiv.org/abs/1801.03924.
"""

from typing import Protocol

import torch

from training.losses.frozen import FrozenNetworkLoss


class PictureDistance(Protocol):
    """A frozen network that compares two pictures; lpips.LPIPS is one."""

    def __call__(
        self,
        first: torch.Tensor,  # [B, 3, H, W] RGB -1..1
        second: torch.Tensor,  # [B, 3, H, W] RGB -1..1
    ) -> torch.Tensor:
        """Return the distances [B, 1, 1, 1]."""
        ...


class LpipsLoss(FrozenNetworkLoss):
    """Mean LPIPS distance; pictures keep their size."""

    def __init__(self, network: PictureDistance) -> None:
        super().__init__(network)
        self.network: PictureDistance

    def forward(
        self,
        render: torch.Tensor,  # [B, 3, H, W] RGB 0..1
        truth: torch.Tensor,  # [B, 3, H, W] RGB 0..1
    ) -> torch.Tensor:
        """The loss, a float32 scalar; 0 for the same pictures."""
        distances = self.network(2 * render.float() - 1, 2 * truth.detach().float() - 1)
        return distances.float().mean()
