"""Where evaluated heads come from: a model, or the exact targets it is taught."""

from pathlib import Path
from typing import Protocol

import torch

from inference.errors import InvalidModelError
from inference.head.gaussians import Gaussians
from inference.model.picture_sharpener import CnnSharpener
from inference.model.predict import network_input
from inference.model.reconstruction import ReconstructionModel
from inference.model.sharpening import Sharpening
from inference.model.sharpening_file import load_sharpening, sharpening_beside
from inference.model.shipped import checkpoint_path
from inference.portrait.types import CropBox, PreparedPortrait
from inference.rendering.protocol import Frame
from inference.rendering.sharpened import sharpen_frame
from training.anchors.target_splats import splats_of_targets
from training.data.sample import TrainingView
from training.evaluation.metric import Picture
from training.evaluation.subject import Subject
from training.runs.start import load_backbone, model_config, reconstruction_model


class HeadSource(Protocol):
    """Gives a head for each input view, and the last touch to its pictures."""

    @property
    def name(self) -> str:
        """What is evaluated."""
        ...

    def head(self, subject: Subject, view: int) -> Gaussians:
        """The head made from one view of a subject."""
        ...

    def finish(self, frame: Frame) -> Picture:
        """A drawn frame as users see it over white, [S, S, 3] (sharpened, or as it is)."""
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
        self._sharpener = CnnSharpener(sharpening) if sharpening is not None else None
        self._device = next(model.parameters()).device

    def head(self, subject: Subject, view: int) -> Gaussians:
        portrait = as_portrait(subject.views[view])
        images, foreground = network_input(portrait, self.model.config.image_size)
        with torch.inference_mode():
            heads = self.model(images.to(self._device), foreground.to(self._device))
        gaussians: Gaussians = heads.to_gaussians(0)
        return gaussians

    def finish(self, frame: Frame) -> Picture:
        if self._sharpener is not None:
            frame = sharpen_frame(frame, self._sharpener)
        return frame.over()


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

    def finish(self, frame: Frame) -> Picture:
        return frame.over()


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
        sharpen: whether the model's own CNN is used, if it or its folder has one.
        device: where it runs.

    Raises:
        PercHeadError: preset, checkpoint or backbone cannot be used.
    """
    config = model_config(preset)
    name = f"{preset}, {checkpoint}" if checkpoint else f"{preset} as shipped"
    if checkpoint is None and preset != "embedded":
        raise InvalidModelError(f"The preset {preset!r} ships no weights: give --checkpoint.")
    checkpoint = checkpoint_path(preset, checkpoint)
    model = reconstruction_model(config, checkpoint, load_backbone(config, dinov2, device), 0)
    model.to(device).eval().requires_grad_(False)
    cnn = None
    if sharpening is not None:
        cnn = load_sharpening(sharpening, preset)
    elif sharpen:
        cnn = model.sharpening or sharpening_beside(checkpoint, preset)
    if cnn is not None:
        cnn.to(device)
    return ModelHeads(model, name, cnn)


def as_portrait(view: TrainingView) -> PreparedPortrait:
    """A view as the application hands portraits to the model."""
    edge = view.rgb.shape[0]
    return PreparedPortrait(view.rgb, view.alpha, None, CropBox(edge / 2, edge / 2, edge))
