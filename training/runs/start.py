"""The models that trainings start from."""

from pathlib import Path

import torch

from inference.errors import UsageError
from inference.features.dinov2 import load_dinov2
from inference.features.embedded import load_embedded_backbone
from inference.features.protocol import ImageBackbone
from inference.head.choice import load_template, template_of
from inference.head.template import SHIPPED, HeadTemplate
from inference.model.checkpoint import CheckpointInfo, load_checkpoint, read_info
from inference.model.config import (
    FOCUS_SMALL,
    DecoderConfig,
    EncoderConfig,
    GaussianHeadConfig,
    ModelConfig,
    SharpeningConfig,
    VitConfig,
    preset_config,
)
from inference.model.loading import check_template
from inference.model.reconstruction import ReconstructionModel

TRIAL = ModelConfig(
    name="trial",
    encoder=EncoderConfig(140, FOCUS_SMALL, VitConfig(32, 1, 2), hidden=64),
    decoder=DecoderConfig(width=64, layers=2, heads=2, patches=256),
    head=GaussianHeadConfig(scale_bias=-4.6, scale_max=0.02, opacity_bias=0.0),
    sharpening=SharpeningConfig(width=8, levels=2),
)
"""The paper's architecture in little: tries the scripts out in a minute on any computer."""


def model_config(preset: str) -> ModelConfig:
    """The configuration of a preset, or of the trial.

    Raises:
        UsageError: there is no preset of that name.
    """
    return TRIAL if preset == TRIAL.name else preset_config(preset)


def chosen_template(wanted: str | None, init: Path | None) -> HeadTemplate:
    """What Gaussians start from: as the checkpoint does, or on the mesh of that name.

    Args:
        wanted: of HeadTemplate; None for the checkpoint's, or else the
            shipped one.
        init: the checkpoint that training goes on from, if any.

    Raises:
        UsageError: the checkpoint starts from the other one.
        InvalidModelError: FLAME is not on this computer.
    """
    if init is None:
        return load_template(wanted or SHIPPED)
    template = template_of(read_info(init).template_id)
    if wanted not in (None, template.name):
        raise UsageError(f"{init} starts from {template.name}: leave --template out.")
    return template


def template_anchors(template: HeadTemplate, patches: int) -> torch.Tensor:
    """Anchors [patches, 16, 3] in metres: the template's, or evenly drawn ones of them."""
    every = template.patches
    return torch.from_numpy(every[:: len(every) // patches][:patches].copy())


def load_backbone(
    config: ModelConfig, source: Path | None, device: torch.device | str
) -> ImageBackbone:
    """The frozen branch of equation 1.

    Args:
        config: whose.
        source: the published network where the embedded one is not what the preset reads.
        device: where it shall run; in bfloat16 on CUDA, 2.3 instead of 4.5 GB for the giant.

    Raises:
        UsageError: the source is not given.
        InvalidModelError: there is no such network.
    """
    if config.encoder.backbone == FOCUS_SMALL:
        return load_embedded_backbone(device)
    if source is None:
        name = config.encoder.backbone.name
        raise UsageError(f"The preset {config.name!r} reads {name}: give its folder as --dinov2.")
    cuda = torch.device(device).type == "cuda"
    return load_dinov2(source, device, torch.bfloat16 if cuda else torch.float32)


def reconstruction_model(
    config: ModelConfig,
    init: Path | None,
    backbone: ImageBackbone | None,
    seed: int,
    template: HeadTemplate | None = None,
) -> ReconstructionModel:
    """A model with new weights, or with those of a checkpoint.

    Args:
        config: what to build.
        init: a checkpoint of the same configuration.
        backbone: the frozen branch; None where it is not needed.
        seed: of new weights.
        template: of chosen_template; None for the checkpoint's, or else the shipped one.

    Raises:
        UsageError: the preset cannot begin from nothing.
        InvalidModelError: the checkpoint does not fit.
    """
    template = template or chosen_template(None, init)
    torch.manual_seed(seed)
    anchors = template_anchors(template, config.decoder.patches)
    model = ReconstructionModel(config, anchors, backbone)
    if init is None:
        if config.head.per_anchor:
            raise UsageError(
                f"The preset {config.name!r} goes on from exact anchors: give the "
                f"model.safetensors of --stage anchors as --init."
            )
        return model
    check_template(init, load_checkpoint(init, model, config), template)
    return model


def checkpoint_info(
    config: ModelConfig, trained_by: str, licence: str, template: HeadTemplate
) -> CheckpointInfo:
    """What a trained model's file says about itself."""
    backbone = config.encoder.backbone
    return CheckpointInfo(
        preset=config.name,
        embedding_widths={backbone.name: backbone.width},
        template_id=template.template_id,
        trained_by=trained_by,
        licence=licence,
    )
