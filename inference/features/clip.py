"""Published CLIPs as style encoders, through the package open_clip.

Radford et al. 2021, "Learning Transferable Visual Models From Natural Language Supervision",
https://arxiv.org/abs/2103.00020. The paper does not name its CLIP; ours is ViT-L/14 of OpenAI.
The only file that imports open_clip, which needs torchvision.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch.nn import functional

from inference.catalogue.locate import make_torchvision_fit, missing_package
from inference.errors import InvalidModelError
from inference.features.torch_archive import read_torch_archive

CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
CLIP_STD = (0.26862954, 0.26130258, 0.27577711)
HEAD_WIDTH = 64
"""Width of an attention head in every ViT of OpenAI's."""
VOCABULARY = 49408
"""Tokens of the one vocabulary that all CLIPs share."""

_SIZES = {768: "b", 1024: "l"}


class ClipStyle:
    """CLIP as a StyleEncoder: both towers, in float32 and without gradient.

    Attributes:
        name: which network, as checkpoints call it.
        width: of a style vector: 768 for ViT-L/14, 512 for ViT-B/32.
    """

    def __init__(self, network: Any, tokenizer: Any) -> None:
        """Wrap a loaded network; see load_clip.

        Args:
            network: open_clip's CLIP.
            tokenizer: its tokenizer, from sentences to [T, 77].
        """
        self._network = network.float().eval().requires_grad_(False)
        self._tokenizer = tokenizer
        self._edge: int = network.visual.image_size[0]
        self.width: int = network.text_projection.shape[1]
        channels, patch = network.visual.conv1.out_channels, network.visual.patch_size[0]
        self.name = f"clip-vit-{_SIZES.get(channels, channels)}-{patch}"

    @torch.no_grad()
    def embed_images(
        self,
        images: torch.Tensor,  # [B, 3, H, W] RGB 0..1
    ) -> torch.Tensor:
        """Style vectors [B, width] of the middle squares of the pictures."""
        device = self._network.positional_embedding.device
        pixels = self.prepare(images.to(device, torch.float32))
        return functional.normalize(self._network.encode_image(pixels).float(), dim=-1)

    @torch.no_grad()
    def embed_texts(self, texts: Sequence[str]) -> torch.Tensor:
        """Style vectors [T, width]; of a text longer than 75 tokens its beginning counts."""
        device = self._network.positional_embedding.device
        if not texts:
            return torch.zeros(0, self.width, device=device)
        tokens = self._tokenizer(list(texts)).to(device)
        return functional.normalize(self._network.encode_text(tokens).float(), dim=-1)

    def prepare(
        self,
        images: torch.Tensor,  # [B, 3, H, W] RGB 0..1
    ) -> torch.Tensor:
        """CLIP's own preparation [B, 3, S, S]: shorter edge to S, middle square, normalised."""
        shorter = min(images.shape[-2:])
        size = [int(self._edge * length / shorter) for length in images.shape[-2:]]
        resized = functional.interpolate(images, size, mode="bicubic", antialias=True)
        top, left = (round((length - self._edge) / 2) for length in size)
        square = resized[..., top : top + self._edge, left : left + self._edge].clamp(0, 1)
        mean = images.new_tensor(CLIP_MEAN)[:, None, None]
        std = images.new_tensor(CLIP_STD)[:, None, None]
        return (square - mean) / std


def load_clip(path: Path, device: torch.device | str = "cpu", quick_gelu: bool = True) -> ClipStyle:
    """Load a published CLIP with a ViT; nothing is fetched and nothing in the file is run.

    Args:
        path: OpenAI's ViT-L-14.pt or ViT-B-32.pt, or a state dictionary of open_clip as .pt or
            .safetensors.
        device: where it shall run.
        quick_gelu: whether it was trained with x * sigmoid(1.702 x), as OpenAI's were; those of
            LAION were not, and the file does not say.

    Raises:
        UsageError: open_clip or torchvision is not installed, or does not fit torch.
        InvalidModelError: the file is missing, damaged or no such network.
    """
    if not path.is_file():
        raise InvalidModelError(f"There is no file {path}: choose the weights of CLIP.")
    make_torchvision_fit("CLIP")
    try:
        from open_clip import CLIP, CLIPTextCfg, CLIPVisionCfg, SimpleTokenizer
    except (ImportError, RuntimeError) as error:
        raise missing_package("CLIP", "open_clip_torch") from error
    try:
        weights = load_file(path) if path.suffix == ".safetensors" else read_torch_archive(path)
        embedding, vision, text = clip_shapes(weights)
        network = CLIP(
            embedding, CLIPVisionCfg(**vision), CLIPTextCfg(**text), quick_gelu=quick_gelu
        )
        # A TorchScript program holds constants beside the weights.
        network.load_state_dict({name: weights[name] for name in network.state_dict()})
    except (SafetensorError, OSError, KeyError, ValueError, RuntimeError, IndexError) as error:
        raise InvalidModelError(
            f"{path.name} is damaged or no CLIP with a ViT: download it again."
        ) from error
    tokenizer = SimpleTokenizer(context_length=text["context_length"])
    return ClipStyle(network.to(device), tokenizer)


def clip_shapes(weights: dict[str, torch.Tensor]) -> tuple[int, dict[str, int], dict[str, int]]:
    """Width of the common space, and the shapes of image and text tower, off the tensors.

    Raises:
        KeyError: a tensor is missing.
        ValueError: the shapes are not those of a CLIP.
    """
    patches = weights["visual.conv1.weight"]
    positions = weights["visual.positional_embedding"]
    width, patch = patches.shape[0], patches.shape[-1]
    text_width = weights["ln_final.weight"].shape[0]
    if width % HEAD_WIDTH or text_width % HEAD_WIDTH:
        raise ValueError("the attention heads have another width than CLIP's")
    if len(weights["token_embedding.weight"]) != VOCABULARY:
        raise ValueError("the vocabulary is not CLIP's")
    vision = {
        "layers": _blocks(weights, "visual.transformer."),
        "width": width,
        "head_width": HEAD_WIDTH,
        "patch_size": patch,
        "image_size": round((len(positions) - 1) ** 0.5) * patch,
    }
    text = {
        "context_length": len(weights["positional_embedding"]),
        "vocab_size": VOCABULARY,
        "width": text_width,
        "heads": text_width // HEAD_WIDTH,
        "layers": _blocks(weights, "transformer."),
    }
    return weights["text_projection"].shape[1], vision, text


def _blocks(weights: dict[str, torch.Tensor], tower: str) -> int:
    ending = ".attn.in_proj_weight"
    return sum(name.startswith(f"{tower}resblocks.") and name.endswith(ending) for name in weights)
