"""Where evaluated heads come from: a model, or the exact targets it is taught."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from safetensors import SafetensorError, safe_open

from inference.errors import InvalidModelError
from inference.files import resource_path
from inference.head.gaussians import Gaussians
from inference.model.checkpoint import load_checkpoint
from inference.model.config import ModelConfig, SharpeningConfig
from inference.model.loading import EMBEDDED_CHECKPOINT
from inference.model.predict import network_input
from inference.model.reconstruction import ReconstructionModel
from inference.model.sharpening import Sharpening
from inference.portrait.types import CropBox, PreparedPortrait
from training.data.sample import TrainingView
from training.evaluation.metric import Picture
from training.evaluation.subject import Subject
from training.start import load_backbone, model_config, reconstruction_model
from training.target_splats import splats_of_targets


class HeadSource(Protocol):
    """Gives a head for each input view, and the last touch to its pictures."""

    @property
    def name(self) -> str:
        """What is evaluated."""
        ...

    def head(self, subject: Subject, view: int) -> Gaussians:
        """The head made from one view of a subject."""
        ...

    def finish(self, picture: Picture) -> Picture:
        """A drawn picture [S, S, 3] over white as users see it (sharpened, or as it is)."""
        ...


class ModelHeads:
    """Heads that a reconstruction model predicts; no fitting.

    Args:
        model: in evaluation mode.
        name: what it is.
        sharpening: the CNN that its pictures go through, or None.
    """

    def __init__(
        self, model: ReconstructionModel, name: str, sharpening: Sharpening | None = None
    ) -> None:
        self.name = name
        self.model = model
        self._sharpening = sharpening
        self._device = next(model.parameters()).device

    def head(self, subject: Subject, view: int) -> Gaussians:
        portrait = as_portrait(subject.views[view])
        images, foreground = network_input(portrait, self.model.config.image_size)
        with torch.inference_mode():
            heads = self.model(images.to(self._device), foreground.to(self._device))
        gaussians: Gaussians = heads.to_gaussians(0)
        return gaussians

    @torch.inference_mode()
    def finish(self, picture: Picture) -> Picture:
        if self._sharpening is None:
            return picture
        tensor = torch.from_numpy(picture.transpose(2, 0, 1)[None].copy()).to(self._device)
        sharpened: Picture = self._sharpening(tensor)[0].permute(1, 2, 0).cpu().numpy()
        return np.clip(sharpened, 0, 1)


class ExactHeads:
    """The exact anchors drawn as splats: the ceiling of what training on them can reach."""

    name = "exact targets"

    def head(self, subject: Subject, view: int) -> Gaussians:
        """The subject's anchors.

        Raises:
            ValueError: only synthetic heads have exact anchors.
        """
        if subject.targets is None:
            raise ValueError(f"{subject.identity} has no exact anchors")
        return splats_of_targets(subject.targets)

    def finish(self, picture: Picture) -> Picture:
        return picture


def load_model_heads(
    preset: str,
    checkpoint: Path | None = None,
    dinov2: Path | None = None,
    sharpening: Path | None = None,
    sharpen: bool = True,
    device: torch.device | str = "cpu",
) -> ModelHeads:
    """Read what is to be evaluated.

    Args:
        preset: the model's configuration.
        checkpoint: its weights; None takes those that ship (embedded only).
        dinov2: the frozen branch of presets other than embedded.
        sharpening: a CNN of its own that train_sharpening.py wrote.
        sharpen: whether the model's own CNN is used, if it has one.
        device: where it runs.

    Raises:
        PercHeadError: preset, checkpoint or backbone cannot be used.
    """
    config = model_config(preset)
    name = f"{preset}, {checkpoint}" if checkpoint else f"{preset} as shipped"
    if checkpoint is None:
        if preset != "embedded":
            raise InvalidModelError(f"The preset {preset!r} ships no weights: give --checkpoint.")
        checkpoint = resource_path(EMBEDDED_CHECKPOINT)
    model = reconstruction_model(config, checkpoint, load_backbone(config, dinov2, device), 0)
    model.to(device).eval().requires_grad_(False)
    cnn = model.sharpening if sharpen else None
    if sharpening is not None:
        cnn = _load_sharpening(sharpening, config).to(device).eval().requires_grad_(False)
    return ModelHeads(model, name, cnn)


def _load_sharpening(path: Path, config: ModelConfig) -> Sharpening:
    """The CNN of a file; its shape is in the file's own metadata.

    Raises:
        InvalidModelError: the file is missing, damaged or something else.
    """
    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            shape = SharpeningConfig(**json.loads(file.metadata()["config"])["sharpening"])
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise InvalidModelError(
            f"{path} is no sharpening.safetensors of train_sharpening: choose another file."
        ) from error
    cnn = Sharpening(shape)
    load_checkpoint(path, cnn, replace(config, sharpening=shape))
    return cnn


def as_portrait(view: TrainingView) -> PreparedPortrait:
    """A view as the application hands portraits to the model."""
    edge = view.rgb.shape[0]
    return PreparedPortrait(view.rgb, view.alpha, None, CropBox(edge / 2, edge / 2, edge))
