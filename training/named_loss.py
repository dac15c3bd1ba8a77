"""From a loss's name in a configuration to the loss."""

import argparse
from dataclasses import replace

import torch

from inference.features.embedded import load_embedded_backbone
from training.losses import (
    VARIANTS,
    LossConfig,
    LossNetworks,
    LossSources,
    PerceptualLoss,
    WeightedTerm,
    build_loss,
    load_loss,
    loss_config,
)
from training.losses.frozen import checkpoint_blocks

EMBEDDED_CLASS_TOKEN = "embedded-class-token"
LOSSES = (*VARIANTS, "l1", EMBEDDED_CLASS_TOKEN)
"""What --loss may say: the variants, and two that need no published network."""


def named_loss(
    name: str, options: argparse.Namespace, device: torch.device, recompute: bool
) -> PerceptualLoss:
    """Load a loss.

    Args:
        name: one of LOSSES; "embedded-class-token" is "class-token" over the shipped ViT-S/14.
        options: where the published networks are (--loss-dino, --loss-sam).
        device: where it shall run.
        recompute: gradient checkpointing of its networks.

    Raises:
        UsageError: a network's place is not given.
        InvalidModelError: a network is damaged.
    """
    if name == EMBEDDED_CLASS_TOKEN:
        network = load_embedded_backbone(device)
        if recompute:
            checkpoint_blocks(network.blocks)
        config = loss_config("class-token")
        # Larger pictures than its 518 px of training would tell it nothing.
        token = replace(config.class_token, image_size=252)
        return build_loss(replace(config, class_token=token), LossNetworks(dino=network))
    config = LossConfig(terms=(WeightedTerm("l1"),)) if name == "l1" else loss_config(name)
    sources = LossSources(dino=options.loss_dino, sam=options.loss_sam)
    return load_loss(config, sources, device, recompute)
