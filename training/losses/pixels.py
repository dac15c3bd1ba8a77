"""Pixel losses: plain L1 for the ablation, and L1 over a pyramid."""

import torch
from torch import nn
from torch.nn import functional


class L1Loss(nn.Module):
    """Mean absolute difference over one or more halvings of the pictures.

    Args:
        levels: pyramid levels; 1 compares full size only, each further one half the size of the
            last. Coarse levels see colour and place where fine ones only see that two plausible
            textures differ.
    """

    def __init__(self, levels: int = 1) -> None:
        super().__init__()
        self.levels = levels

    def forward(
        self,
        render: torch.Tensor,  # [B, 3, H, W] RGB 0..1; H, W >= 2 ** (levels - 1)
        truth: torch.Tensor,  # [B, 3, H, W] RGB 0..1
    ) -> torch.Tensor:
        """The mean over the levels, a float32 scalar; 0 for the same pictures."""
        render, truth = render.float(), truth.detach().float()
        total = functional.l1_loss(render, truth)
        for _ in range(self.levels - 1):
            render, truth = functional.avg_pool2d(render, 2), functional.avg_pool2d(truth, 2)
            total = total + functional.l1_loss(render, truth)
        return total / self.levels
