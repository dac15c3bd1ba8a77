"""The one thing that the model asks of a frozen image backbone."""

from typing import Protocol

import torch


class ImageBackbone(Protocol):
    """A frozen network that turns pictures into patch features of chosen layers."""

    @property
    def patch_size(self) -> int:
        """Edge of a patch in pixels."""
        ...

    @property
    def embed_dim(self) -> int:
        """Width of one layer's features."""
        ...

    def __call__(
        self,
        images: torch.Tensor,  # [B, 3, H, W] RGB 0..1; H, W multiples of patch_size
        layers: tuple[int, ...],  # 0-based blocks
    ) -> list[torch.Tensor]:
        """Return per layer [B, 1 + P, embed_dim]: class token, then patches in rows.

        Each layer's output goes through the network's final LayerNorm.
        """
        ...
