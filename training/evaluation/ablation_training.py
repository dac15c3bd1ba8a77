"""One row of the ablations trained and measured, in this process and on one device.

The same steps as train_reconstruction.py and train_sharpening.py take (sections 3.3 and 4.1),
for models that are no presets.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from inference.features.protocol import ImageBackbone
from inference.head.choice import load_template
from inference.model.checkpoint import load_checkpoint, save_checkpoint
from inference.model.config import ModelConfig
from inference.model.reconstruction import ReconstructionModel
from inference.model.sharpening import Sharpening
from training.config import ReconstructionConfig, SharpeningTrainingConfig
from training.data.batch import PictureSizes
from training.data.mixture import Mixture
from training.data.shards import ShardDataset
from training.evaluation.ablation_models import anchors_of
from training.losses import PerceptualLoss
from training.pictures.drawing import Pictures, draw_targets
from training.runs.loop import TrainingLoop
from training.runs.processes import Processes
from training.runs.start import checkpoint_info
from training.runs.state import STATE

LICENCE = "that of the training data"


@dataclass(frozen=True)
class TrainingData:
    """What a row learns from.

    Attributes:
        folders: of shards, and the share of each in every epoch.
    """

    folders: Mapping[Path, float]

    def mixture(self) -> Mixture:
        """All of them as one stream."""
        return Mixture([ShardDataset(path) for path in self.folders], list(self.folders.values()))


def load_row(
    shape: ModelConfig, checkpoint: Path | None, backbone: ImageBackbone, seed: int
) -> ReconstructionModel:
    """A row's model, new or as it was trained.

    Raises:
        InvalidModelError: the checkpoint does not fit.
    """
    torch.manual_seed(seed)
    model = ReconstructionModel(shape, anchors_of(shape), backbone)
    if checkpoint is not None:
        load_checkpoint(checkpoint, model, shape)
    return model


def train_row(
    shape: ModelConfig,
    config: ReconstructionConfig,
    data: TrainingData,
    loss: PerceptualLoss,
    backbone: ImageBackbone,
    out: Path,
    stop_after: int | None = None,
) -> Path:
    """Train a reconstruction model, or go on where a killed run was.

    Args:
        shape: the model.
        config: how long and on what pictures.
        data: what it learns from.
        loss: what judges it.
        backbone: its frozen network.
        out: the run's folder.
        stop_after: end early at this step.

    Returns:
        The checkpoint.
    """
    processes = Processes(config.loop.precision)
    model = load_row(shape, None, backbone, config.loop.seed)
    model.decoder.recompute = config.recompute_decoder
    if model.sharpening is not None:
        model.sharpening.requires_grad_(False)

    def export(averaged: nn.Module, step: int) -> None:
        info = checkpoint_info(shape, f"training.ablations, {step} steps", LICENCE, load_template())
        save_checkpoint(out / "model.safetensors", averaged, shape, info)

    sizes = PictureSizes(shape.image_size, config.render.size)
    loop = TrainingLoop(model, config.adamw, config.loop, out, processes, data.mixture(), sizes)
    loop.start(config, _settings(data), (out / STATE).exists(), export)
    for batch in loop.batches(stop_after):
        heads = loop.model(batch.images, batch.foreground)
        pictures = draw_targets(heads, batch, config.render.background)
        with processes.autocast():
            terms = loss(pictures.predicted, pictures.truth)
        loop.update(terms, batch)
    loop.close()
    return out / "model.safetensors"


def train_row_sharpening(
    shape: ModelConfig,
    config: SharpeningTrainingConfig,
    data: TrainingData,
    loss: PerceptualLoss,
    backbone: ImageBackbone,
    checkpoint: Path,
    out: Path,
) -> Path:
    """Train a row's own sharpening CNN with the rest frozen; arguments as in train_row.

    Raises:
        InvalidModelError: the checkpoint does not fit.
    """
    processes = Processes(config.loop.precision)
    model = load_row(shape, checkpoint, backbone, config.loop.seed)
    model.to(processes.device).eval().requires_grad_(False)
    if shape.sharpening is None:
        raise ValueError(f"{shape.name} has no sharpening CNN")
    torch.manual_seed(config.loop.seed)
    cnn = Sharpening(shape.sharpening)

    def export(averaged: nn.Module, step: int) -> None:
        info = checkpoint_info(shape, f"training.ablations, {step} steps", LICENCE, load_template())
        save_checkpoint(out / "sharpening.safetensors", averaged, shape, info)

    sizes = PictureSizes(shape.image_size, config.render.size)
    loop = TrainingLoop(cnn, config.adamw, config.loop, out, processes, data.mixture(), sizes)
    loop.start(config, _settings(data), (out / STATE).exists(), export)
    for batch in loop.batches():
        with torch.no_grad(), processes.autocast():
            heads = model(batch.images, batch.foreground)
            rendered = draw_targets(heads, batch, config.render.background)
        sharpened = Pictures(loop.model(rendered.predicted), rendered.truth)
        with processes.autocast():
            terms = loss(sharpened.predicted, sharpened.truth)
        loop.update(terms, batch)
    loop.close()
    return out / "sharpening.safetensors"


def load_row_sharpening(shape: ModelConfig, path: Path) -> Sharpening:
    """What train_row_sharpening wrote.

    Raises:
        InvalidModelError: it does not fit.
    """
    if shape.sharpening is None:
        raise ValueError(f"{shape.name} has no sharpening CNN")
    cnn = Sharpening(shape.sharpening)
    load_checkpoint(path, cnn, shape)
    return cnn


def with_length(config: Any, steps: int, size: int, batch: int, seed: int) -> Any:
    """A training's configuration with the ablations' own length and pictures.

    Args:
        config: ReconstructionConfig or SharpeningTrainingConfig.
        steps: optimiser steps.
        size: edge of the compared pictures in pixels.
        batch: heads per step.
        seed: of every random choice.
    """
    loop = replace(config.loop, steps=steps, batch=batch, seed=seed)
    return replace(config, loop=loop, render=replace(config.render, size=size))


def _settings(data: TrainingData) -> dict[str, Any]:
    return {"data": {str(path): share for path, share in data.folders.items()}}
