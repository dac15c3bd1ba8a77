"""What the model relies on from the frozen image backbones."""

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from inference.catalogue.store import ModelStore
from inference.errors import InvalidModelError, UsageError
from inference.features.dinov2 import load_dinov2, vit_of_published
from inference.features.embedded import load_embedded_backbone
from inference.features.published import EMBEDDED, load_backbone
from inference.features.vit import IMAGENET_MEAN, IMAGENET_STD, VitConfig, build_vit
from inference.files import resource_path

VARIANTS = ["plain", "gated", "registers"]


@pytest.fixture(scope="module", params=["embedded", *VARIANTS])
def backbone(request, tmp_path_factory):
    """Each of the networks that a model may be built on; published ones are small and random."""
    if request.param == "embedded":
        return load_embedded_backbone()
    folder = tmp_path_factory.mktemp(request.param)
    save_variant(folder, request.param)
    return load_dinov2(folder)


def tiny(**changes):
    return VitConfig(embed_dim=24, depth=3, heads=2, grid=4, **changes)


def test_same_features_at_any_position_in_the_list_and_after_unused_blocks(backbone):
    images = torch.rand(1, 3, 56, 84, generator=torch.manual_seed(0))
    late, early = backbone(images, (2, 1))
    (alone,) = backbone(images, (1,))
    assert late.shape == early.shape == (1, 1 + 4 * 6, backbone.embed_dim)
    assert torch.equal(early, alone)
    assert not torch.allclose(early, late)


def test_features_follow_the_content_of_a_photograph():
    """A patch of a shifted photograph is most like the patch that showed the same thing."""
    backbone = load_embedded_backbone()
    photograph = Image.open(resource_path("samples/astronaut.png")).convert("RGB")
    square = np.asarray(photograph.crop((100, 0, 408, 308)), np.float32) / 255
    image = torch.from_numpy(square).permute(2, 0, 1)[None]
    (original,) = backbone(image[..., :280, :280], (6,))
    (moved,) = backbone(image[..., 28:, 28:], (6,))
    a = torch.nn.functional.normalize(original[0, 1:].reshape(20, 20, -1)[2:, 2:], dim=-1)
    b = torch.nn.functional.normalize(moved[0, 1:].reshape(20, 20, -1)[:18, :18], dim=-1)
    best = (b.flatten(0, 1) @ a.flatten(0, 1).T).argmax(1)
    dy = torch.div(best, 18, rounding_mode="floor") - torch.arange(18).repeat_interleave(18)
    dx = best % 18 - torch.arange(18).repeat(18)
    assert ((dx.abs() <= 1) & (dy.abs() <= 1)).float().mean() > 0.8


def test_gradients_reach_the_image_and_not_the_weights(backbone):
    images = torch.rand(1, 3, 28, 28, generator=torch.manual_seed(0)).requires_grad_()
    backbone(images, (1,))[0].square().mean().backward()
    assert images.grad is not None
    assert float(images.grad.abs().sum()) > 0
    assert not any(p.requires_grad for p in backbone.parameters())


def test_unused_blocks_are_not_run(backbone):
    calls = []
    hooks = [b.register_forward_hook(lambda *_: calls.append(1)) for b in backbone.blocks]
    backbone(torch.zeros(1, 3, 28, 28), (1,))
    for hook in hooks:
        hook.remove()
    assert len(calls) == 2


@pytest.mark.parametrize("size", [(27, 28), (28, 30)])
def test_wrong_sizes_are_refused(backbone, size):
    with pytest.raises(ValueError, match="multiples of 14"):
        backbone(torch.zeros(1, 3, *size), (0,))


@pytest.mark.parametrize("layers", [(), (12,), (-1,)])
def test_missing_layers_are_refused(backbone, layers):
    with pytest.raises(ValueError, match="layers"):
        backbone(torch.zeros(1, 3, 28, 28), layers)


def test_weights_of_another_shape_are_refused():
    with pytest.raises(RuntimeError):
        build_vit(tiny(), {})


def test_a_damaged_file_is_told(tmp_path, monkeypatch):
    damaged = tmp_path / "vit.safetensors"
    damaged.write_bytes(resource_path("networks/vit_s14.safetensors").read_bytes()[:5000])
    monkeypatch.setattr("inference.features.embedded.resource_path", lambda name: damaged)
    with pytest.raises(InvalidModelError, match="install PercHead again"):
        load_embedded_backbone()


def save_published(folder, config_class, model_class, **changes):
    """Write a small random network as its publisher would, and return it."""
    torch.manual_seed(0)
    config = config_class(
        hidden_size=128,
        num_hidden_layers=3,
        num_attention_heads=2,
        image_size=56,
        patch_size=14,
        layerscale_value=0.5,
        **changes,
    )
    network = model_class(config).eval()
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    network.save_pretrained(folder)
    return network


def save_variant(folder, variant):
    import transformers

    if variant == "registers":
        classes = transformers.Dinov2WithRegistersConfig, transformers.Dinov2WithRegistersModel
        return save_published(folder, *classes, num_register_tokens=4)
    classes = transformers.Dinov2Config, transformers.Dinov2Model
    return save_published(folder, *classes, use_swiglu_ffn=variant == "gated")


@pytest.mark.parametrize("variant", VARIANTS)
def test_published_networks_give_the_features_of_transformers(tmp_path, variant):
    reference = save_variant(tmp_path, variant)
    ours = load_dinov2(tmp_path)
    assert (ours.embed_dim, ours.patch_size) == (128, 14)

    images = torch.rand(2, 3, 42, 70, generator=torch.manual_seed(1))
    mean, std = torch.tensor(IMAGENET_MEAN), torch.tensor(IMAGENET_STD)
    pixels = (images - mean[:, None, None]) / std[:, None, None]
    with torch.no_grad():
        states = reference(pixels, output_hidden_states=True).hidden_states
        expected = [reference.layernorm(states[layer + 1]) for layer in (0, 2)]
    if variant == "registers":
        expected = [torch.cat([e[:, :1], e[:, 5:]], dim=1) for e in expected]
    for a, b in zip(ours(images, (0, 2)), expected, strict=True):
        assert a.shape == (2, 1 + 15, 128)
        torch.testing.assert_close(a, b, atol=2e-5, rtol=1e-5)
    half = load_dinov2(tmp_path, dtype=torch.bfloat16)
    assert {parameter.dtype for parameter in half.parameters()} == {torch.bfloat16}
    (rough,) = half(images, (0,))
    assert rough.dtype == torch.float32
    assert (rough - expected[0]).norm() < 0.05 * expected[0].norm()


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_streamed_blocks_stay_where_they_are_and_give_the_same_features(tmp_path, dtype):
    import transformers

    save_published(tmp_path, transformers.Dinov2Config, transformers.Dinov2Model)
    images = torch.rand(1, 3, 42, 70, generator=torch.manual_seed(1))
    whole = load_dinov2(tmp_path, dtype=dtype)
    streamed = load_dinov2(tmp_path, dtype=dtype, streamed=True)
    assert streamed.embed_dim == 128
    for a, b in zip(streamed(images, (0, 2)), whole(images, (0, 2)), strict=True):
        assert torch.equal(a, b)

    # The meta device stands for a GPU: it takes no weights but those that are sent to it.
    streamed = load_dinov2(tmp_path, "meta", dtype, streamed=True)
    assert all(parameter.is_meta for parameter in streamed.parameters())
    assert sum(p.numel() for p in streamed.parameters()) < 0.2 * sum(
        p.numel() for p in whole.parameters()
    )
    (features,) = streamed(images.to("meta"), (2,))
    assert (features.device.type, features.shape) == ("meta", (1, 16, 128))


@pytest.mark.parametrize("content", [b"", b"not a network", b"\xff" * 64])
def test_files_that_are_no_network_are_told(tmp_path, content):
    file = tmp_path / "model.safetensors"
    file.write_bytes(content)
    with pytest.raises(InvalidModelError, match="download it again"):
        load_dinov2(file)


def test_missing_weights_are_told(tmp_path):
    with pytest.raises(InvalidModelError, match="no DINOv2 weights"):
        load_dinov2(tmp_path)
    with pytest.raises(InvalidModelError, match="no DINOv2 weights"):
        load_dinov2(tmp_path / "absent.safetensors")


def test_weights_of_another_network_are_told(tmp_path):
    save_file({"embeddings.cls_token": torch.zeros(1, 1, 64)}, tmp_path / "other.safetensors")
    with pytest.raises(InvalidModelError):
        load_dinov2(tmp_path / "other.safetensors")


def published_giant(registers):
    """Names and shapes of facebook/dinov2-giant as published, without numbers."""

    def empty(*shape):
        return torch.empty(shape, device="meta")

    width, hidden = 1536, 4096
    tensors = {
        "embeddings.cls_token": empty(1, 1, width),
        "embeddings.mask_token": empty(1, width),
        "embeddings.position_embeddings": empty(1, 1 + 37**2, width),
        "embeddings.patch_embeddings.projection.weight": empty(width, 3, 14, 14),
        "embeddings.patch_embeddings.projection.bias": empty(width),
        "layernorm.weight": empty(width),
        "layernorm.bias": empty(width),
    }
    if registers:
        tensors["embeddings.register_tokens"] = empty(1, 4, width)
    for block in range(40):
        name = f"encoder.layer.{block}"
        linears = {
            **{f"attention.attention.{x}": (width, width) for x in ("query", "key", "value")},
            "attention.output.dense": (width, width),
            "mlp.weights_in": (2 * hidden, width),
            "mlp.weights_out": (width, hidden),
        }
        for part, shape in linears.items():
            tensors[f"{name}.{part}.weight"] = empty(*shape)
            tensors[f"{name}.{part}.bias"] = empty(shape[0])
        for part in ("norm1.weight", "norm1.bias", "norm2.weight", "norm2.bias"):
            tensors[f"{name}.{part}"] = empty(width)
        for part in ("layer_scale1.lambda1", "layer_scale2.lambda1"):
            tensors[f"{name}.{part}"] = empty(width)
    return tensors


@pytest.mark.parametrize("registers", [False, True])
def test_the_giant_is_built_around_its_tensors_without_numbers_of_its_own(registers):
    """On the meta device it takes no memory at all, so nothing was initialised on the way."""
    published = published_giant(registers)
    network = vit_of_published(published)
    assert all(parameter.is_meta for parameter in network.parameters())
    count = sum(p.numel() for p in network.parameters())
    assert count == sum(t.numel() for n, t in published.items() if "mask_token" not in n)
    images = torch.zeros(1, 3, 518, 518, device="meta")
    for features in network(images, (9, 19, 29, 39)):
        assert features.shape == (1, 1 + 37**2, 1536)


def test_a_preset_s_backbone_is_looked_for_in_the_catalogue(tmp_path):
    import transformers

    store = ModelStore(tmp_path, tmp_path / "shared")
    with pytest.raises(InvalidModelError, match="models get dinov2-small"):
        load_backbone("dinov2-small", store=store)
    with pytest.raises(UsageError, match="no model"):
        load_backbone("another", store=store)
    assert load_backbone(EMBEDDED, store=store).embed_dim == 384

    # The register variant's files have no published length: a small stand-in is whole.
    folder = tmp_path / "dinov2-with-registers-small"
    classes = transformers.Dinov2WithRegistersConfig, transformers.Dinov2WithRegistersModel
    save_published(folder, *classes, num_register_tokens=4)
    network = load_backbone("dinov2-with-registers-small", store=store)
    assert network.config.registers == 4
