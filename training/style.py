"""The frozen networks that turn a picture into the editing model's style vector (equation 8)."""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch.nn import functional

from inference.catalogue.locate import published_file
from inference.errors import UsageError
from inference.features.clip import load_clip
from inference.features.embedded import load_embedded_backbone
from inference.features.style import StyleEncoder

CLIP = "clip-vit-l-14"
"""Which CLIP, as the catalogue calls it (our choice: the paper does not name its own)."""


class EmbeddedStyle:
    """The shipped ViT-S/14's class token: no published network, and no text prompts."""

    name = "focus-small"
    _LAYER = 7  # the last one that has not drifted from DINOv2 (inference.model.config)

    def __init__(self, device: torch.device | str = "cpu") -> None:
        self._network = load_embedded_backbone(device)
        self.width = self._network.embed_dim

    @torch.no_grad()
    def embed_images(
        self,
        images: torch.Tensor,  # [B, 3, H, W] RGB 0..1
    ) -> torch.Tensor:
        """Style vectors [B, 384]."""
        edge = 16 * self._network.patch_size
        pictures = functional.interpolate(images, (edge, edge), mode="bilinear", antialias=True)
        return functional.normalize(self._network(pictures, (self._LAYER,))[0][:, 0], dim=-1)

    def embed_texts(self, texts: Sequence[str]) -> torch.Tensor:
        """Never returns.

        Raises:
            UsageError: always.
        """
        raise UsageError("This style knows pictures only: use CLIP for words.")


def load_style(name: str, clip: Path | None, device: torch.device | str) -> StyleEncoder:
    """The style network of a configuration.

    Args:
        name: "clip" or "embedded".
        clip: the file of the published CLIP; None for the one in the user's catalogue.
        device: where it shall run.

    Raises:
        UsageError: open_clip is missing.
        InvalidModelError: there is no CLIP, or the file holds none.
    """
    if name == "embedded":
        return EmbeddedStyle(device)
    return load_clip(published_file(CLIP) if clip is None else clip, device)
