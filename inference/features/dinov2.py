"""Published DINOv2 networks (small to giant, with or without registers) from a user's files.

Reads the safetensors of facebook/dinov2-* on the Hugging Face hub, one file or shards; the
network's shape is told by the tensors themselves.
"""

import re
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open

from inference.errors import InvalidModelError
from inference.features.streaming import stream_blocks
from inference.features.vit import VisionTransformer, VitConfig, build_vit

HEAD_WIDTH = 64
"""Width of an attention head in every published DINOv2."""

_WHOLE = {
    "embeddings.cls_token": "class_token",
    "embeddings.register_tokens": "register_tokens",
    "embeddings.position_embeddings": "positions",
    "embeddings.patch_embeddings.projection.weight": "patch_projection.weight",
    "embeddings.patch_embeddings.projection.bias": "patch_projection.bias",
    "layernorm.weight": "norm.weight",
    "layernorm.bias": "norm.bias",
}
_PARTS = (
    ("attention.attention.", "attention."),
    ("attention.output.dense.", "attention.out."),
    ("layer_scale1.lambda1", "scale1"),
    ("layer_scale2.lambda1", "scale2"),
)


def our_name(published: str) -> str | None:
    """Name in inference.features.vit of a published tensor; None for what is not needed."""
    name = published.removeprefix("dinov2.").removeprefix("dinov2_with_registers.")
    if name in _WHOLE:
        return _WHOLE[name]
    match = re.fullmatch(r"encoder\.layer\.(\d+)\.(.+)", name)
    if match is None:
        return None
    part = match[2]
    for theirs, ours in _PARTS:
        part = part.replace(theirs, ours)
    return f"blocks.{match[1]}.{part}"


def load_dinov2(
    source: Path,
    device: torch.device | str = "cpu",
    dtype: torch.dtype = torch.float32,
    streamed: bool = False,
) -> VisionTransformer:
    """Load a published DINOv2 as a frozen ImageBackbone.

    Args:
        source: a .safetensors file, or the folder that holds the model's files.
        device: where it shall run.
        dtype: precision it shall run in; its features are float32 anyhow.
        streamed: its blocks stay in the computer's memory and come to the device one by one.

    Raises:
        InvalidModelError: there are no such weights, or they are damaged or of another network.
    """
    files = sorted(source.glob("*.safetensors")) if source.is_dir() else [source]
    if not files or not all(file.is_file() for file in files):
        raise InvalidModelError(f"{source} holds no DINOv2 weights (*.safetensors): download them.")
    weights: dict[str, torch.Tensor] = {}
    try:
        for path in files:
            with safe_open(path, framework="pt", device="cpu") as file:
                for published in file.keys():  # noqa: SIM118 - not a mapping
                    ours = our_name(published)
                    if ours is None:
                        continue
                    # One by one, so that there is never a second copy of the network.
                    tensor = file.get_tensor(published).to(dtype)
                    if not (streamed and ours.startswith("blocks.")):
                        tensor = tensor.to(device)
                    elif torch.device(device).type == "cuda":
                        tensor = tensor.pin_memory()  # what can be sent while others compute
                    weights[published] = tensor
        network = vit_of_published(weights)
    except (SafetensorError, OSError, RuntimeError, KeyError, ValueError, IndexError) as error:
        raise InvalidModelError(
            f"{source} is damaged or no DINOv2 network: download it again."
        ) from error
    return stream_blocks(network) if streamed else network


def vit_of_published(published: dict[str, torch.Tensor]) -> VisionTransformer:
    """The network around tensors that are there already, by their published names.

    Raises:
        KeyError, ValueError, IndexError, RuntimeError: names or shapes are not those of a DINOv2.
    """
    weights = {ours: t for name, t in published.items() if (ours := our_name(name)) is not None}
    return build_vit(_config(weights), weights)


def _config(weights: dict[str, torch.Tensor]) -> VitConfig:
    """Read the network's shape off its tensors.

    Raises:
        KeyError: a tensor is missing.
        ValueError: the shapes are not those of a DINOv2.
    """
    width = weights["class_token"].shape[-1]
    gated = "blocks.0.mlp.weights_in.weight" in weights
    registers = weights["register_tokens"].shape[1] if "register_tokens" in weights else 0
    if width % HEAD_WIDTH:
        raise ValueError(f"width {width} is no multiple of {HEAD_WIDTH}")
    return VitConfig(
        embed_dim=width,
        depth=sum(name.endswith(".norm1.weight") for name in weights),
        heads=width // HEAD_WIDTH,
        mlp_ratio=4.0 if gated else weights["blocks.0.mlp.fc1.weight"].shape[0] / width,
        patch_size=weights["patch_projection.weight"].shape[-1],
        grid=round((weights["positions"].shape[1] - 1) ** 0.5),
        gated=gated,
        registers=registers,
    )
