"""From a loss's name in a configuration to the loss."""

import argparse
from dataclasses import replace

import torch
from torch import nn

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
from training.losses.dino import DinoLoss, DinoLossConfig, HiddenStates
from training.losses.frozen import checkpoint_blocks
from training.losses.pixels import L1Loss

EMBEDDED_CLASS_TOKEN = "embedded-class-token"
STAND_INS = ("stand-in-lpips+l1", "stand-in-dino", "stand-in-sam", "stand-in-dino+sam")
"""What stands in for the losses of the paper's table 2 where their networks are not at hand:

"stand-in-lpips+l1" is L1 over a pyramid of four sizes, without a network. "stand-in-dino" is
equation 5 over the shipped ViT-S/14, class and patch tokens of its layers 9 and 11: as in the
paper a late pair that ends at the last layer but one, and begins at the one that
training.losses.embedded found best. "stand-in-sam" is no segmentation network at all but the same
ViT's layer 4, patch tokens only: a dense encoding of the picture's middle level, local and sharp
where the late layers are not. Their sum, both weights 1.0, stands in for equation 7.
"""
LOSSES = (*VARIANTS, "l1", EMBEDDED_CLASS_TOKEN, *STAND_INS)
"""What --loss may say: the variants, and those that need no published network."""

STAND_IN_DINO_LAYERS = (9, 11)
STAND_IN_SAM_LAYERS = (4,)
STAND_IN_PYRAMID = 4
LARGEST_EDGE = 252
"""Pixels at which the shipped ViT compares; its 518 of training would take four times as long."""


def named_loss(
    name: str, options: argparse.Namespace, device: torch.device, recompute: bool
) -> PerceptualLoss:
    """Load a loss.

    Args:
        name: one of LOSSES; "embedded-class-token" is "class-token" over the shipped ViT-S/14.
        options: where the published networks are (--loss-dino, --loss-sam), and the edge of the
            compared pictures where it was given (--size).
        device: where it shall run.
        recompute: gradient checkpointing of its networks.

    Raises:
        UsageError: a network's place is not given.
        InvalidModelError: a network is damaged.
    """
    if name in STAND_INS or name == EMBEDDED_CLASS_TOKEN:
        network = load_embedded_backbone(device)
        if recompute:
            checkpoint_blocks(network.blocks)
        edge = compared_edge(getattr(options, "size", None), network.patch_size)
        if name in STAND_INS:
            return stand_in_loss(name, network, edge)
        config = loss_config("class-token")
        token = replace(config.class_token, image_size=edge)
        return build_loss(replace(config, class_token=token), LossNetworks(dino=network))
    config = LossConfig(terms=(WeightedTerm("l1"),)) if name == "l1" else loss_config(name)
    sources = LossSources(dino=options.loss_dino, sam=options.loss_sam)
    return load_loss(config, sources, device, recompute)


def compared_edge(pictures: int | None, patch: int) -> int:
    """Edge in pixels at which the shipped ViT compares pictures: theirs, in whole patches.

    Args:
        pictures: their edge, None where the preset says it.
        patch: edge of a patch.
    """
    wanted = LARGEST_EDGE if pictures is None else min(pictures, LARGEST_EDGE)
    return max(1, wanted // patch) * patch


def stand_in_loss(name: str, network: HiddenStates, edge: int) -> PerceptualLoss:
    """One of STAND_INS.

    Args:
        name: which.
        network: the shipped ViT-S/14; not used by "stand-in-lpips+l1".
        edge: of the compared pictures in pixels, whole patches.
    """
    dino = DinoLossConfig(layers=STAND_IN_DINO_LAYERS, image_size=edge)
    sam = DinoLossConfig(layers=STAND_IN_SAM_LAYERS, tokens="patch", image_size=edge)
    terms: dict[str, nn.Module] = {}
    if name == "stand-in-lpips+l1":
        terms["pyramid_l1"] = L1Loss(STAND_IN_PYRAMID)
    if name in ("stand-in-dino", "stand-in-dino+sam"):
        terms["stand_in_dino"] = DinoLoss(network, dino)
    if name in ("stand-in-sam", "stand-in-dino+sam"):
        terms["stand_in_sam"] = DinoLoss(network, sam)
    return PerceptualLoss(terms, dict.fromkeys(terms, 1.0))
