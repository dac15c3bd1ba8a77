"""From a preset's name to a model that is ready to run."""

from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from inference.errors import InvalidModelError
from inference.features.protocol import ImageBackbone
from inference.model.checkpoint import load_checkpoint
from inference.model.config import preset_config
from inference.model.reconstruction import ReconstructionModel
from inference.model.shipped import checkpoint_path


class AnchorTemplate(Protocol):
    """What the model asks of a head template."""

    @property
    def topology(self) -> str:
        """Id of the point set; heads of one topology fit one checkpoint."""
        ...

    @property
    def anchors(self) -> NDArray[np.float32]:
        """[65536, 3] metres; the 16 of a patch follow each other."""
        ...


def load_reconstruction_model(
    preset: str,
    template: AnchorTemplate,
    checkpoint: Path | None = None,
    backbone: ImageBackbone | None = None,
    device: torch.device | str = "cpu",
) -> ReconstructionModel:
    """Build a model and read its weights.

    Args:
        preset: a name of inference.model.config.PRESETS.
        template: where the Gaussians start.
        checkpoint: the weights; the embedded preset brings its own.
        backbone: the frozen network; None for the one that the preset names: shipped, or of
            the catalogue.
        device: where the model runs.

    Returns:
        The model in evaluation mode; its parameters want no gradient.

    Raises:
        UsageError: there is no such preset.
        InvalidModelError: weights are missing, damaged or of another preset, or the published
            backbone is not on this computer.
    """
    config = preset_config(preset)
    checkpoint = checkpoint_path(preset, checkpoint)
    if backbone is None:
        from inference.features.published import load_backbone

        backbone = load_backbone(config.encoder.backbone.name, device)
    model = ReconstructionModel(config, torch.from_numpy(np.array(template.anchors)), backbone)
    info = load_checkpoint(checkpoint, model, config)
    if info.template_id != template.topology:
        raise InvalidModelError(
            f"{checkpoint.name} was trained on the template {info.template_id!r}, not "
            f"{template.topology!r}: choose the file that goes with your template."
        )
    return model.to(device).eval().requires_grad_(False)
