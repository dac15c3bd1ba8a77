"""The one thing that the editing model asks of a network that knows styles (equation 8)."""

from collections.abc import Sequence
from typing import Protocol

import torch


class StyleEncoder(Protocol):
    """A frozen network that puts pictures and words into one space of style vectors."""

    @property
    def name(self) -> str:
        """Which network, as checkpoints call it."""
        ...

    @property
    def width(self) -> int:
        """Width of a style vector."""
        ...

    def embed_images(
        self,
        images: torch.Tensor,  # [B, 3, H, W] RGB 0..1, any size
    ) -> torch.Tensor:
        """L2-normalised style vectors [B, width] float32."""
        ...

    def embed_texts(self, texts: Sequence[str]) -> torch.Tensor:
        """L2-normalised style vectors [T, width] float32 of descriptions in English.

        Raises:
            UsageError: this network knows pictures only.
        """
        ...
