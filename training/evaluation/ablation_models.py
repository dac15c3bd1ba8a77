"""The models that ablations compare: the paper's, and the same three in little.

In little, widths and depths shrink together so that all of them train on one core, and the
ratios between the three models stay those of appendix C.6: the light decoders have four tenths
of the full one's layers (2 of 5 for 4 of 10) and no sharpening CNN, and what Light-S reads of the
frozen network is a quarter as wide as what the others read (DINOv2 small to giant is 384 to 1536
channels a layer; here one layer of the shipped ViT-S/14, from half its depth, to four).
"""

from dataclasses import replace
from pathlib import Path
from typing import Literal

import torch

from inference.features.embedded import load_embedded_backbone
from inference.features.protocol import ImageBackbone
from inference.head.template import HeadTemplate
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
from training.config import (
    RECONSTRUCTION,
    SHARPENING,
    AdamWConfig,
    LoopConfig,
    ReconstructionConfig,
    RenderConfig,
    SharpeningTrainingConfig,
)
from training.runs.start import load_backbone

Scale = Literal["mini", "paper"]
Model = Literal["full", "light", "light-s"]

_MINI = ModelConfig(
    name="mini",
    encoder=EncoderConfig(140, FOCUS_SMALL, VitConfig(64, 2, 4), hidden=128),
    decoder=DecoderConfig(width=128, layers=5, heads=4, patches=512),
    # Eight times fewer Gaussians must each cover more. Opaque and grey (that is what per_anchor
    # does without a checkpoint) is nearer to a head than what the paper's model has days to leave.
    head=GaussianHeadConfig(
        s_init=0.25, scale_bias=-5.2, scale_max=0.02, opacity_bias=2.0, per_anchor=True
    ),
    sharpening=SharpeningConfig(width=8, levels=2),
)
_MINI_LIGHT = replace(
    _MINI, name="mini-light", decoder=replace(_MINI.decoder, layers=2), sharpening=None
)
_MINI_LIGHT_S = replace(
    _MINI_LIGHT,
    name="mini-light-s",
    encoder=replace(_MINI.encoder, backbone=replace(FOCUS_SMALL, layers=(5,))),
)

MODELS: dict[Scale, dict[Model, ModelConfig]] = {
    "mini": {"full": _MINI, "light": _MINI_LIGHT, "light-s": _MINI_LIGHT_S},
    "paper": {
        "full": preset_config("paper"),
        "light": preset_config("light"),
        "light-s": preset_config("light-s"),
    },
}

# One short training from nothing: a high rate, ten times as high for the last linear layers,
# whose biases must go far in few of AdamW's equal steps, and a short average.
_ADAMW = AdamWConfig(learning_rate=1e-3, warm_up=10, ema=0.95, factors=(("head.", 10.0),))
_LOOP = LoopConfig(accumulate=1, workers=0, precision="fp32", save_every=50)
_RENDER = RenderConfig(background="random")

TRAININGS: dict[Scale, tuple[ReconstructionConfig, SharpeningTrainingConfig]] = {
    "mini": (
        ReconstructionConfig(
            "mini",
            recompute_decoder=False,
            recompute_loss=False,
            adamw=_ADAMW,
            loop=_LOOP,
            render=_RENDER,
        ),
        SharpeningTrainingConfig(
            "mini",
            real_only=False,
            adamw=_ADAMW,
            loop=_LOOP,
        ),
    ),
    "paper": (RECONSTRUCTION["paper"], replace(SHARPENING["paper"], real_only=False)),
}
"""How each scale is trained; the ablation's loss, its steps and pictures are put in."""


def anchors_of(config: ModelConfig) -> torch.Tensor:
    """Anchors [patches, 16, 3] in metres: the template's, or as many of them, evenly spread.

    A smaller model's patch joins neighbouring patches of the template and keeps every k-th of
    their anchors, so that together they still cover the head.
    """
    joined = HeadTemplate.load().patches.reshape(config.decoder.patches, -1, 3)
    kept = joined[:, :: joined.shape[1] // config.head.per_patch]
    return torch.from_numpy(kept.copy())


def backbone_of(
    config: ModelConfig, giant: Path | None, small: Path | None, device: torch.device | str
) -> ImageBackbone:
    """The frozen network that a model reads.

    Args:
        config: whose.
        giant: DINOv2 giant, for the paper's models.
        small: DINOv2 small, for the paper's Light-S.
        device: where it shall run.

    Raises:
        UsageError: its place is not given.
        InvalidModelError: there is no such network.
    """
    if config.encoder.backbone.name == FOCUS_SMALL.name:
        return load_embedded_backbone(device)
    return load_backbone(config, small if config.name == "light-s" else giant, device)
