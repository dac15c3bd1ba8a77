"""The DINOv2 losses against the authors' formula on transformers' own network."""

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn import functional

from inference.features.vit import VisionTransformer
from tests.training.loss_networks import normalise, pictures, tiny_dinov2
from training.losses.backbones import load_dino_network
from training.losses.class_token import ClassTokenLoss
from training.losses.dino import DinoLoss, DinoLossConfig
from training.losses.resizing import centre_crop, resize, resize_shorter_edge


@pytest.fixture(scope="module")
def published():
    return tiny_dinov2()


@pytest.fixture(scope="module")
def folder(published, tmp_path_factory):
    path = tmp_path_factory.mktemp("dinov2")
    published.save_pretrained(path)
    return path


@pytest.fixture
def network(folder) -> VisionTransformer:
    return load_dino_network(folder)


def package_features(model, images, layers, size=512):
    """`_get_features` of PyPI's dino_loss 0.0.2 (Apache-2.0), torchvision's parts written out."""
    height, width = images.shape[-2:]
    shape = (size, int(size * width / height))
    if height > width:
        shape = (int(size * height / width), size)
    images = functional.interpolate(images, shape, mode="bicubic", antialias=True)
    spare = size - size // 14 * 14
    first, last = (spare + 1) // 2, spare // 2
    images = functional.pad(images, (-first, -last, -first, -last))
    edge = size // 14 * 14
    top, left = (round((have - edge) / 2) for have in images.shape[-2:])
    images = normalise(images[..., top : top + edge, left : left + edge])
    states = model(pixel_values=images, output_hidden_states=True).hidden_states
    return torch.cat([states[layer] for layer in layers], dim=1)


def package_loss(ours, theirs, distance):
    """The distances of dino_loss 0.0.2; `channels` -1."""
    if distance == "l1":
        return functional.l1_loss(ours, theirs)
    if distance == "l2":
        return functional.mse_loss(ours, theirs)
    ours, theirs = functional.normalize(ours, dim=-1), functional.normalize(theirs, dim=-1)
    return 1 - (ours * theirs).sum(dim=-1).mean()


@pytest.mark.parametrize(
    ("layers", "distance", "picture"),
    [((5, 8, 11), "l1", (256, 256)), ((8, 11), "cosine", (256, 256)), ((8,), "l2", (90, 120))],
    ids=["the package's defaults", "the paper's setting", "not square"],
)
def test_agrees_with_the_authors_package(published, network, layers, distance, picture):
    render, truth = pictures(2, picture).split(1)
    render = (0.5 * (render + truth)).requires_grad_()
    size = 512 if distance != "l2" else 227  # an odd number of pixels to crop
    loss = DinoLoss(network, DinoLossConfig(layers, distance=distance, image_size=size))

    ours = loss(render, truth)
    gradient = torch.autograd.grad(ours, render)[0]
    features = [package_features(published, x, layers, size) for x in (render, truth)]
    theirs = package_loss(*features, distance)
    expected = torch.autograd.grad(theirs, render)[0]

    assert theirs.item() > 0.01
    assert ours.item() == pytest.approx(theirs.item(), abs=1e-5)
    torch.testing.assert_close(gradient, expected, atol=1e-5 * expected.abs().max(), rtol=1e-4)


def test_the_default_is_the_papers_setting():
    config = DinoLossConfig()
    assert (config.layers, config.tokens, config.distance) == ((8, 11), "class+patch", "cosine")


def test_the_class_token_loss_compares_the_eighth_layers_class_token(published, network):
    render, truth = pictures(2, (64, 64)).split(1)
    ours, theirs = (package_features(published, x, (8,))[:, 0] for x in (render, truth))
    expected = 1 - functional.cosine_similarity(ours, theirs).mean()
    assert expected > 0.01
    assert ClassTokenLoss(network)(render, truth).item() == pytest.approx(expected.item(), abs=1e-5)


def test_class_and_patch_tokens_can_be_compared_alone(network):
    render, truth = pictures(2, (56, 56)).split(1)
    values = {
        tokens: DinoLoss(network, DinoLossConfig((4,), tokens, image_size=56))(render, truth)
        for tokens in ("class", "patch", "class+patch")
    }
    both = (values["class"] + 16 * values["patch"]) / 17
    torch.testing.assert_close(values["class+patch"], both, atol=1e-6, rtol=1e-5)
    assert not torch.isclose(values["class"], values["patch"], rtol=1e-3)


def test_states_are_those_before_the_final_norm(published, network):
    images = pictures(1, (42, 70))
    states = published(normalise(images), output_hidden_states=True).hidden_states
    for index, ours in zip((0, 3, 12), network.hidden_states(images, (0, 3, 12)), strict=True):
        torch.testing.assert_close(ours, states[index], atol=1e-5, rtol=1e-5)
    with pytest.raises(ValueError, match=r"0\.\.12"):
        network.hidden_states(images, (13,))
    normed = network(images, (2,))[0]
    torch.testing.assert_close(network.norm(network.hidden_states(images, (3,))[0]), normed)


@pytest.mark.parametrize(
    ("mode", "filter_"),
    [("bicubic", Image.Resampling.BICUBIC), ("bilinear", Image.Resampling.BILINEAR)],
)
@pytest.mark.parametrize("shape", [(48, 40), (31, 77)])
def test_pictures_are_resized_as_pillow_does(mode, filter_, shape):
    picture = pictures(1, (60, 55))
    ours = resize(picture, *shape, mode)[0]
    for channel, result in zip(picture[0].numpy(), ours, strict=True):
        expected = Image.fromarray(channel, mode="F").resize(shape[::-1], filter_)
        np.testing.assert_allclose(result, np.array(expected), atol=2e-6)


def test_the_middle_is_kept():
    picture = torch.arange(512.0).expand(1, 3, 512, 512)
    assert centre_crop(picture, 504)[0, 0, 0, [0, -1]].tolist() == [4, 507]
    assert centre_crop(picture[..., 1:], 504)[0, 0, 0, [0, -1]].tolist() == [5, 508]
    assert resize_shorter_edge(picture[..., :256, :], 128, "bicubic").shape == (1, 3, 128, 256)
