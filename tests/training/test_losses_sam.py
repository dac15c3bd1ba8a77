"""The SAM 2.1 loss against the authors' formula on transformers' own network."""

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch.nn import functional

from inference.errors import InvalidModelError, UsageError
from tests.training.loss_networks import (
    normalise,
    pictures,
    randomise,
    tiny_sam2,
    tiny_sam2_config,
)
from training.losses.backbones import Sam2ImageEncoder, load_sam2_encoder
from training.losses.sam import SamLoss, SamLossConfig


def package_loss(model, render, truth, distance, size):
    """`SAMLoss.forward` of PyPI's sam_loss 0.0.3 (Apache-2.0).

    Its set_image_batch_backprop resizes with torchvision's default, normalises, and gives the
    coarsest map plus the no-memory embedding: here transformers' own `get_image_embeddings`.
    """
    features = []
    for picture in (render, truth):
        pixels = functional.interpolate(picture, (size, size), mode="bilinear", antialias=True)
        features.append(model.get_image_embeddings(normalise(pixels))[-1])
    if distance == "l1":
        return functional.l1_loss(*features)
    ours, theirs = (functional.normalize(x, dim=1) for x in features)
    return 1 - (ours * theirs).sum(dim=1).mean()


@pytest.mark.parametrize(
    ("size", "distance"),
    [(1024, "l1"), (128, "cosine")],
    ids=["the package's defaults", "the paper's distance, small"],
)
def test_agrees_with_the_authors_package(size, distance):
    model = tiny_sam2(size)
    count = 1 if size == 1024 else 2
    render, truth = pictures(2 * count, (200, 180)).split(count)
    loss = SamLoss(Sam2ImageEncoder(model), SamLossConfig(distance, size))
    with torch.no_grad():
        ours = loss(render, truth)
    theirs = package_loss(model, render, truth, distance, size)
    assert theirs.item() > 0.01
    assert ours.item() == pytest.approx(theirs.item(), abs=1e-5)


def test_the_default_is_the_papers_setting():
    assert SamLossConfig() == SamLossConfig(distance="cosine", image_size=1024)


def test_the_gradient_reaches_the_picture_although_transformers_forbids_it():
    model = tiny_sam2()
    picture = pictures(1, (128, 128)).requires_grad_()
    assert not model.get_image_embeddings(normalise(picture))[-1].requires_grad
    embedding = Sam2ImageEncoder(model)(picture)
    torch.testing.assert_close(
        embedding, model.get_image_embeddings(normalise(picture))[-1], atol=1e-6, rtol=1e-6
    )
    assert torch.autograd.grad(embedding.sum(), picture)[0].abs().min() > 0


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """What the hub holds: a video model's configuration and weights."""
    import transformers

    path = tmp_path_factory.mktemp("sam2")
    randomise(transformers.Sam2VideoModel(tiny_sam2_config(video=True)), 2).save_pretrained(path)
    return path


@pytest.mark.parametrize("checkpointing", [False, True])
def test_a_published_folder_is_read(folder, checkpointing):
    import transformers

    images = pictures(1, (128, 128))
    video = transformers.Sam2VideoModel.from_pretrained(folder)
    maps = video.vision_encoder(normalise(images)).fpn_hidden_states
    expected = maps[-1] + video.no_memory_embedding.reshape(1, -1, 1, 1)
    encoder = load_sam2_encoder(folder, checkpointing=checkpointing)
    torch.testing.assert_close(encoder(images), expected, atol=1e-6, rtol=1e-6)
    assert load_sam2_encoder(folder, dtype=torch.bfloat16)(images).dtype == torch.bfloat16


def test_what_is_no_network_is_told(folder, tmp_path):
    with pytest.raises(InvalidModelError, match="download it"):
        load_sam2_encoder(tmp_path)
    (tmp_path / "config.json").write_text((folder / "config.json").read_text())
    weights = load_file(folder / "model.safetensors")
    del weights["vision_encoder.neck.convs.0.weight"]
    save_file(weights, tmp_path / "model.safetensors", {"format": "pt"})
    with pytest.raises(InvalidModelError, match=r"lacks .*vision_encoder\.neck"):
        load_sam2_encoder(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"\xff" * 64)
    with pytest.raises(InvalidModelError, match="download it again"):
        load_sam2_encoder(tmp_path)


def test_absent_transformers_is_told(monkeypatch, tmp_path):
    monkeypatch.setitem(__import__("sys").modules, "transformers", None)
    with pytest.raises(UsageError, match="install"):
        load_sam2_encoder(tmp_path)
