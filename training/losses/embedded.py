"""The embedded preset's stand-in for equations 4 to 7: the shipped ViT-S/14.

Which layers, by `python -m benchmarks.loss_sensitivity --heads 1`: distance of a damaged picture
over the distance of the same hairdo grown from other random numbers, which is what a loss should
mind least. One head, so rough. "Blurred hair" is the hair alone blurred by 2 pixels.

    ==========  ============  =======  ==========  ======  ==========
    measure     blurred hair  blurred  no glasses  tinted  moved 2 px
    ==========  ============  =======  ==========  ======  ==========
    layer 2             0.29     3.18        0.46    0.32        5.44
    layer 4             0.44     3.54        0.73    0.46        3.98
    layer 6             0.61     3.52        1.09    0.47        3.94
    layer 8             0.64     3.39        1.12    0.48        3.80
    layer 9             0.71     3.90        1.25    0.48        4.34
    layer 11            0.66     3.51        1.40    0.40        4.56
    pyramid L1          0.49     1.88        0.79    4.31        5.72
    ==========  ============  =======  ==========  ======  ==========

Layer 9 minds blurred hair most and sees missing glasses; the layers behind it see glasses better
still, but have drifted to saliency (the network was fine-tuned for it). Layer 6 adds places, as
the paper joins a middle and a late layer. No layer sees a tint well, which the pyramid does. Even
layer 9 minds blurred hair less than other hair: it is better than pixels at that, not good.
"""

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
        low_level: weight of the pyramid L1 beside the cosine distance of the tokens; at 1.0 it
            is a third of the loss where only the hair differs, and most of it for a tint.
        levels: levels of that pyramid.
    """

    layers: tuple[int, ...] = (6, 9)
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
