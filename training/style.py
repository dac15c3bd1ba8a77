"""The frozen networks that turn a picture into the editing model's style vector (equation 8)."""

from pathlib import Path
from typing import Any, Protocol

import torch
from torch.nn import functional

from inference.errors import InvalidModelError, UsageError
from inference.features.embedded import load_embedded_backbone

CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
CLIP_STD = (0.26862954, 0.26130258, 0.27577711)


class StyleEncoder(Protocol):
    """From pictures to style vectors."""

    @property
    def name(self) -> str:
        """Which network, as checkpoints call it."""
        ...

    @property
    def width(self) -> int:
        """Width of a style vector."""
        ...

    def __call__(
        self,
        images: torch.Tensor,  # [B, 3, H, W] RGB 0..1
    ) -> torch.Tensor:
        """L2-normalised embeddings [B, width] float32."""
        ...


class EmbeddedStyle:
    """The shipped ViT-S/14's class token: no published network, and no text prompts."""

    name = "focus-small"
    _LAYER = 7  # the last one that has not drifted from DINOv2 (inference.model.config)

    def __init__(self, device: torch.device | str = "cpu") -> None:
        self._network = load_embedded_backbone(device)
        self.width = self._network.embed_dim

    @torch.no_grad()
    def __call__(self, images: torch.Tensor) -> torch.Tensor:
        """Embeddings [B, 384]."""
        edge = 16 * self._network.patch_size
        pictures = functional.interpolate(images, (edge, edge), mode="bilinear", antialias=True)
        return functional.normalize(self._network(pictures, (self._LAYER,))[0][:, 0], dim=-1)


class ClipStyle:
    """CLIP's image embedding; its text embedding of the same space is the prompt."""

    def __init__(self, folder: Path, device: torch.device | str = "cpu") -> None:
        """Read a published CLIP (openai/clip-vit-large-patch14) from a folder.

        Raises:
            UsageError: transformers is not installed.
            InvalidModelError: the folder holds no CLIP.
        """
        try:
            from transformers import CLIPVisionModelWithProjection
        except ImportError as error:
            raise UsageError(
                "CLIP needs transformers: install it with pip install 'transformers>=5.20,<6'."
            ) from error
        if not (folder / "config.json").is_file():
            raise InvalidModelError(f"{folder} holds no CLIP (config.json): download it.")
        try:
            network: Any = CLIPVisionModelWithProjection.from_pretrained(
                folder, local_files_only=True
            )
        except Exception as error:
            # transformers raises many kinds, its own and safetensors' among them.
            raise InvalidModelError(
                f"{folder} is damaged or no CLIP: download it again."
            ) from error
        self._network = network.to(device).eval().requires_grad_(False)
        self._edge = int(network.config.image_size)
        self.width = int(network.config.projection_dim)
        self.name = f"clip-{self.width}"

    @torch.no_grad()
    def __call__(self, images: torch.Tensor) -> torch.Tensor:
        """Embeddings [B, projection]."""
        edge = (self._edge, self._edge)
        pictures = functional.interpolate(images, edge, mode="bicubic", antialias=True)
        mean = images.new_tensor(CLIP_MEAN)[:, None, None]
        std = images.new_tensor(CLIP_STD)[:, None, None]
        pixels = (pictures.clamp(0, 1) - mean) / std
        return functional.normalize(self._network(pixel_values=pixels).image_embeds.float(), dim=-1)


def load_style(name: str, clip: Path | None, device: torch.device | str) -> StyleEncoder:
    """The style network of a configuration.

    Args:
        name: "clip" or "embedded".
        clip: the folder of the published CLIP.
        device: where it shall run.

    Raises:
        UsageError: the folder is not given, or transformers is missing.
        InvalidModelError: the folder holds no CLIP.
    """
    if name == "embedded":
        return EmbeddedStyle(device)
    if clip is None:
        raise UsageError(
            "The style comes from CLIP: give the folder of CLIP ViT-L/14 as --clip-network."
        )
    return ClipStyle(clip, device)
