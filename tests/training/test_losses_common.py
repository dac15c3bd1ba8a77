"""What every loss promises: zero for equals, the true gradient, a network that stays frozen."""

import itertools

import pytest
import torch
from torch import nn

from inference.errors import UsageError
from inference.features.embedded import load_embedded_backbone
from inference.features.vit import VisionTransformer, VitConfig
from tests.training.loss_networks import pictures, randomise, tiny_sam2
from training.losses import (
    VARIANTS,
    LossNetworks,
    LossSources,
    build_loss,
    load_loss,
    loss_config,
)
from training.losses.backbones import Sam2ImageEncoder, load_lpips_network
from training.losses.class_token import ClassTokenLoss, ClassTokenLossConfig
from training.losses.dino import DinoLoss, DinoLossConfig
from training.losses.embedded import EmbeddedLoss, EmbeddedLossConfig
from training.losses.frozen import CheckpointedBlock, checkpoint_blocks
from training.losses.lpips import LpipsLoss
from training.losses.perceptual import LossConfig, WeightedTerm
from training.losses.pixels import L1Loss
from training.losses.sam import SamLoss, SamLossConfig


class FeatureDifference(nn.Module):
    """Stands where LPIPS' network would: squared difference of one layer's features."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Conv2d(3, 8, 5, stride=2)

    def forward(self, first, second):
        difference = torch.tanh(self.layer(first)) - torch.tanh(self.layer(second))
        return (difference**2).mean((1, 2, 3), keepdim=True)


def vit():
    config = VitConfig(embed_dim=32, depth=9, heads=2, mlp_ratio=2.0, grid=4)
    return randomise(VisionTransformer(config), seed=6)


def sam(dtype=torch.float32):
    return Sam2ImageEncoder(tiny_sam2()).to(dtype)


BUILDERS = {
    "dino": lambda d=torch.float32: DinoLoss(vit().to(d), DinoLossConfig((5, 8), image_size=60)),
    "dino l1": lambda d=torch.float32: DinoLoss(
        vit().to(d), DinoLossConfig((5, 8), distance="l1", image_size=60)
    ),
    "class token": lambda d=torch.float32: ClassTokenLoss(vit().to(d), ClassTokenLossConfig(8, 60)),
    "sam": lambda d=torch.float32: SamLoss(sam(d), SamLossConfig(image_size=128)),
    "lpips": lambda d=torch.float32: LpipsLoss(randomise(FeatureDifference(), 4)),
    "l1": lambda d=torch.float32: L1Loss(),
    "pyramid": lambda d=torch.float32: L1Loss(levels=3),
    "embedded": lambda d=torch.float32: EmbeddedLoss(
        vit().to(d), EmbeddedLossConfig((5, 8), image_size=60)
    ),
}


@pytest.fixture(params=BUILDERS)
def kind(request):
    return request.param


def render_and_truth():
    render, truth = pictures(4, (64, 64)).split(2)
    return (0.7 * truth + 0.3 * render).clone(), truth


def test_equal_pictures_cost_nothing_and_others_something(kind):
    loss = BUILDERS[kind]()
    render, truth = render_and_truth()
    assert loss(truth, truth).item() == pytest.approx(0, abs=1e-6)
    value = loss(render, truth)
    assert value.shape == ()
    assert value.dtype == torch.float32
    assert value.item() > 1e-3


def test_the_gradient_is_the_slope(kind):
    loss = BUILDERS[kind]()
    render, truth = render_and_truth()
    render.requires_grad_()
    gradient = torch.autograd.grad(loss(render, truth), render)[0]
    assert (gradient.abs().amax((1, 2, 3)) > 0).all()
    generator = torch.Generator().manual_seed(8)
    for direction in (
        gradient,
        gradient + gradient.std() * torch.randn(2, 3, 64, 64, generator=generator),
    ):
        step = 0.02 * direction / direction.norm()
        with torch.no_grad():
            rise = loss(render + step, truth) - loss(render - step, truth)
        assert rise.item() == pytest.approx(2 * (gradient * step).sum().item(), rel=0.02)


def test_the_network_stays_frozen_and_the_truth_gets_no_gradient(kind):
    loss = BUILDERS[kind]().train()
    render, truth = (x.requires_grad_() for x in render_and_truth())
    loss(render, truth).backward()
    assert truth.grad is None
    assert render.grad is not None
    for parameter in loss.parameters():
        assert not parameter.requires_grad
        assert parameter.grad is None
    for module in loss.modules():
        if isinstance(module, VisionTransformer | Sam2ImageEncoder | FeatureDifference):
            assert not any(part.training for part in module.modules())


@pytest.mark.parametrize("how", ["autocast", "weights"])
def test_half_precision_gives_nearly_the_same(kind, how):
    render, truth = render_and_truth()
    exact = BUILDERS[kind]()(render, truth)
    if how == "autocast":
        loss, inside = BUILDERS[kind](), render.requires_grad_()
        with torch.autocast("cpu", torch.bfloat16):
            value = loss(inside, truth)
    else:
        inside = render.bfloat16().requires_grad_()
        value = BUILDERS[kind](torch.bfloat16)(inside, truth.bfloat16())
    value.backward()
    assert value.dtype == torch.float32
    assert inside.grad.dtype == inside.dtype
    assert inside.grad.isfinite().all()
    assert value.item() == pytest.approx(exact.item(), rel=0.06, abs=2e-3)


def saved_bytes(run):
    """Bytes that autograd keeps for the backward pass."""
    total = 0

    def pack(tensor):
        nonlocal total
        total += tensor.nelement() * tensor.element_size()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        result = run()
    return total, result


@pytest.mark.parametrize("kind", ["dino", "sam"])
def test_checkpointing_spares_memory_and_changes_nothing(kind):
    render, truth = render_and_truth()
    render.requires_grad_()
    loss = BUILDERS[kind]()
    plain_bytes, plain = saved_bytes(lambda: loss(render, truth))
    expected = torch.autograd.grad(plain, render)[0]
    network = loss.network
    blocks = network.blocks if kind == "dino" else network.vision_encoder.backbone.blocks
    for _ in range(2):
        checkpoint_blocks(blocks)
    assert not any(isinstance(block.block, CheckpointedBlock) for block in blocks)
    spared_bytes, spared = saved_bytes(lambda: loss(render, truth))
    assert spared_bytes < plain_bytes / 2
    assert torch.equal(spared, plain)
    torch.testing.assert_close(torch.autograd.grad(spared, render)[0], expected)


def all_networks():
    return LossNetworks(vit(), sam(), randomise(FeatureDifference(), 4), vit())


@pytest.mark.parametrize("variant", VARIANTS)
def test_named_terms_and_their_weighted_sum(variant):
    settings = {
        "dino": DinoLossConfig((8,), image_size=56),
        "class_token": ClassTokenLossConfig(image_size=56),
        "sam": SamLossConfig(image_size=128),
        "embedded": EmbeddedLossConfig(image_size=56),
    }
    names = VARIANTS[variant]
    assert all(term.weight == 1.0 for term in loss_config(variant).terms)
    weights = [0.5, 3.0][: len(names)]
    terms = tuple(WeightedTerm(n, w) for n, w in zip(names, weights, strict=True))
    values = build_loss(LossConfig(terms, **settings), all_networks())(*render_and_truth())
    assert list(values) == [*names, "total"]
    expected = sum(w * values[n] for n, w in zip(names, weights, strict=True))
    torch.testing.assert_close(values["total"], expected)


def test_the_papers_loss_is_the_default():
    assert LossConfig() == loss_config("dino+sam")


def test_missing_networks_are_told():
    with pytest.raises(UsageError, match=r"SAM 2\.1"):
        build_loss(loss_config("sam"), LossNetworks(dino=vit()))
    for variant in ("dino", "sam", "class-token"):
        with pytest.raises(UsageError, match="say where it is"):
            load_loss(loss_config(variant), LossSources())
    with pytest.raises(UsageError, match="dino\\+sam"):
        loss_config("mse")


@pytest.mark.parametrize("absent", ["package", "weights"])
def test_lpips_without_package_or_weights_is_told(monkeypatch, tmp_path, absent):
    package = None if absent == "package" else type("lpips", (), {"LPIPS": None})
    monkeypatch.setitem(__import__("sys").modules, "lpips", package)
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    with pytest.raises(UsageError, match=r"torchvision\." if absent == "package" else "alexnet"):
        load_lpips_network()


@pytest.fixture(scope="module")
def embedded():
    return build_loss(loss_config("embedded"), LossNetworks(embedded=load_embedded_backbone()))


def test_the_embedded_loss_grows_with_the_damage(embedded):
    truth = pictures(1, (96, 96)) * 0.5 + 0.5 * torch.rand(
        1, 3, 96, 96, generator=torch.Generator().manual_seed(0)
    )

    def blurred(edge):
        small = nn.functional.adaptive_avg_pool2d(truth, edge)
        return nn.functional.interpolate(small, (96, 96), mode="bilinear")

    values = [embedded(blurred(edge), truth)["total"].item() for edge in (64, 32, 16, 8)]
    assert all(a < b for a, b in itertools.pairwise(values))
