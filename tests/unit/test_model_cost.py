"""The cost table agrees with what torch counts, for every preset at its full size."""

import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from inference.head.template import HeadTemplate
from inference.model.config import PRESETS
from inference.model.cost import model_cost
from inference.model.picture_maps import PictureMaps
from inference.model.pooling import pooled_width
from inference.model.tensors import ImageTokens
from inference.model.untrained import untrained_backbone, untrained_model


def counted(work):
    """Operations as torch counts them, and what the work gives."""
    # torch does not count its fused attention on the CPU, only the plain one.
    with (
        FlopCounterMode(display=False) as counter,
        torch.no_grad(),
        sdpa_kernel(SDPBackend.MATH),
    ):
        result = work()
    return counter.get_total_flops(), result


@pytest.mark.parametrize("name", list(PRESETS))
def test_estimated_operations_are_those_that_torch_counts(name):
    # On the meta device shapes flow, and no number is computed.
    config = PRESETS[name]
    encoder = config.encoder
    estimate = {part.name: part.flop for part in model_cost(config)}
    backbone = untrained_backbone(encoder.backbone, "meta")
    model = untrained_model(config, torch.zeros(65_536, 3), backbone, "meta")
    size = encoder.image_size
    images = torch.zeros(1, 3, size, size, device="meta")
    total, features = counted(lambda: model.encoder.backbone_features(images))
    assert estimate.pop(f"image features ({encoder.backbone.name})") == pytest.approx(
        total, rel=0.02
    )
    every_patch = torch.arange(encoder.grid**2, device="meta")[None]

    def encode():
        local = model.encoder.vit(images, every_patch, None)
        return model.encoder.norm(model.encoder.fuse(torch.cat([local, features], -1)))

    total, tokens = counted(encode)
    assert estimate.pop("2D encoder") == pytest.approx(total, rel=0.02)
    if model.sharpening is not None:
        picture = torch.zeros(1, 3, 512, 512, device="meta")
        total, _ = counted(lambda: model.sharpening(picture))
        assert estimate.pop("sharpening CNN") == pytest.approx(total, rel=0.02)
    pooled, maps = None, None
    if config.low_rank is not None:
        pooled = torch.zeros(1, pooled_width(encoder, config.low_rank), device="meta")
    if config.pixel_aligned is not None:
        shares = torch.zeros(1, config.low_rank.classes, 20, 20, device="meta")
        reduced = torch.zeros(1, config.pixel_aligned.reduced, 20, 20, device="meta")
        outline = torch.zeros(1, len(config.pixel_aligned.blurs), 140, 140, device="meta")
        picture = torch.zeros(1, 4, size, size, device="meta")
        maps = PictureMaps(outline, shares, reduced, picture)
    total, _ = counted(lambda: model.decode(ImageTokens(tokens, None, pooled, maps)))
    assert sum(estimate.values()) == pytest.approx(total, rel=0.02)  # what is left of the table


def test_a_whole_portrait_costs_what_the_table_says():
    # The same without the meta device and through the model's own call.
    config = PRESETS["embedded"]
    anchors = torch.from_numpy(HeadTemplate.load().anchors.copy())
    model = untrained_model(config, anchors, untrained_backbone(config.encoder.backbone))
    size = config.image_size
    foreground = torch.ones(1, size, size)
    foreground[:, : size // 2] = 0
    total, _ = counted(lambda: model(torch.rand(1, 3, size, size), foreground))
    table = [part for part in model_cost(config, foreground=0.5) if "sharpening" not in part.name]
    assert sum(part.flop for part in table) == pytest.approx(total, rel=0.02)


@pytest.mark.parametrize("name", list(PRESETS))
def test_estimated_parameters_are_those_of_the_networks(name):
    config = PRESETS[name]
    backbone = untrained_backbone(config.encoder.backbone, "meta")
    ours = sum(parameter.numel() for parameter in backbone.parameters())
    # The published networks hold a mask token too.
    assert model_cost(config)[0].parameters - ours == config.encoder.backbone.width
