"""The look back at the picture: anchors read, and take over, what they are seen on."""

from dataclasses import replace

import pytest
import torch

from inference.model.config import PixelAlignedConfig
from inference.model.patch_evidence import projected
from inference.model.picture_maps import sampled
from inference.model.sharpening import gaussian_blur
from tests.unit.tiny_model import LOW_RANK, PATCHES, PER_PATCH, SIZE, build, close, equal, pictures

ALIGNED = replace(
    LOW_RANK, pixel_aligned=PixelAlignedConfig(probes=40, reduced=5, rounds=2, shape=3, faces=(1,))
)
HALF = SIZE // 2


@pytest.fixture
def model():
    """A model whose branch is still that of a fresh one, zero."""
    model = build(ALIGNED)
    model.pixel_aligned.probes.copy_(torch.arange(0, 360, 9))
    model.pixel_aligned.normals[..., 2] = 127
    return model.requires_grad_(False)


def fill(model):
    """Draw every weight of the branch."""
    generator = torch.Generator().manual_seed(3)
    branch = model.pixel_aligned
    model.encoder.reduce.normal_(generator=generator)
    for name, tensor in branch.state_dict().items():
        if tensor.is_floating_point():
            tensor.normal_(std=0.05, generator=generator)
        if name.endswith("scale") and name != "pose_scale":
            tensor.abs_().add_(1)
    others = torch.randperm(branch.mirror.numel(), generator=generator)
    branch.mirror.copy_(others.view(PATCHES, -1))


def trust(model, candidate):
    """Take colours wholly from one candidate: the own place, the mirrored one, the tone."""
    bias = model.pixel_aligned.patches.colours.exit.bias
    bias.view(PER_PATCH, -1)[:, candidate] = 10


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


def without_a_look(model):
    """The same weights without the branch."""
    plain = build(LOW_RANK)
    mine = plain.state_dict()
    plain.load_state_dict({name: model.state_dict()[name] for name in mine})
    return plain


def test_a_branch_that_was_not_fitted_changes_no_head(model):
    assert close(without_a_look(model)(*pictures()), model(*pictures()))


def test_any_patches_give_the_same_gaussians_as_all(model):
    fill(model)
    tokens = model.encode(*pictures())
    chosen = torch.tensor([2, 17, 5])
    whole, some = model.decode(tokens), model.decode(tokens, patch_index=chosen)
    rows = (chosen[:, None] * PER_PATCH + torch.arange(PER_PATCH)).flatten()
    torch.testing.assert_close(some.means, whole.means[:, rows])
    torch.testing.assert_close(some.colours, whole.colours[:, rows])
    assert not close(whole, without_a_look(model)(*pictures()))


def test_each_picture_of_a_batch_is_looked_at_alone(model):
    fill(model)
    images, foreground = pictures(3)
    together = model(images, foreground)
    for number in range(3):
        rows = slice(number, number + 1)
        alone = model(images[rows], foreground[rows])
        torch.testing.assert_close(alone.colours[0], together.colours[number], atol=1e-4, rtol=0)
        torch.testing.assert_close(alone.means[0], together.means[number], atol=1e-6, rtol=0)


def test_anchors_take_over_the_colours_on_which_they_are_seen(model):
    look_straight(model)
    trust(model, 0)
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
    trust(model, 0)
    assert equal(empty, model(images, nothing))
    assert not equal(whole, model(images, foreground))
    model.pixel_aligned.pose.bias[3] = 50  # all anchors far to the right of the picture
    assert close(whole, model(images, foreground))


def show(model, kind):
    """From now on the features of all pictures say this kind of thing."""
    model.encoder.class_probe.zero_()
    model.encoder.class_probe[kind, -1] = 1


def test_bare_faces_look_as_they_are_pictured_where_they_turn_to_the_camera(model):
    look_straight(model)
    model.low_rank.linear.weight.zero_()  # colours that hang on nothing else
    model.low_rank.region.fill_(0)
    model.low_rank.shape_basis.zero_()
    model.low_rank.cover_basis.zero_()
    model.pixel_aligned.normals[:10, :, 2] = -127
    anchors = model.head.anchors
    for patch, depth in ((20, 0.3), (21, 0.25)):  # in the middle of the same cell
        around = (anchors[20] - anchors[20].mean(0)) * 0.02
        model.head.start[patch] = around + torch.tensor([0.05, 1 / 300, depth]) - anchors[patch]
    show(model, 0)
    hair = model(*coloured())
    show(model, 1)
    face = model(*coloured())
    away = 10 * PER_PATCH
    torch.testing.assert_close(hair.colours[:, :away], face.colours[:, :away])
    blue = torch.tensor([0, 0, 1.0])
    off = (face.colours[0].unflatten(0, (PATCHES, PER_PATCH)) - blue).abs().mean((1, 2))
    assert off[20] < 0.05
    assert off[21] > 0.1
    torch.testing.assert_close(
        hair.colours[0, -3 * PER_PATCH : -2 * PER_PATCH],
        face.colours[0, -3 * PER_PATCH : -2 * PER_PATCH],
    )
    model.low_rank.region.fill_(1)
    scalp = model(*coloured())
    show(model, 0)
    torch.testing.assert_close(scalp.colours, model(*coloured()).colours)


def test_hidden_anchors_lean_on_the_other_side(model):
    look_straight(model)
    branch = model.pixel_aligned
    anchors = model.head.anchors.flatten(0, 1)
    right = (anchors[:, 0] > 0.03) & (anchors[:, :2].abs() < 0.14).all(1)
    source = int((anchors[:, 0] < -0.03).nonzero()[0])
    branch.mirror.view(-1)[right] = source
    trust(model, 1)
    head = model(*coloured())
    assert right.sum() > 30
    assert (head.colours[0, right] - torch.tensor([1.0, 0, 0])).abs().mean() < 0.2


def test_a_region_is_toned_as_far_as_its_visible_probes_say(model):
    look_straight(model)
    images, foreground = coloured()
    trust(model, 2)
    bright = model(images * 0 + 0.9, foreground)
    dark = model(images * 0 + 0.1, foreground)
    assert (bright.colours - dark.colours).mean() > 0.4


def test_patches_move_in_the_axes_of_the_camera(model):
    branch = model.pixel_aligned
    branch.pose.bias.copy_(torch.tensor([0, 0, -0.625, 0, 0, -0.625, 0, 0]))  # seen along -x
    model.low_rank.region.fill_(1)
    before = model(*pictures()).means
    branch.patches.places.exit.bias.view(PER_PATCH, 3)[:, 2] = 0.1  # a millimetre nearer
    went = model(*pictures()).means - before
    torch.testing.assert_close(went.median(1).values, torch.tensor([[0.001, 0, 0]] * 2))


def test_a_bare_face_stays_where_its_probes_put_it(model):
    model.low_rank.region.fill_(0)
    model.low_rank.cover_basis.zero_()
    before = model(*pictures()).means
    model.pixel_aligned.patches.places.exit.bias.fill_(0.1)
    went = (model(*pictures()).means - before).norm(dim=-1)
    assert went.max() < 1e-5  # metres; without cover_basis 0.2 % counts as covered
    model.low_rank.region[:3] = 1
    went = (model(*pictures()).means - before).norm(dim=-1)
    assert went[:, : 3 * PER_PATCH].median() > 1e-3


def test_a_look_that_is_handed_in_gives_the_same_head(model):
    fill(model)
    tokens = model.encode(*pictures())
    for layers in (None, 1):
        found = model.look(tokens, layers)
        handed, again = (model.decode(tokens, None, layers, x) for x in (found, None))
        assert close(handed, again, 1e-5)
    assert model.look(tokens, 0) is None


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
