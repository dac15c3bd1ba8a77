"""The embedded preset's stand-in for equations 4 to 7: the shipped ViT-S/14."""

from dataclasses import dataclass

import torch
from torch import nn

from training.losses.dino import DinoLoss, DinoLossConfig, HiddenStates
from training.losses.pixels import L1Loss


@dataclass(frozen=True)
class EmbeddedLossConfig:
    """What is compared; every value is our choice.

    Attributes:
        layers: indices into `hidden_states`, as in DinoLossConfig.
        image_size: pixels of the shorter edge after resizing.
        low_level: weight of the pyramid L1 beside the cosine distance of the tokens.
        levels: levels of that pyramid.
    """

    layers: tuple[int, ...] = (5, 8)
    image_size: int = 252
    low_level: float = 1.0
    levels: int = 4


class EmbeddedLoss(nn.Module):
    """Cosine distance of ViT-S/14 tokens, and a pyramid L1 for sharpness and colour."""

    def __init__(self, network: HiddenStates, config: EmbeddedLossConfig | None = None) -> None:
        super().__init__()
        self.config = config or EmbeddedLossConfig()
        self.features = DinoLoss(
            network, DinoLossConfig(layers=self.config.layers, image_size=self.config.image_size)
        )
        self.pixels = L1Loss(self.config.levels)

    def forward(
        self,
        render: torch.Tensor,  # [B, 3, H, W] RGB 0..1
        truth: torch.Tensor,  # [B, 3, H, W] RGB 0..1
    ) -> torch.Tensor:
        """The loss, a float32 scalar; 0 for the same pictures."""
        return self.features(render, truth) + self.config.low_level * self.pixels(render, truth)
