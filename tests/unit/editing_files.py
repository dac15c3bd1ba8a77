"""A preset like the paper's, tiny, with editing weights in which everything counts."""

from dataclasses import replace

import numpy as np
import torch

from inference.model.checkpoint import CheckpointInfo, save_checkpoint
from inference.model.config import (
    PRESETS,
    BackboneConfig,
    DecoderConfig,
    EncoderConfig,
    VitConfig,
)
from inference.model.editing import EditingModel, editing_config

TINY = replace(
    PRESETS["light-s"],
    name="tiny",
    encoder=EncoderConfig(
        56, BackboneConfig("dinov2-small", 64, (0, 1), depth=2), VitConfig(width=16), hidden=32
    ),
    decoder=DecoderConfig(width=64, layers=1, heads=2),
)


def write_editing(path, template, style, width):
    """Weights of TINY's editing model, seeded, for styles of this network."""
    torch.manual_seed(0)
    shape = editing_config(TINY, style, width)
    model = EditingModel(shape, torch.from_numpy(np.array(template.anchors)))
    for name, weight in model.named_parameters():
        if name.startswith("head."):
            torch.nn.init.normal_(weight, std=0.05)
    info = CheckpointInfo("tiny", {style: width}, template.template_id, "tests", "none")
    save_checkpoint(path, model, shape, info)
