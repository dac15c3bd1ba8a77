"""What the editing model's decoder adds to its closed form: to the geometry, and to each anchor."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from inference.editing.network import EditingNetwork
from inference.face_map.labels import Label
from inference.features.embedded_style import NAME
from inference.features.style_blocks import WIDTH
from inference.head.template import HeadTemplate
from inference.model.checkpoint import CheckpointInfo, load_checkpoint, save_checkpoint
from inference.model.config import preset_config
from inference.model.editing import EditingModel, editing_config
from inference.model.editing_branch import TINTED
from inference.model.map_features import pool_map
from inference.progress import CancelToken, no_progress

STYLES = 12


def build():
    """A model with a branch, in which everything counts."""
    torch.manual_seed(0)
    shape = editing_config(preset_config("embedded"), "words", STYLES)
    small = replace(shape, encoder=replace(shape.encoder, image_size=56))
    model = EditingModel(small, torch.randn(65536, 3) * 0.1).eval()
    randomise(model)
    return model


def randomise(model):
    branch = model.branch
    with torch.no_grad():
        for layer in (model.head.position, model.head.colour, branch.refine, branch.tint):
            layer.weight.normal_(std=0.05)
        branch.latent.weight.normal_(std=0.01)
        for table in (*branch.places, *branch.colours, *branch.chances):
            count = len(table.patches)
            channels, columns = table.values.shape[2:]
            slopes = torch.randn(count, 16, channels, columns) * 0.01
            table.put(torch.arange(count), torch.rand(count, 16, channels) * 0.1, slopes)


def a_map():
    classes = torch.zeros(1, 56, 56, dtype=torch.long)
    classes[:, 8:48, 10:40] = Label.FACE
    classes[:, 4:12, 8:42] = Label.HAIR
    return torch.nn.functional.one_hot(classes, 19).permute(0, 3, 1, 2).float()


@torch.no_grad()
def test_the_decoder_moves_the_geometry_and_no_style_does():
    model, labels = build(), a_map()
    first, other = torch.randn(2, 1, STYLES)
    geometry = model.geometry(labels)
    one, _, _ = model.read(labels, first, geometry)
    two, _, _ = model.read(labels, other, geometry)
    assert torch.equal(one.places, two.places)
    assert torch.equal(one.chances, two.chances)
    latent, _ = model.branch.read_map(pool_map(labels))
    alone = model.branch(latent, model.palette(geometry, first))
    assert not torch.allclose(alone.places, one.places)
    more_hair = labels.clone()
    more_hair[:, :, 12:20, 8:42] = labels[:, :, 4:12, 8:42]
    assert not torch.allclose(
        model.refinement(geometry), model.refinement(model.geometry(more_hair))
    )


@torch.no_grad()
def test_the_decoder_tints_the_palette_with_what_a_number_may_hang_on():
    model, labels = build(), a_map()
    # The first numbers hang on the first half of the style, the others on the second.
    model.branch.palette.weight[:20, 6:] = 0
    model.branch.palette.weight[20:, :6] = 0
    tinted = torch.tensor(TINTED)
    first, second = tinted[tinted < 20], tinted[tinted >= 20]
    geometry, style = model.geometry(labels), torch.randn(1, STYLES)
    palette = model.palette(geometry, style)
    added = palette - model.branch.palette(style)
    assert (added[:, tinted].abs() > 1e-4).all()
    assert added.count_nonzero() == len(tinted)
    other = style.clone()
    other[:, 6:] += torch.randn(1, 6)
    changed = model.palette(geometry, other) - model.branch.palette(other)
    torch.testing.assert_close(changed[:, first], added[:, first])
    assert (changed[:, second] != added[:, second]).all()
    _, _, told = model.read(labels, style, geometry)
    assert torch.equal(told, palette)


@torch.no_grad()
def test_maps_in_a_batch_tint_as_they_do_alone():
    model = build()
    wide = a_map()
    narrow = wide.clone()
    narrow[:, :, :, 26:] = narrow[:, :, :, :1]  # fewer patches than the other has
    styles = torch.randn(2, STYLES)
    both = model.palette(model.geometry(torch.cat([wide, narrow])), styles)
    for number, labels in enumerate((wide, narrow)):
        alone = model.palette(model.geometry(labels), styles[number : number + 1])
        torch.testing.assert_close(both[number : number + 1], alone, atol=1e-4, rtol=1e-4)


def test_maps_of_classes_are_read_as_their_one_hot_maps_are():
    model, labels = build(), torch.cat([a_map(), a_map().flip(3)])
    # Whole patches, mixed ones, and one with a single pixel of another class.
    labels[0, :, 20, 20] = torch.nn.functional.one_hot(torch.tensor(Label.NOSE), 19).float()
    labels[1, :, :, 8:] = labels[1, :, :, 8:9]  # fewer patches than the other has
    found, gradients = [], []
    for read in (
        lambda: model.geometry(labels),
        lambda: model.encoder.geometry_of_classes(labels.argmax(1)),
    ):
        model.zero_grad()
        tokens = read()
        asked = torch.randn(tokens.tokens.shape, generator=torch.Generator().manual_seed(3))
        (tokens.tokens * asked * tokens.keep[..., None]).sum().backward()
        found.append(tokens)
        gradients.append(model.encoder.vit.embed.weight.grad.clone())
    slow, fast = found
    assert not slow.keep.all()
    assert torch.equal(slow.keep, fast.keep)
    torch.testing.assert_close(fast.tokens, slow.tokens, atol=1e-5, rtol=1e-4)
    assert gradients[0].abs().max() > 0.1
    torch.testing.assert_close(gradients[1], gradients[0], atol=1e-4, rtol=1e-3)


@torch.no_grad()
def test_patches_hear_the_style():
    model, labels = build(), a_map()
    geometry = model.geometry(labels)
    first, other = (model.latents(model.fuse(geometry, torch.randn(1, STYLES))) for _ in range(2))
    assert not torch.allclose(first, other)


@torch.no_grad()
def test_places_and_colours_are_those_of_the_splats():
    model, labels = build(), a_map()
    style, index = torch.randn(1, STYLES), torch.tensor([3, 70, 4000])
    geometry = model.geometry(labels)
    tokens = model.fuse(geometry, style)
    fields, _, _ = model.read(labels, style, geometry, index)
    places, colours = fields.of(fields.chances.argmax(-1))
    splats = model.decode(tokens, index, places, colours)
    found = model.places_and_colours(model.latents(tokens, index), index, places, colours)
    assert torch.equal(found[0], splats.means)
    assert torch.equal(found[1], splats.colours)
    whole = model(labels, style, index)
    torch.testing.assert_close(whole.means, splats.means)


@torch.no_grad()
@pytest.mark.parametrize("speaking", ["head", "refine", "tint"])
def test_what_speaks_for_the_decoder_keeps_it(speaking, tmp_path):
    model, labels = build(), a_map()
    style = torch.randn(1, STYLES)
    speakers = {"head": model.head, "refine": model.branch.refine, "tint": model.branch.tint}
    for name, speaker in speakers.items():
        for weight in speaker.parameters() if name != speaking else ():
            weight.zero_()
    before = model(labels, style)
    info = CheckpointInfo("embedded", {}, "t", "a test", "CC0-1.0")
    path = tmp_path / "editing.safetensors"
    save_checkpoint(path, model, model.config, info, leave_out=model.silent_parts)
    other = EditingModel(model.config, model.head.anchors).eval()
    load_checkpoint(path, other, model.config)
    other.skip_silent_decoder()
    after = other(labels, style)
    assert torch.equal(after.means, before.means)
    assert torch.equal(after.colours, before.colours)
    silent = {"head": "template.", "refine": "branch.refine.", "tint": "branch.tint."}
    spoken = silent.pop(speaking)
    assert set(silent.values()) <= set(model.silent_parts)
    assert not spoken.startswith(model.silent_parts)
    assert not "decoder.".startswith(model.silent_parts)
    for weight in speakers[speaking].parameters():
        weight.zero_()
    quiet = model(labels, style)
    model.skip_silent_decoder()
    assert {"branch.refine.", "branch.tint.", "decoder."} <= set(model.silent_parts)
    assert torch.equal(model(labels, style).means, quiet.means)


def test_every_trained_weight_gets_a_gradient():
    model = build()
    labels, style = a_map(), torch.randn(1, STYLES)
    splats = model(labels, style, torch.tensor([0, 5, 4000]))
    (splats.means.square().sum() + splats.colours.square().sum()).backward()
    trained = ((n, p) for n, p in model.named_parameters() if p.requires_grad)
    unmoved = {name for name, weight in trained if weight.grad is None or not weight.grad.any()}
    # Places and colours alone were asked for.
    splats = {"head.scale", "head.rotation", "head.opacity"}
    assert {name.rpartition(".")[0] for name in unmoved} == splats


def test_the_network_decodes_beside_what_the_model_decodes(tmp_path):
    template = HeadTemplate.load()
    shape = editing_config(preset_config("embedded"), NAME, WIDTH)
    torch.manual_seed(1)
    model = EditingModel(shape, torch.from_numpy(np.array(template.anchors))).eval()
    randomise(model)
    info = CheckpointInfo("embedded", {NAME: WIDTH}, template.template_id, "a test", "CC0-1.0")
    save_checkpoint(tmp_path / "editing.safetensors", model, shape, info)
    network = EditingNetwork(template, tmp_path / "editing.safetensors")
    labels = np.zeros((280, 280), np.uint8)
    labels[40:200, 60:220] = Label.FACE
    style = torch.randn(1, WIDTH)
    reading = network.read(labels, style[0].numpy())
    kinds = reading.choices.chances.argmax(1)
    means, colours = network.decode(reading, kinds, no_progress, CancelToken(), "decoding")
    one_hot = torch.nn.functional.one_hot(torch.from_numpy(labels).long()[None], 19)
    with torch.no_grad():
        expected = model(one_hot.permute(0, 3, 1, 2).float(), style)
    np.testing.assert_allclose(means, expected.means[0].numpy(), atol=1e-6)
    np.testing.assert_allclose(colours, expected.colours[0].numpy(), atol=1e-5)
