"""Our checkpoints' names are documented, and other layouts are converted without losses."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

import inference.model
from inference.errors import InvalidModelError
from inference.model.checkpoint import CheckpointInfo, load_checkpoint
from inference.model.config import (
    PRESETS,
    BackboneConfig,
    DecoderConfig,
    EncoderConfig,
    GaussianHeadConfig,
    ModelConfig,
    SharpeningConfig,
    VitConfig,
)
from inference.model.editing import EditingModel, editing_config
from inference.model.key_map import (
    convert,
    convert_checkpoint,
)
from inference.model.layout import LETTERS, dimensions, layout_table, part_of
from inference.model.reconstruction import ReconstructionModel

TINY = ModelConfig(
    name="tiny",
    encoder=EncoderConfig(28, BackboneConfig("any", 12, (0, 2)), VitConfig(8, 2, 2), hidden=20),
    decoder=DecoderConfig(width=32, layers=3, heads=2, patches=6),
    head=GaussianHeadConfig(),
    sharpening=SharpeningConfig(width=4, levels=2),
)
INFO = CheckpointInfo("tiny", {"any": 12}, "hm08", "elsewhere", "CC0-1.0")


PAGE = (Path(inference.model.__file__).parent / "CHECKPOINTS.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def rules():
    """Those of the page's own converter."""
    converter = {}
    exec(PAGE.split("```python\n")[1].split("```")[0], converter)
    return converter["RULES"]


def build(config=TINY, seed=0):
    torch.manual_seed(seed)
    anchors = torch.zeros(config.decoder.patches, config.head.per_patch, 3)
    return ReconstructionModel(config, anchors, None)


@pytest.mark.parametrize("preset", [*PRESETS, "editing", "embedded editing"])
def test_every_tensor_has_a_row_with_its_shape(preset):
    with torch.device("meta"):
        if "editing" in preset:
            base = PRESETS["embedded" if "embedded" in preset else "paper"]
            config = editing_config(base, "a style network", 768)
            model = EditingModel(config, torch.zeros(4096, 16, 3))
        else:
            config = PRESETS[preset]
            model = build(config)
    values = dimensions(config) | {str(n): n for n in range(9)}
    values |= {f"2{letter}": 2 * values[letter] for letter in "DE"}
    values |= {f"{times}K": times * values["K"] for times in (3, 6)}
    for name, tensor in model.state_dict().items():
        _, shape = part_of(name)
        expected = [values.get(letter, -1) for letter in shape]
        agreed = [w == n or s == "*" for w, n, s in zip(expected, tensor.shape, shape, strict=True)]
        assert all(agreed), (name, shape, tuple(tensor.shape))
    assert set(dimensions(PRESETS["embedded"])) == set(LETTERS)


def test_the_page_shows_the_table():
    assert layout_table() in PAGE


def another_layout(model):
    """Fused or parted differently, other names, a convolution over patches, no constants."""
    theirs = {}
    for name, tensor in model.state_dict().items():
        if name.startswith(("head.start", "head.reach")) or name.endswith("_start"):
            continue
        other = name.replace("encoder.vit.blocks", "vit.block").replace("attention", "attn")
        if name == "encoder.vit.embed.weight":
            theirs["vit.patch_embed.proj.weight"] = tensor.unflatten(1, (3, 14, 14))
        elif name == "encoder.vit.embed.bias":
            theirs["vit.patch_embed.proj.bias"] = tensor
        elif "vit.blocks" in name and ".query." in name:
            pair = model.state_dict()[name.replace("query", "key_value")]
            theirs[other.replace("query", "qkv")] = torch.cat([tensor, pair])
        elif "vit.blocks" in name and ".key_value." in name:
            continue
        elif ".key_value." in name:
            key, value = tensor.chunk(2)
            theirs[other.replace("key_value", "k")] = key
            theirs[other.replace("key_value", "v")] = value
        else:
            theirs[other] = tensor
    return {name: tensor.clone() for name, tensor in theirs.items()}


@pytest.mark.parametrize("kind", ["safetensors", "pt"])
def test_another_layout_becomes_a_checkpoint_that_loads(rules, tmp_path, kind):
    model = build(seed=1)
    source, target = tmp_path / f"theirs.{kind}", tmp_path / "ours.safetensors"
    theirs = another_layout(model)
    if kind == "pt":
        torch.save({"state_dict": theirs}, source)
    else:
        save_file(theirs, source)
    convert_checkpoint(source, target, TINY, rules, INFO)
    loaded = build(seed=2)
    assert load_checkpoint(target, loaded, TINY) == INFO
    for name, tensor in model.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], tensor), name


def misfit(theirs, rules, **options):
    with pytest.raises(InvalidModelError) as caught:
        convert(theirs, rules, build().state_dict(), **options)
    return str(caught.value)


def test_nothing_is_lost_left_over_or_misshapen(rules):
    theirs = another_layout(build())
    more = theirs | {"optimizer.step": torch.zeros(1)}
    assert "optimizer.step is not known" in misfit(more, rules)
    assert convert(more, rules, build().state_dict(), ignored=["optimizer.{w}", "optimizer.step"])
    untold = [rule for rule in rules if rule.ours != ("template.query",)]
    assert "nothing becomes template.query" in misfit(theirs, untold, ignored=["template.query"])
    without = {name: t for name, t in theirs.items() if name != "decoder.layers.1.attn.v.bias"}
    assert "there is no decoder.layers.1.attn.v.bias" in misfit(without, rules)
    wider = theirs | {"template.query": torch.zeros(6, 33)}
    assert "template.query would be (6, 33), not (6, 32)" in misfit(wider, rules)
    odd = theirs | {"vit.block.1.attn.qkv.bias": torch.zeros(25)}
    assert "vit.block.1.attn.qkv.bias has an unexpected shape" in misfit(odd, rules)
    deeper = replace(TINY, decoder=replace(TINY.decoder, layers=4))
    assert "has no decoder.layers.3" in misfit(another_layout(build(deeper)), rules)


def test_files_that_are_none_are_told(rules, tmp_path):
    for name in ("absent.safetensors", "absent.pt"):
        with pytest.raises(InvalidModelError):
            convert_checkpoint(tmp_path / name, tmp_path / "out", TINY, rules, INFO)
    assert not list(tmp_path.iterdir())
