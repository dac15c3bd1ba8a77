"""The DINOv2 perceptual loss: equations 4 and 5 of the paper.

Agrees with the authors' own package dino_loss 0.0.2 (PyPI, Apache-2.0) configured alike.
"""

from dataclasses import dataclass
from typing import Literal, Protocol

import torch

from training.losses.distance import Distance, feature_distance
from training.losses.frozen import FrozenNetworkLoss
from training.losses.resizing import centre_crop, resize_shorter_edge

TokenChoice = Literal["class+patch", "class", "patch"]


class HiddenStates(Protocol):
    """A frozen DINOv2; inference.features.vit.VisionTransformer is one."""

    @property
    def patch_size(self) -> int:
        """Edge of a patch in pixels."""
        ...

    def hidden_states(
        self,
        images: torch.Tensor,  # [B, 3, H, W] RGB 0..1; H, W multiples of patch_size
        indices: tuple[int, ...],  # 0 = the embedded picture, n = after the n-th block
    ) -> list[torch.Tensor]:
        """Return per index [B, 1 + P, C]: class token, patches; before the final LayerNorm."""
        ...


@dataclass(frozen=True)
class DinoLossConfig:
    """What is compared.

    Attributes:
        layers: indices into transformers' `hidden_states`, as in dino_loss: 8 is the output of
            the eighth of twelve blocks, 11 that of the last but one. The paper's {8, 11}; the
            package's default is (5, 8, 11).
        tokens: the paper's class and patch tokens together, or one kind (appendix B, Fig. 10).
        distance: the paper's cosine; the package's default is "l1".
        image_size: pixels of the shorter edge after resizing. What is not a whole patch is then
            cropped around the centre: 512 leaves 504 pixels, 36 x 36 patches.
    """

    layers: tuple[int, ...] = (8, 11)
    tokens: TokenChoice = "class+patch"
    distance: Distance = "cosine"
    image_size: int = 512


class DinoLoss(FrozenNetworkLoss):
    """Distance of intermediate DINOv2 tokens.

    Every token counts alike, the class token as one among the patches of its layer. Both
    pictures are resized bicubically. The truth goes through the network on its own, without a
    graph: one pass for both would keep twice the activations.
    """

    def __init__(self, network: HiddenStates, config: DinoLossConfig | None = None) -> None:
        super().__init__(network)
        self.network: HiddenStates
        self.config = config or DinoLossConfig()

    def forward(
        self,
        render: torch.Tensor,  # [B, 3, H, W] RGB 0..1
        truth: torch.Tensor,  # [B, 3, H, W] RGB 0..1
    ) -> torch.Tensor:
        """The loss, a float32 scalar; 0 for the same pictures."""
        ours = self._tokens(render)
        with torch.no_grad():
            theirs = self._tokens(truth)
        return feature_distance(ours, theirs, self.config.distance, channels=-1)

    def _tokens(self, pictures: torch.Tensor) -> torch.Tensor:
        """The chosen tokens of all layers: [B, T, C]."""
        patch = self.network.patch_size
        pictures = resize_shorter_edge(pictures, self.config.image_size, "bicubic")
        pictures = centre_crop(pictures, self.config.image_size // patch * patch)
        states = self.network.hidden_states(pictures, self.config.layers)
        chosen = {"class+patch": slice(None), "class": slice(1), "patch": slice(1, None)}
        return torch.cat([state[:, chosen[self.config.tokens]] for state in states], dim=1)
