"""Tiny sharpening networks in files, exactly as train_sharpening writes them."""

from dataclasses import replace
from pathlib import Path

import torch

from inference.model.checkpoint import CheckpointInfo, save_checkpoint
from inference.model.config import SharpeningConfig, preset_config
from inference.model.sharpening import Sharpening

TINY = SharpeningConfig(width=4, levels=2, fold=2)


def seeded_sharpening(config: SharpeningConfig = TINY, seed: int | None = None) -> Sharpening:
    """The identity, as training begins; with a seed, one that changes pictures."""
    torch.manual_seed(seed or 0)
    cnn = Sharpening(config).eval()
    if seed is not None:
        torch.nn.init.normal_(cnn.out.weight, std=0.3)
    return cnn


def write_sharpening(
    path: Path, preset: str, config: SharpeningConfig = TINY, seed: int | None = None
) -> Sharpening:
    """Write a network beside a model of a preset."""
    cnn = seeded_sharpening(config, seed)
    shape = replace(preset_config(preset), sharpening=config)
    info = CheckpointInfo(preset, {}, "none", "a test", "CC0-1.0")
    save_checkpoint(path, cnn, shape, info)
    return cnn
