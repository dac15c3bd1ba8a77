"""From a preset's name to a model that is ready to run."""

from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from inference.device import CPU, Device
from inference.errors import InvalidModelError
from inference.features.published import load_backbone
from inference.model.checkpoint import CheckpointInfo, load_checkpoint
from inference.model.config import preset_config
from inference.model.reconstruction import ReconstructionModel
from inference.model.shipped import checkpoint_path


class AnchorTemplate(Protocol):
    """What the model asks of a head template."""

    @property
    def template_id(self) -> str:
        """Which points on which mesh; a checkpoint's own must be the same."""
        ...

    @property
    def anchors(self) -> NDArray[np.float32]:
        """[65536, 3] metres; the 16 of a patch follow each other."""
        ...


def check_template(checkpoint: Path, info: CheckpointInfo, template: AnchorTemplate) -> None:
    """Refuse weights whose Gaussians start elsewhere.

    Raises:
        InvalidModelError: they do.
    """
    if info.template_id != template.template_id:
        raise InvalidModelError(
            f"{checkpoint.name} was trained on the template {info.template_id!r}, not "
            f"{template.template_id!r}: choose the file that goes with your template."
        )


def load_reconstruction_model(
    preset: str,
    template: AnchorTemplate,
    checkpoint: Path | None = None,
    backbone: Path | None = None,
    device: Device = CPU,
) -> ReconstructionModel:
    """Build a model and read its weights.

    Args:
        preset: a name of inference.model.config.PRESETS.
        template: where the Gaussians start.
        checkpoint: the weights; the embedded preset brings its own.
        backbone: folder or file of the published network that the preset names; None for the
            shipped one, or that of the catalogue.
        device: where and in which precision the model runs.

    Returns:
        The model in evaluation mode; its parameters want no gradient.

    Raises:
        UsageError: there is no such preset, or too little memory for it.
        InvalidModelError: weights are missing, damaged or of another preset, or the published
            backbone is not on this computer.
    """
    config = preset_config(preset)
    checkpoint = checkpoint_path(preset, checkpoint)
    if device.name == "cpu" and preset != "embedded":
        from inference.model.measuring import check_memory

        check_memory(config)  # or the system would end the program when it runs out
    network = load_backbone(config.encoder.backbone.name, device, source=backbone)
    described = config.encoder.backbone
    found = (network.embed_dim, network.patch_size, network.config.depth)
    if found != (described.width, described.patch_size, described.depth):
        raise InvalidModelError(
            f"{backbone} is not the network {described.name} that the preset {preset!r} reads: "
            "choose that one."
        )
    model = ReconstructionModel(config, torch.from_numpy(np.array(template.anchors)), network)
    info = load_checkpoint(checkpoint, model, config)
    check_template(checkpoint, info, template)
    model.precision = getattr(torch, device.precision)
    model.skip_silent_decoder()
    return model.to(device.name).eval().requires_grad_(False)
