"""Which losses there are by name, and how each gets its network."""

from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import torch
from torch import nn

from inference.errors import UsageError
from inference.features.embedded import load_embedded_backbone
from training.losses.backbones import load_dino_network, load_lpips_network, load_sam2_encoder
from training.losses.class_token import ClassTokenLoss
from training.losses.dino import DinoLoss, HiddenStates
from training.losses.embedded import EmbeddedLoss
from training.losses.frozen import checkpoint_blocks
from training.losses.lpips import LpipsLoss, PictureDistance
from training.losses.perceptual import LossConfig, PerceptualLoss, TermName, WeightedTerm
from training.losses.pixels import L1Loss
from training.losses.sam import SamEncoder, SamLoss

Network = TypeVar("Network")

VARIANTS: dict[str, tuple[TermName, ...]] = {
    "dino+sam": ("dino", "sam"),
    "dino": ("dino",),
    "sam": ("sam",),
    "lpips+l1": ("lpips", "l1"),
    "embedded": ("embedded",),
    "class-token": ("class_token",),
}
"""The paper's loss, its ablations (table 2), the embedded preset's and the sharpening CNN's."""


def loss_config(variant: str) -> LossConfig:
    """The configuration of a named variant, all weights 1.0.

    Raises:
        UsageError: there is no such variant.
    """
    if variant not in VARIANTS:
        raise UsageError(f"There is no loss {variant!r}: take one of {', '.join(VARIANTS)}.")
    return LossConfig(terms=tuple(WeightedTerm(name) for name in VARIANTS[variant]))


@dataclass(frozen=True)
class LossNetworks:
    """The frozen networks that a configuration needs; others may be None.

    Attributes:
        dino: DINOv2 for "dino" and "class_token".
        sam: SAM 2.1 for "sam".
        lpips: for "lpips".
        embedded: the shipped ViT-S/14 for "embedded".
    """

    dino: HiddenStates | None = None
    sam: SamEncoder | None = None
    lpips: PictureDistance | None = None
    embedded: HiddenStates | None = None


@dataclass(frozen=True)
class LossSources:
    """Where the user keeps the published networks.

    Attributes:
        dino: folder or file of facebook/dinov2-small.
        sam: folder of facebook/sam2.1-hiera-small.
    """

    dino: Path | None = None
    sam: Path | None = None


def build_loss(config: LossConfig, networks: LossNetworks) -> PerceptualLoss:
    """Put a loss together.

    Raises:
        UsageError: a term's network is missing.
    """
    losses: dict[str, nn.Module] = {
        term.name: _build(term.name, config, networks) for term in config.terms
    }
    return PerceptualLoss(losses, {term.name: term.weight for term in config.terms})


def _build(name: TermName, config: LossConfig, networks: LossNetworks) -> nn.Module:
    if name == "dino":
        return DinoLoss(_needed(networks.dino, name, "DINOv2"), config.dino)
    if name == "class_token":
        return ClassTokenLoss(_needed(networks.dino, name, "DINOv2"), config.class_token)
    if name == "sam":
        return SamLoss(_needed(networks.sam, name, "SAM 2.1"), config.sam)
    if name == "lpips":
        return LpipsLoss(_needed(networks.lpips, name, "LPIPS"))
    if name == "embedded":
        return EmbeddedLoss(_needed(networks.embedded, name, "embedded"), config.embedded)
    return L1Loss()


def _needed(network: Network | None, loss: str, what: str) -> Network:
    if network is None:
        raise UsageError(f"The loss {loss!r} needs the {what} network: say where it is.")
    return network


def load_loss(
    config: LossConfig,
    sources: LossSources | None = None,
    device: torch.device | str = "cpu",
    checkpointing: bool = False,
) -> PerceptualLoss:
    """Load the networks that a configuration needs and put the loss together.

    Args:
        config: which terms.
        sources: where the published networks are; the embedded one ships.
        device: where the networks shall run.
        checkpointing: spare memory by computing activations twice.

    Raises:
        UsageError: a network's place is not given, or a package is missing.
        InvalidModelError: a network is damaged.
    """
    sources = sources or LossSources()
    names = {term.name for term in config.terms}
    dino = sam = lpips = embedded = None
    if names & {"dino", "class_token"} and sources.dino is not None:
        dino = load_dino_network(sources.dino, device, checkpointing=checkpointing)
    if "sam" in names and sources.sam is not None:
        sam = load_sam2_encoder(sources.sam, device, checkpointing=checkpointing)
    if "lpips" in names:
        lpips = load_lpips_network(device)
    if "embedded" in names:
        embedded = load_embedded_backbone(device)
        if checkpointing:
            checkpoint_blocks(embedded.blocks)
    return build_loss(config, LossNetworks(dino, sam, lpips, embedded))
