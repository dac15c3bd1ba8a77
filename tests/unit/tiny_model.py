"""A tiny configuration of the reconstruction model, with a backbone that sees patches alone."""

from dataclasses import replace

import torch
from torch import nn

from inference.model.config import (
    BackboneConfig,
    DecoderConfig,
    EncoderConfig,
    GaussianHeadConfig,
    LowRankConfig,
    ModelConfig,
    VitConfig,
)
from inference.model.reconstruction import ReconstructionModel

PATCHES, PER_PATCH, SIZE, PATCH = 24, 16, 40, 8
VIT = VitConfig(width=16, layers=2, heads=2)
CONFIG = ModelConfig(
    name="tiny",
    encoder=EncoderConfig(
        SIZE, BackboneConfig("local", 12, (0, 2), patch_size=PATCH, depth=3), VIT, hidden=24
    ),
    decoder=DecoderConfig(width=32, layers=3, heads=4, patches=PATCHES, frequencies=4),
    head=GaussianHeadConfig(),
)
LOW_RANK = replace(
    CONFIG,
    head=GaussianHeadConfig(per_anchor=True, scale_prior="spacing", scale_bias=-0.87),
    low_rank=LowRankConfig(regions=2, shape=5, cover=3, colour=4, classes=2, queries=3),
)


class LocalBackbone(nn.Module):
    """Features of a patch depend on its pixels alone, so the model's own leaks would show."""

    patch_size, embed_dim = PATCH, 12

    def __init__(self):
        super().__init__()
        self.project = nn.Conv2d(3, 12, PATCH, PATCH)

    def forward(self, images, layers):
        patches = self.project(images).flatten(2).transpose(1, 2)
        token = torch.zeros(len(images), 1, 12)
        return [torch.cat([token, torch.sin(patches * (1 + n))], 1) for n in layers]


def build(config=CONFIG, seed=0):
    """A model whose every weight matters: what starts at zero is drawn too."""
    torch.manual_seed(seed)
    anchors = torch.randn(PATCHES, 1, 3) * 0.1 + torch.randn(PATCHES, PER_PATCH, 3) * 0.002
    model = ReconstructionModel(config, anchors, LocalBackbone())
    for name, tensor in model.state_dict().items():
        if name.endswith("low_rank.region"):
            tensor.copy_(torch.randint(0, 2, tensor.shape))
        elif "head." in name or "low_rank" in name:
            noise = torch.randn(tensor.shape) * 0.1
            special = {
                "reach": 0.02 + noise.abs(),
                "start": noise / 100,
                "shape_basis": noise / 100,
                "cover_basis": noise / 100,
            }
            tensor.copy_(special.get(name.rsplit(".")[-1], tensor + noise))
    if model.low_rank:
        model.low_rank.feature_scale.abs_().add_(0.5)
    return model.eval()


def pictures(batch=2, seed=1):
    generator = torch.Generator().manual_seed(seed)
    images = torch.rand(batch, 3, SIZE, SIZE, generator=generator)
    foreground = torch.zeros(batch, SIZE, SIZE)
    foreground[0, 8:32, 8:32] = 1  # 9 patches
    for other in range(1, batch):
        foreground[other, 0:24, 16:40] = 1
        foreground[other, 32:, :8] = 1  # 10 patches
    return images, foreground


def equal(first, second):
    names = ("means", "quaternions", "scales", "opacities", "colours")
    return all(torch.equal(getattr(first, n), getattr(second, n)) for n in names)


def close(first, second, tolerance=1e-6):
    names = ("means", "quaternions", "scales", "opacities", "colours")
    return all(
        torch.allclose(getattr(first, n), getattr(second, n), atol=tolerance, rtol=1e-5)
        for n in names
    )
