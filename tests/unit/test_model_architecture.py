"""What callers of the model rely on; a tiny configuration of the same code as the presets."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from inference.model.config import (
    PRESETS,
    EditingConfig,
    SharpeningConfig,
)
from inference.model.cost import model_cost
from inference.model.editing import EditingModel, editing_config
from inference.model.editing_encoder import EditingEncoder
from inference.model.gaussian_head import patch_spacing
from inference.model.reconstruction import ReconstructionModel
from inference.model.sharpening import Sharpening, gaussian_blur
from tests.unit.editing_files import TINY
from tests.unit.tiny_model import (
    CONFIG,
    LOW_RANK,
    PATCH,
    PATCHES,
    PER_PATCH,
    SIZE,
    VIT,
    LocalBackbone,
    build,
    close,
    equal,
    pictures,
)


@pytest.mark.parametrize("config", [CONFIG, LOW_RANK], ids=["paper-like", "low-rank"])
@torch.no_grad()
def test_gaussians_are_valid_and_stay_within_reach_of_their_anchors(config):
    model = build(config)
    out = model(*pictures())
    head = out.to_gaussians(1)
    assert len(head) == PATCHES * PER_PATCH
    assert head.scales.max() <= config.head.scale_max * 1.00001
    start = (model.head.anchors + model.head.start).expand(PATCHES, PER_PATCH, 3)
    moved = np.abs(head.means - start.reshape(-1, 3).numpy())
    reach = model.head.reach.expand(PATCHES, PER_PATCH, 1).reshape(-1, 1)
    assert (moved <= reach.numpy() + 1e-6).all()
    assert moved.max() > 1e-3


@pytest.mark.parametrize("config", [CONFIG, LOW_RANK], ids=["paper-like", "low-rank"])
@torch.no_grad()
def test_any_subset_of_patches_gives_the_same_gaussians(config):
    model = build(config)
    tokens = model.encode(*pictures())
    everything = model.decode(tokens)
    for index in (torch.tensor([3]), torch.tensor([20, 1, 7, 23]), torch.arange(PATCHES).flip(0)):
        part = model.decode(tokens, patch_index=index)
        for name in ("means", "quaternions", "scales", "opacities", "colours"):
            whole = getattr(everything, name).unflatten(1, (PATCHES, PER_PATCH))[:, index]
            torch.testing.assert_close(
                getattr(part, name), whole.flatten(1, 2), atol=1e-6, rtol=1e-5
            )


@pytest.mark.parametrize("config", [CONFIG, LOW_RANK], ids=["paper-like", "low-rank"])
@pytest.mark.parametrize("batch", [1, 2, 3])
@torch.no_grad()
def test_background_patches_change_nothing_bit_for_bit(config, batch):
    model = build(config)
    images, foreground = pictures(batch)
    other = torch.where(foreground[:, None] > 0, images, torch.rand_like(images))
    assert not torch.equal(images, other)
    assert equal(model(images, foreground), model(other, foreground))


@torch.no_grad()
def test_foreground_patches_do_change_the_head():
    model = build()
    images, foreground = pictures(1)
    other = images.clone()
    other[:, :, 8:16, 8:16] = 1 - other[:, :, 8:16, 8:16]
    assert not close(model(images, foreground), model(other, foreground))


@torch.no_grad()
def test_a_picture_gives_the_same_head_alone_and_in_a_batch():
    model = build(LOW_RANK)
    images, foreground = pictures(3)
    together = model(images, foreground)
    for number in range(3):
        alone = model(images[number : number + 1], foreground[number : number + 1])
        assert torch.allclose(alone.means[0], together.means[number], atol=1e-6)
        assert torch.allclose(alone.colours[0], together.colours[number], atol=1e-5)


@torch.no_grad()
def test_a_picture_without_foreground_still_gives_a_head():
    images, foreground = pictures(2)
    foreground[1] = 0
    build(LOW_RANK)(images, foreground).to_gaussians(1)


@torch.no_grad()
def test_decoder_layers_are_equation_2():
    model = build()
    tokens = model.encode(*pictures())
    expected = model.template(None)[None].expand(2, -1, -1)
    for layer in model.decoder.layers:
        attended = layer.attention(layer.norm1(expected), tokens.tokens, tokens.keep)
        expected = expected + layer.mlp(layer.norm2(expected + attended))
    latents = model.template(None)[None].expand(2, -1, -1)
    actual = model.decoder(latents, tokens.tokens, tokens.keep)
    torch.testing.assert_close(actual, model.decoder.norm(expected))


@torch.no_grad()
def test_layers_turn_off_later_cross_attention_but_keep_their_mlps():
    model = build()
    tokens = model.encode(*pictures())
    shown = model.decode(tokens, layers=1)
    reference = build()
    for layer in reference.decoder.layers[1:]:
        nn.init.zeros_(layer.attention.out.weight)
        nn.init.zeros_(layer.attention.out.bias)
    assert close(shown, reference.decode(reference.encode(*pictures())))
    assert close(model.decode(tokens, layers=3), model.decode(tokens))
    assert not close(shown, model.decode(tokens, layers=2))
    with pytest.raises(ValueError, match=r"0\.\.3"):
        model.decode(tokens, layers=4)


@pytest.mark.parametrize("config", [CONFIG, LOW_RANK], ids=["paper-like", "low-rank"])
@torch.no_grad()
def test_without_any_cross_attention_every_portrait_gives_the_same_head(config):
    out = build(config)(*pictures(), layers=0)
    assert torch.allclose(out.means[0], out.means[1])
    assert torch.allclose(out.colours[0], out.colours[1])


@torch.no_grad()
def test_positions_are_equation_3():
    model = build()
    latents = torch.randn(1, PATCHES, 32)
    linear = model.head.position(latents.reshape(1, PATCHES, PER_PATCH, 2))
    expected = model.head.anchors + model.head.start
    expected = expected + torch.tanh(linear * CONFIG.head.s_init) * model.head.reach
    torch.testing.assert_close(model.head(latents).means, expected.flatten(1, 2))


def test_pixel_shuffle_of_a_token_grid_is_the_plain_reshape():
    tokens = torch.randn(2, PATCHES, 32)  # a 4 x 6 grid, shuffled to 16 x 24 by PixelShuffle(4)
    as_map = tokens.transpose(1, 2).reshape(2, 32, 4, 6)
    shuffled = nn.functional.pixel_shuffle(as_map, 4)
    for row, column in ((0, 0), (2, 5)):
        cell = shuffled[:, :, 4 * row : 4 * row + 4, 4 * column : 4 * column + 4]
        latent = tokens[:, row * 6 + column]
        # Torch orders channels outermost; ours is the same set of values, Gaussian by Gaussian.
        torch.testing.assert_close(
            cell.flatten(2).transpose(1, 2), latent.unflatten(1, (2, 16)).transpose(1, 2)
        )


@torch.no_grad()
def test_the_low_rank_estimate_is_reproduced_exactly_before_the_decoder_has_learned():
    torch.manual_seed(0)
    anchors = torch.randn(PATCHES, PER_PATCH, 3) * 0.1
    model = ReconstructionModel(LOW_RANK, anchors, LocalBackbone()).eval()
    branch, config = model.low_rank, LOW_RANK.low_rank
    branch.region.copy_(torch.randint(0, 2, branch.region.shape))
    branch.shape_basis.normal_(std=0.01)
    branch.cover_basis.normal_(std=0.02)
    branch.colour_basis.normal_(std=0.05)
    branch.linear.weight.normal_(std=0.02)
    tokens = model.encode(*pictures())
    gaussians, coefficients = model.decode_with_coefficients(tokens)
    assert coefficients.shape == (2, 24)
    assert coefficients.abs().max() > 0.1
    for number in range(2):
        shape, cover, colour = coefficients[number].split([10, 6, 8])
        means, colours = anchors.clone(), torch.full_like(anchors, 0.5)
        for region in (0, 1):
            inside = branch.region == region
            own = branch.shape_basis[inside] @ shape.unflatten(0, (2, 5))[region]
            away = branch.cover_basis[inside] @ cover.unflatten(0, (2, 3))[region]
            distance = away.norm(dim=-1, keepdim=True)
            taken = torch.sigmoid((distance - config.cover_from) / config.cover_soft)
            means[inside] += own + away * taken
            colours[inside] += branch.colour_basis[inside] @ colour.unflatten(0, (2, 4))[region]
        torch.testing.assert_close(gaussians.means[number], means.flatten(0, 1))
        torch.testing.assert_close(
            gaussians.colours[number], colours.flatten(0, 1), atol=1e-5, rtol=0
        )


@torch.no_grad()
@pytest.mark.parametrize("layers", [None, 0, 1])
def test_a_decoder_that_nothing_listens_to_is_left_out_and_changes_no_bit(layers):
    model = build(LOW_RANK)
    assert model.low_rank is not None
    head = model.head
    for layer in (head.position, head.scale, head.rotation, head.opacity, head.colour):
        layer.weight.zero_()
    model.low_rank.refine.weight.zero_()
    images, foreground = pictures()
    before = model(images, foreground, layers=layers)
    calls = []
    model.decoder.register_forward_hook(lambda *_: calls.append(1))
    model.skip_silent_decoder()
    assert equal(before, model(images, foreground, layers=layers))
    assert not calls
    with pytest.raises(ValueError, match="layers"):
        model(images, foreground, layers=99)
    head.position.weight.normal_(std=0.1)  # as training would
    model.skip_silent_decoder()
    assert not torch.equal(before.means, model(images, foreground, layers=layers).means)
    assert calls


@torch.no_grad()
def test_an_encoder_that_nothing_listens_to_is_left_out_with_its_decoder_and_changes_no_bit():
    torch.manual_seed(0)
    model = EditingModel(editing_config(TINY, "words", 12), torch.randn(4096 * 16, 3)).eval()
    head = model.head
    for layer in (head.position, head.scale, head.rotation, head.opacity, head.colour):
        layer.weight.zero_()
    labels = torch.rand(2, 19, 56, 56)
    style = torch.randn(2, 12)
    before = model(labels, style)
    some = model(labels, style, torch.tensor([3, 70]))
    calls = []
    for part in (model.encoder.vit, model.encoder.fuse, model.decoder):
        part.register_forward_hook(lambda *_: calls.append(1))
    model.skip_silent_decoder()
    assert equal(before, model(labels, style))
    assert equal(some, model(labels, style, torch.tensor([3, 70])))
    assert not calls
    head.position.weight.normal_(std=0.1)  # as training would
    model.skip_silent_decoder()
    assert not torch.equal(before.means, model(labels, style).means)
    assert len(calls) == 3


def test_every_trained_weight_gets_a_gradient():
    model = build(LOW_RANK)
    out = model(*pictures(), patch_index=torch.tensor([0, 5]))
    (out.means.sum() + out.scales.sum() + out.colours.sum() + out.opacities.sum()
     + (out.quaternions * torch.tensor([1.0, 2, 3, 4])).sum()).backward()  # fmt: skip
    silent = [n for n, p in model.named_parameters() if p.grad is None or not p.grad.any()]
    assert silent == []


def test_patch_spacing_is_the_mean_distance_to_the_nearest_three():
    grid = torch.stack(torch.meshgrid(*[torch.arange(4.0)] * 2, indexing="ij"), -1)
    means = torch.cat([grid.reshape(16, 2), torch.zeros(16, 1)], 1)[None, None] * 0.002
    spacing = patch_spacing(means)[0, 0]
    assert torch.allclose(spacing[5], torch.tensor(0.002))  # an inner point
    corner = torch.tensor(0.002 * (1 + 1 + 2**0.5) / 3)
    assert torch.allclose(spacing[0], corner)


@pytest.mark.parametrize("config", [CONFIG, LOW_RANK], ids=["paper", "low rank"])
def test_half_precision_gives_nearly_the_same_head_in_float32(config):
    model = build(config)
    images, foreground = pictures()
    with torch.inference_mode():
        exact = model(images, foreground)
        model.precision = torch.bfloat16
        rough = model(images, foreground)
    assert not torch.equal(exact.means, rough.means), "nothing was computed in bfloat16"
    for name in ("means", "scales", "opacities", "colours"):
        a, b = getattr(exact, name), getattr(rough, name)
        assert b.dtype == torch.float32
        assert (b - a).abs().max() < 0.03 * (a.max() - a.min())


def test_wrong_inputs_are_told():
    with pytest.raises(ValueError, match="384"):
        ReconstructionModel(CONFIG, torch.zeros(100, 3), None)
    wrong = replace(CONFIG.encoder, backbone=replace(CONFIG.encoder.backbone, width=13))
    with pytest.raises(ValueError, match="13"):
        ReconstructionModel(
            replace(CONFIG, encoder=wrong), torch.zeros(PATCHES, 16, 3), LocalBackbone()
        )
    with pytest.raises(ValueError, match="40 x 40"):
        build()(torch.zeros(1, 3, 48, 48), torch.ones(1, 48, 48))


@torch.no_grad()
def test_editing_tokens_take_the_place_of_the_pictures():
    torch.manual_seed(0)
    model = build()
    config = EditingConfig(SIZE, PATCH, vit=VIT, style_width=6, hidden=24)
    encoder = EditingEncoder(config, CONFIG.decoder.width).eval()
    classes = torch.zeros(2, SIZE, SIZE, dtype=torch.long)
    classes[:, 8:32, 8:32] = 2
    classes[1, 8:16, 8:32] = 14
    labels = nn.functional.one_hot(classes, 19).permute(0, 3, 1, 2).float()
    style = nn.functional.normalize(torch.randn(2, 6), dim=1)
    tokens = encoder(labels, style)
    assert tokens.tokens.shape == (2, 9, 32)
    heads = model.decode(tokens)
    heads.to_gaussians(0)
    restyled = model.decode(encoder(labels, style.flip(0)))
    assert not close(heads, restyled)
    with pytest.raises(ValueError, match="19"):
        encoder(labels[:, :18], style)


@torch.no_grad()
def test_sharpening_starts_as_the_identity_and_blurs_like_a_gaussian():
    torch.manual_seed(0)
    images = torch.rand(2, 3, 37, 50)
    sharpen = Sharpening(SharpeningConfig(width=8, levels=3))
    torch.testing.assert_close(sharpen(images), images)
    impulse = torch.zeros(1, 1, 41, 41)
    impulse[0, 0, 20, 20] = 1
    blurred = gaussian_blur(impulse, 2.0)[0, 0]
    x = torch.arange(41) - 20.0
    assert torch.isclose(blurred.sum(), torch.tensor(1.0), atol=1e-5)
    assert torch.isclose((blurred.sum(0) * x**2).sum(), torch.tensor(4.0), rtol=0.03)


def test_sharpening_subtracts_what_it_learns():
    torch.manual_seed(0)
    sharpen = Sharpening(SharpeningConfig(width=4, levels=2))
    truth = nn.functional.interpolate(torch.rand(2, 3, 6, 6), scale_factor=4)  # hard edges
    soft = gaussian_blur(truth, 1.0)
    optimiser = torch.optim.Adam(sharpen.parameters(), 1e-2)
    before = nn.functional.mse_loss(sharpen(soft), truth).item()
    for _ in range(40):
        optimiser.zero_grad()
        loss = nn.functional.mse_loss(sharpen(soft), truth)
        loss.backward()
        optimiser.step()
    assert loss.item() < 0.7 * before


@pytest.mark.parametrize("name", list(PRESETS))
def test_presets_have_the_sizes_of_the_paper_and_of_the_cost_table(name):
    config = PRESETS[name]
    with torch.device("meta"):
        anchors = torch.zeros(config.decoder.patches, config.head.per_patch, 3)
        model = ReconstructionModel(config, anchors, None)
    counted = sum(parameter.numel() for parameter in model.parameters())
    table = model_cost(config)
    assert counted == sum(part.parameters for part in table[1:])
    assert config.decoder.patches * config.head.per_patch == 65_536
    if name != "embedded":
        layers = config.decoder.layers
        assert (config.decoder.width, config.decoder.heads) == (1024, 16)
        assert layers == (10 if name == "paper" else 4)
        weights = sum(p.numel() for p in model.decoder.parameters())
        assert weights == pytest.approx(layers * 12 * 1024**2, rel=0.01)
        published = {"dinov2-giant": 1.136e9, "dinov2-small": 22.1e6}
        expected = published[config.encoder.backbone.name]
        assert table[0].parameters == pytest.approx(expected, rel=0.005)


def test_the_cost_table_counts_what_torch_counts():
    from torch.utils.flop_counter import FlopCounterMode

    config = replace(LOW_RANK, sharpening=SharpeningConfig(width=8, levels=3))
    model = build(config)
    images, _ = pictures(1)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        tokens = model.encoder.from_features(
            torch.rand(1, 25, 24), images, torch.ones(1, 25, dtype=torch.bool)
        )
        model.decode(tokens)
        model.sharpening(torch.rand(1, 3, 64, 64))
    expected = sum(part.flop for part in model_cost(config, render_size=64)[1:])
    assert expected == pytest.approx(counter.get_total_flops(), rel=0.02)
