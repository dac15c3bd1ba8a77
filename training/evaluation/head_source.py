"""Where evaluated heads come from: a model, or the exact targets it is taught."""

from pathlib import Path
from typing import Protocol

import numpy as np
import torch

from inference.features.dinov2 import load_dinov2
from inference.head.gaussians import Gaussians
from inference.head.template import HeadTemplate
from inference.model.loading import load_reconstruction_model
from inference.model.predict import predict_head
from inference.model.reconstruction import ReconstructionModel
from inference.portrait.types import CropBox, PreparedPortrait
from training.data.sample import TrainingView
from training.evaluation.metric import Picture
from training.evaluation.subject import Subject
from training.preview import splats_of_targets


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
        sharpen: whether pictures go through the model's sharpening CNN, if it has one.
    """

    def __init__(self, model: ReconstructionModel, name: str, sharpen: bool = True) -> None:
        self.name = name
        self.model = model
        self._sharpening = model.sharpening if sharpen else None

    @classmethod
    def load(
        cls, preset: str, checkpoint: Path | None, backbone: Path | None, sharpen: bool = True
    ) -> "ModelHeads":
        """Read a checkpoint; None is the one that ships with the preset.

        Raises:
            PercHeadError: preset, checkpoint or backbone cannot be used.
        """
        model = load_reconstruction_model(
            preset,
            HeadTemplate.load(),
            checkpoint=checkpoint,
            backbone=load_dinov2(backbone) if backbone else None,
        )
        return cls(model, checkpoint.name if checkpoint else f"{preset} as shipped", sharpen)

    def head(self, subject: Subject, view: int) -> Gaussians:
        return predict_head(self.model, as_portrait(subject.views[view]))

    @torch.inference_mode()
    def finish(self, picture: Picture) -> Picture:
        if self._sharpening is None:
            return picture
        tensor = torch.from_numpy(picture.transpose(2, 0, 1)[None].copy())
        sharpened = self._sharpening(tensor)[0].permute(1, 2, 0).numpy()
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


def as_portrait(view: TrainingView) -> PreparedPortrait:
    """A view as the application hands portraits to the model."""
    edge = view.rgb.shape[0]
    return PreparedPortrait(view.rgb, view.alpha, None, CropBox(edge / 2, edge / 2, edge))
