"""The SAM 2.1 image-encoding loss: equation 6 of the paper.

Agrees with the authors' own package sam_loss 0.0.3 (PyPI, Apache-2.0) configured alike.
"""

from dataclasses import dataclass
from typing import Protocol

import torch

from training.losses.distance import Distance, feature_distance
from training.losses.frozen import FrozenNetworkLoss
from training.losses.resizing import resize


class SamEncoder(Protocol):
    """A frozen SAM 2.1 image encoder; training.losses.backbones has one."""

    def __call__(
        self,
        images: torch.Tensor,  # [B, 3, S, S] RGB 0..1; S a multiple of 32
    ) -> torch.Tensor:
        """Return the image embedding [B, 256, S / 16, S / 16], with gradient to the images."""
        ...


@dataclass(frozen=True)
class SamLossConfig:
    """What is compared.

    Attributes:
        distance: the paper's cosine over channels; the package's default is "l1".
        image_size: pixels to which both edges are resized (bilinear, antialiased). SAM's own
            1024; smaller multiples of 32 save memory and are our departure.
    """

    distance: Distance = "cosine"
    image_size: int = 1024


class SamLoss(FrozenNetworkLoss):
    """Distance of SAM 2.1 image embeddings, what its mask decoder would get."""

    def __init__(self, network: SamEncoder, config: SamLossConfig | None = None) -> None:
        super().__init__(network)
        self.network: SamEncoder
        self.config = config or SamLossConfig()

    def forward(
        self,
        render: torch.Tensor,  # [B, 3, H, W] RGB 0..1
        truth: torch.Tensor,  # [B, 3, H, W] RGB 0..1
    ) -> torch.Tensor:
        """The loss, a float32 scalar; 0 for the same pictures."""
        ours = self._embedding(render)
        with torch.no_grad():
            theirs = self._embedding(truth)
        return feature_distance(ours, theirs, self.config.distance, channels=1)

    def _embedding(self, pictures: torch.Tensor) -> torch.Tensor:
        """[B, 3, H, W] -> [B, C, h, w]."""
        size = self.config.image_size
        return self.network(resize(pictures, size, size, "bilinear"))
