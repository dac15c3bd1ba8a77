"""The low-rank branch's linear map has weights of its own for each range of yaw."""

from dataclasses import replace

import torch

from inference.model.config import PRESETS, LowRankConfig
from inference.model.low_rank import BIAS_FEATURE, LowRankBranch
from inference.model.pooling import yaw_gates

CONFIG = LowRankConfig(regions=2, shape=5, cover=3, colour=4, classes=2, queries=3)


@torch.no_grad()
def test_the_gated_map_depends_on_the_yaw_that_it_reads_off_the_features():
    torch.manual_seed(0)
    embedded = PRESETS["embedded"]
    encoder = replace(embedded.encoder, image_size=56)
    decoder = replace(embedded.decoder, width=32, patches=24)
    branch = LowRankBranch(CONFIG, encoder, decoder, per_patch=16)
    branch.feature_mean.normal_()
    branch.feature_scale.uniform_(0.5, 1.5)
    branch.linear.weight.normal_(std=0.1)
    pooled = torch.randn(1, len(branch.feature_mean))
    front = branch.linear_coefficients(pooled)
    branch.yaw[-1] = 60 / BIAS_FEATURE  # the constant feature says: turned by 60 degrees
    turned = branch.linear_coefficients(pooled)
    gates = yaw_gates(torch.tensor([60.0]), CONFIG)
    features = (gates[:, :, None] * branch.scaled(pooled)[:, None]).flatten(1)
    assert not torch.allclose(front, turned)
    torch.testing.assert_close(turned, branch.linear(features))
