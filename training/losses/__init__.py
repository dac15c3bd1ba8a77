"""Perceptual losses (section 3.3 of the paper), one a file.

loss = load_loss(loss_config("dino+sam"), LossSources(dino=..., sam=...), device="cuda")
terms = loss(render, truth)
terms["total"].backward()
"""

from training.losses.perceptual import LossConfig, PerceptualLoss, WeightedTerm
from training.losses.registry import (
    VARIANTS,
    LossNetworks,
    LossSources,
    build_loss,
    load_loss,
    loss_config,
)

__all__ = [
    "VARIANTS",
    "LossConfig",
    "LossNetworks",
    "LossSources",
    "PerceptualLoss",
    "WeightedTerm",
    "build_loss",
    "load_loss",
    "loss_config",
]
