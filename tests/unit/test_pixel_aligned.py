"""The look back at the picture: anchors read, and take over, what they are seen on."""

from dataclasses import replace

import pytest
import torch

from inference.model.config import PixelAlignedConfig
from inference.model.picture_maps import sampled
from inference.model.pixel_aligned import projected
from inference.model.sharpening import gaussian_blur
from tests.unit.tiny_model import LOW_RANK, PATCHES, PER_PATCH, SIZE, build, close, equal, pictures

ALIGNED = replace(
    LOW_RANK, pixel_aligned=PixelAlignedConfig(probes=40, reduced=5, rounds=2, shape=3)
)
HALF = SIZE // 2


@pytest.fixture
def model():
    """A model whose branch is still that of a fresh one, zero."""
    model = build(ALIGNED)
    model.pixel_aligned.probes.copy_(torch.arange(0, 360, 9))
    model.pixel_aligned.normals[..., 2] = 1
    return model.requires_grad_(False)


def fill(model):
    """Draw every weight of the branch."""
    generator = torch.Generator().manual_seed(3)
    branch = model.pixel_aligned
    model.encoder.reduce.normal_(generator=generator)
    for name, tensor in branch.state_dict().items():
        if tensor.is_floating_point() and name != "normals":
            tensor.normal_(std=0.05, generator=generator)
    branch.sampled_scale.abs_().add_(1)
    others = torch.randperm(branch.mirror.numel(), generator=generator)
    branch.mirror.copy_(others.view(PATCHES, -1))


def look_straight(model):
    """A camera that sees 1.6 decimetres on either side of the head's middle, from the front."""
    branch = model.pixel_aligned
    branch.pose.bias.copy_(torch.tensor([0.625, 0, 0, 0, 0, -0.625, 0, 0]))


def coloured():
    """Left half red, right half blue, all of it foreground."""
    images = torch.zeros(1, 3, SIZE, SIZE)
    images[:, 0, :, :HALF] = 1
    images[:, 2, :, HALF:] = 1
    return images, torch.ones(1, SIZE, SIZE)


def test_a_branch_that_was_not_fitted_changes_no_head(model):
    plain = build(LOW_RANK)
    assert close(plain(*pictures()), model(*pictures()))


def test_any_patches_give_the_same_gaussians_as_all(model):
    fill(model)
    tokens = model.encode(*pictures())
    chosen = torch.tensor([2, 17, 5])
    whole, some = model.decode(tokens), model.decode(tokens, patch_index=chosen)
    rows = (chosen[:, None] * PER_PATCH + torch.arange(PER_PATCH)).flatten()
    torch.testing.assert_close(some.means, whole.means[:, rows])
    torch.testing.assert_close(some.colours, whole.colours[:, rows])
    assert not close(whole, build(LOW_RANK)(*pictures()))


def test_each_picture_of_a_batch_is_looked_at_alone(model):
    fill(model)
    images, foreground = pictures(3)
    together = model(images, foreground)
    for number in range(3):
        rows = slice(number, number + 1)
        alone = model(images[rows], foreground[rows])
        torch.testing.assert_close(alone.colours[0], together.colours[number], atol=1e-5, rtol=0)
        torch.testing.assert_close(alone.means[0], together.means[number], atol=1e-6, rtol=0)


def test_anchors_take_over_the_colours_on_which_they_are_seen(model):
    look_straight(model)
    model.pixel_aligned.gains[..., 0] = 10  # all gates together: wholly
    head = model(*coloured())
    clear = (head.means[0, :, 0].abs() > 0.02) & (head.means[0, :, :2].abs() < 0.15).all(1)
    left, right = clear & (head.means[0, :, 0] < 0), clear & (head.means[0, :, 0] > 0)
    assert left.sum() > 30
    assert right.sum() > 30
    red, blue = torch.tensor([1.0, 0, 0]), torch.tensor([0, 0, 1.0])
    assert (head.colours[0, left] - red).abs().mean() < 0.2
    assert (head.colours[0, right] - blue).abs().mean() < 0.2


def test_what_lies_beside_the_head_or_beyond_the_picture_is_not_taken_over(model):
    images, foreground = coloured()
    nothing = foreground * 0 + 1e-3
    empty, whole = model(images, nothing), model(images, foreground)
    look_straight(model)
    model.pixel_aligned.gains[..., 0] = 10
    assert equal(empty, model(images, nothing))
    assert not equal(whole, model(images, foreground))
    model.pixel_aligned.pose.bias[3] = 50  # all anchors far to the right of the picture
    assert equal(whole, model(images, foreground))


def test_anchors_that_face_away_take_nothing_over(model):
    look_straight(model)
    before = model(*coloured())
    model.pixel_aligned.gains[..., 0] = 10
    model.pixel_aligned.normals[:10, :, 2] = -1
    after = model(*coloured())
    away = 10 * PER_PATCH
    assert torch.equal(before.colours[:, :away], after.colours[:, :away])
    assert not torch.equal(before.colours[:, away:], after.colours[:, away:])


def test_hidden_anchors_lean_on_the_other_side(model):
    look_straight(model)
    branch = model.pixel_aligned
    anchors = model.head.anchors.flatten(0, 1)
    right = (anchors[:, 0] > 0.03) & (anchors[:, :2].abs() < 0.14).all(1)
    source = int((anchors[:, 0] < -0.03).nonzero()[0])
    branch.mirror.view(-1)[right] = source
    branch.gains[..., 1] = 10
    head = model(*coloured())
    assert right.sum() > 30
    assert (head.colours[0, right] - torch.tensor([1.0, 0, 0])).abs().mean() < 0.2


def test_a_region_is_toned_as_far_as_its_visible_probes_say(model):
    look_straight(model)
    images, foreground = coloured()
    model.pixel_aligned.gains[..., 2] = 10
    bright = model(images * 0 + 0.9, foreground)
    dark = model(images * 0 + 0.1, foreground)
    assert (bright.colours - dark.colours).mean() > 0.4


def test_earlier_layers_show_a_part_of_it(model):
    branch = model.pixel_aligned
    branch.shape_basis.normal_(std=0.0005, generator=torch.Generator().manual_seed(1))
    branch.shape.bias.fill_(1)
    tokens = model.encode(*pictures())
    plain = replace(tokens, maps=None)
    moved = {
        layers: model.decode(tokens, None, layers).means - model.decode(plain, None, layers).means
        for layers in (0, 1, 3)
    }
    assert not moved[0].any()
    assert moved[3].norm() / moved[1].norm() == pytest.approx(3, rel=0.1)


def test_points_are_seen_where_the_affine_camera_puts_them():
    pose = torch.tensor([[2.0, 0, 0, 0.5, 0, -3, 0, 0]])
    at = projected(pose, torch.tensor([[[0.1, 0.05, 7], [0, 0, 0]]]))
    torch.testing.assert_close(at, torch.tensor([[[2.5, -1.5], [0.5, 0]]]))


def test_pixel_centres_read_their_pixel_and_a_blur_keeps_what_is_even():
    layers = torch.rand(1, 2, 6, 6, generator=torch.Generator().manual_seed(0))
    column, row = 4, 1
    at = torch.tensor([[[(column + 0.5) / 3 - 1, (row + 0.5) / 3 - 1]]])
    torch.testing.assert_close(sampled(layers, at)[0, 0], layers[0, :, row, column])
    even = torch.full((1, 1, 8, 8), 0.3)
    torch.testing.assert_close(gaussian_blur(even, 2.0), even)
    spot = torch.zeros(1, 1, 21, 21)
    spot[..., 10, 10] = 1
    soft = gaussian_blur(spot, 1.5)
    assert soft[0, 0, 10, 10] == soft.max()
    torch.testing.assert_close(soft.sum(), torch.tensor(1.0))
    torch.testing.assert_close(soft, soft.transpose(2, 3))
