"""A preset with random weights: what it costs does not depend on what it has learned."""

import torch
from torch import nn

from inference.features.vit import VisionTransformer
from inference.features.vit import VitConfig as BackboneVitConfig
from inference.model.config import BackboneConfig, ModelConfig
from inference.model.reconstruction import ReconstructionModel

HEAD_WIDTH = 64
"""Width of an attention head in every DINOv2 (Oquab et al., table 7)."""

_SPREAD = 0.02
"""Standard deviation of random weights, small enough that no activation overflows."""

_BLOCK = 1_000_003
"""Random numbers that are used again and again; no width divides it, so that no rows agree."""


def untrained_backbone(
    config: BackboneConfig, device: torch.device | str = "cpu"
) -> VisionTransformer:
    """The frozen network of a preset at its full size, with random weights.

    Args:
        config: which one.
        device: where; on "meta" it takes no memory and computes shapes only.
    """
    shape = BackboneVitConfig(
        embed_dim=config.width,
        depth=config.depth,
        heads=config.width // HEAD_WIDTH,
        patch_size=config.patch_size,
        grid=config.trained_size // config.patch_size,
        gated=config.swiglu,
    )
    with torch.device("meta"):
        network = VisionTransformer(shape)
    return _filled(network, device)


def untrained_model(
    config: ModelConfig,
    anchors: torch.Tensor,  # [65536, 3] metres
    backbone: VisionTransformer | None,
    device: torch.device | str = "cpu",
) -> ReconstructionModel:
    """A preset's model at its full size with initial weights.

    Args:
        config: the preset.
        anchors: where the Gaussians start.
        backbone: its frozen network; None if only features are handed in.
        device: where; on "meta" it takes no memory and computes shapes only.
    """
    with torch.device(device):
        model = ReconstructionModel(config, anchors.to(device), backbone)
    return model.eval().requires_grad_(False)


def _filled(network: VisionTransformer, device: torch.device | str) -> VisionTransformer:
    """Give a network without memory its own; a billion random numbers would take a minute."""
    network = network.to_empty(device=device)
    block = torch.randn(_BLOCK, device=device) * _SPREAD
    for module in network.modules():
        if isinstance(module, nn.LayerNorm):
            nn.init.ones_(module.weight)
            nn.init.zeros_(module.bias)
        else:
            for parameter in module.parameters(recurse=False):
                _fill(parameter, block)
    return network.eval().requires_grad_(False)


def _fill(parameter: torch.Tensor, block: torch.Tensor) -> None:
    """Lay random numbers [N] into a parameter, again and again until it is full."""
    with torch.no_grad():
        for piece in parameter.detach().view(-1).split(len(block)):
            piece.copy_(block[: len(piece)])
