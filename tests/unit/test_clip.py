"""CLIP as a style encoder against open_clip's own loaders and preparation of pictures."""

import sys
import warnings

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from inference.device import CPU
from inference.editing.preset_editor import PresetEditor
from inference.editing.types import EditRequest
from inference.errors import InvalidModelError, UsageError
from inference.face_map.labels import Label
from inference.features.clip import CLIP_MEAN, CLIP_STD, clip_shapes, load_clip
from inference.files import resource_path
from inference.head.template import HeadTemplate
from inference.model.config import PRESETS
from inference.portrait.types import CropBox, PreparedPortrait
from inference.progress import CancelToken, no_progress
from inference.torchvision_repair import repair_torchvision
from tests.unit.editing_files import TINY, write_editing

repaired = repair_torchvision()
KINDS = ["TorchScript", "state dictionary", "safetensors"]
PROMPTS = ["grey curly hair", "a man with a beard", "x " * 200, ""]


@pytest.fixture(scope="module")
def open_clip():
    if not repaired:
        pytest.skip("open_clip needs torchvision, which is not installed")
    return pytest.importorskip("open_clip")


def shapes(width, layers, patch, size, text_width, text_layers):
    vision = {
        "layers": layers,
        "width": width,
        "head_width": 64,
        "patch_size": patch,
        "image_size": size,
    }
    text = {
        "context_length": 77,
        "vocab_size": 49408,
        "width": text_width,
        "heads": text_width // 64,
        "layers": text_layers,
    }
    return vision, text


@pytest.fixture(scope="module")
def network(open_clip):
    torch.manual_seed(0)
    vision, text = shapes(128, 2, 14, 56, 64, 2)
    tiny = open_clip.CLIP(
        32, open_clip.CLIPVisionCfg(**vision), open_clip.CLIPTextCfg(**text), quick_gelu=True
    )
    for parameter in tiny.parameters():
        if parameter.ndim > 0:
            torch.nn.init.normal_(parameter, std=0.15)
    return tiny.half().float().eval()  # what is published is half precision


@pytest.fixture(scope="module")
def files(open_clip, network, tmp_path_factory):
    """The same weights as OpenAI and open_clip publish theirs."""
    folder = tmp_path_factory.mktemp("clip")
    paths = {kind: folder / f"{kind}.pt" for kind in KINDS[:2]}
    paths["safetensors"] = folder / "open_clip_model.safetensors"
    example = torch.zeros(1, 3, 56, 56), torch.ones(1, 77, dtype=torch.int64)
    with warnings.catch_warnings(action="ignore"):  # of shapes that a trace fixes
        traced = torch.jit.trace(network, example, check_trace=False)
    torch.jit.save(traced, paths["TorchScript"])
    torch.save(network.state_dict(), paths["state dictionary"])
    save_file(network.state_dict(), paths["safetensors"])
    return paths


@pytest.fixture(scope="module")
def photograph():
    return Image.open(resource_path("samples/astronaut.png")).convert("RGB").crop((60, 0, 440, 300))


def as_tensor(picture):
    return torch.from_numpy(np.array(picture, np.float32) / 255).permute(2, 0, 1)[None]


@pytest.mark.parametrize("kind", KINDS)
def test_both_towers_agree_with_open_clip_s_own_loader(open_clip, files, kind, photograph):
    published = str(files["state dictionary"])
    theirs = open_clip.load_openai_model(published, precision="fp32", device="cpu")
    ours = load_clip(files[kind])
    assert (ours.name, ours.width) == ("clip-vit-128-14", 32)

    square = as_tensor(photograph.crop((0, 0, 56, 56)))
    mean, std = (torch.tensor(values)[:, None, None] for values in (CLIP_MEAN, CLIP_STD))
    with torch.no_grad():
        pictures = theirs.encode_image((square - mean) / std, normalize=True)
        words = theirs.encode_text(open_clip.tokenize(PROMPTS), normalize=True)
    torch.testing.assert_close(ours.embed_images(square), pictures, atol=1e-5, rtol=0)
    torch.testing.assert_close(ours.embed_texts(PROMPTS), words, atol=1e-5, rtol=0)


def test_style_vectors_are_unit_float32_and_follow_their_content(files, photograph):
    style = load_clip(files["TorchScript"])
    pictures = torch.cat([as_tensor(photograph), as_tensor(photograph).flip(1)])
    for vectors in (style.embed_images(pictures), style.embed_texts(PROMPTS[:2])):
        assert vectors.shape == (2, style.width)
        assert vectors.dtype == torch.float32
        assert not vectors.requires_grad
        torch.testing.assert_close(vectors.norm(dim=1), torch.ones(2))
        assert (vectors[0] - vectors[1]).norm() > 0.01
    assert style.embed_texts([]).shape == (0, style.width)


@pytest.mark.parametrize("size", [(380, 300), (300, 380), (57, 56), (40, 200)])
def test_pictures_are_prepared_as_open_clip_does(open_clip, files, photograph, size):
    """The same steps on the same numbers; on a PIL picture, rounded to 8 bits in between."""
    picture = photograph.resize(size)
    transform = open_clip.image_transform(56, is_train=False, mean=CLIP_MEAN, std=CLIP_STD)
    resize, crop, *_, normalise = transform.transforms
    prepared = load_clip(files["TorchScript"]).prepare(as_tensor(picture))
    expected = normalise(crop(resize(as_tensor(picture))).clamp(0, 1))
    torch.testing.assert_close(prepared, expected, atol=1e-5, rtol=0)
    assert (prepared[0] - transform(picture)).abs().mean() < 0.02


def test_openai_s_weights_get_quick_gelu(files, photograph):
    """The file does not say; the wrong one gives plausible but different vectors."""
    picture = as_tensor(photograph)
    quick, plain = (load_clip(files["safetensors"], quick_gelu=quick) for quick in (True, False))
    assert torch.equal(
        load_clip(files["TorchScript"]).embed_images(picture), quick.embed_images(picture)
    )
    assert (quick.embed_images(picture) - plain.embed_images(picture)).norm() > 1e-3


@pytest.mark.parametrize("name", ["ViT-L-14", "ViT-B-32"])
def test_the_shapes_of_the_published_ones_are_read_off_their_tensors(open_clip, name):
    config = open_clip.get_model_config(name)
    with torch.device("meta"):
        model = open_clip.CLIP(
            config["embed_dim"],
            open_clip.CLIPVisionCfg(**config["vision_cfg"]),
            open_clip.CLIPTextCfg(**config["text_cfg"]),
        )
    width, vision, text = clip_shapes(model.state_dict())
    assert width == {"ViT-L-14": 768, "ViT-B-32": 512}[name]
    assert vision == {"head_width": 64, **config["vision_cfg"]}
    assert text == config["text_cfg"]


def test_words_and_pictures_make_heads_of_a_full_preset(files, photograph, tmp_path, monkeypatch):
    template, clip = HeadTemplate.load(), load_clip(files["safetensors"])
    monkeypatch.setitem(PRESETS, "tiny", TINY)
    write_editing(tmp_path / "editing.safetensors", template, clip.name, clip.width)
    asked = []

    def load_style(name, device):
        asked.append(name)
        return clip

    editor = PresetEditor(template, "tiny", tmp_path / "model.safetensors", CPU, load_style)
    quiet = no_progress, CancelToken()
    labels = np.full((64, 64), Label.FACE, np.uint8)
    pixels = np.array(photograph.resize((256, 256)), np.float32) / 255
    portrait = PreparedPortrait(
        pixels, np.ones((256, 256), np.float32), CropBox(128, 128, 256), None
    )
    styles = [editor.style_of_text(words, *quiet) for words in ("grey hair", "a red beard")]
    styles.append(editor.style_of_portrait(portrait, *quiet))
    assert asked == [clip.name]  # as the weights name it, once
    heads = [editor.edit(EditRequest(labels, style), *quiet).gaussians for style in styles]
    for one, other in ((0, 1), (1, 2)):
        assert np.abs(heads[one].colours - heads[other].colours).max() > 1e-4


def test_an_absent_package_is_told(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "open_clip", None)
    file = tmp_path / "ViT-L-14.pt"
    file.write_bytes(b"")
    with pytest.raises(UsageError, match=r"open_clip_torch.*pip install 'perchead\[semantic\]'"):
        load_clip(file)


def test_an_absent_file_is_told_first(tmp_path):
    with pytest.raises(InvalidModelError, match="choose the weights of CLIP"):
        load_clip(tmp_path / "absent.pt")


@pytest.mark.parametrize("damage", ["empty", "part missing", "another network"])
def test_files_that_are_no_clip_are_told(open_clip, network, tmp_path, damage):
    path = tmp_path / "ViT-B-32.pt"
    weights = dict(network.state_dict())
    if damage == "empty":
        path.write_bytes(b"")
    elif damage == "part missing":
        del weights["transformer.resblocks.1.mlp.c_fc.weight"]
        torch.save(weights, path)
    else:
        torch.save({"embeddings.cls_token": torch.zeros(1, 1, 64)}, path)
    with pytest.raises(InvalidModelError, match="download it again"):
        load_clip(path)
