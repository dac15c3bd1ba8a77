"""Checkpoints: what is saved comes back, and a bad file is told in one sentence."""

import json
from contextlib import suppress
from dataclasses import replace

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from inference.errors import InvalidModelError, UsageError
from inference.model.checkpoint import (
    LATER_TENSORS,
    CheckpointInfo,
    load_checkpoint,
    read_info,
    save_checkpoint,
)
from inference.model.config import PRESETS, DecoderConfig, VitConfig, preset_config
from inference.model.loading import load_reconstruction_model
from inference.model.reconstruction import ReconstructionModel

EMBEDDED = preset_config("embedded")
CONFIG = replace(
    EMBEDDED,
    encoder=replace(EMBEDDED.encoder, vit=VitConfig(16, 1, 2), hidden=16),
    decoder=DecoderConfig(width=32, layers=1, heads=2, patches=6),
    low_rank=replace(EMBEDDED.low_rank, shape=3, colour=2, queries=2),
)
INFO = CheckpointInfo("embedded", {"focus-small": 384}, "hm08", "a test", "CC0-1.0")


def build(seed=0):
    torch.manual_seed(seed)
    return ReconstructionModel(CONFIG, torch.zeros(6, 16, 3), None)


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "model.safetensors"
    save_checkpoint(path, build(1), CONFIG, INFO)
    return path


def test_what_is_saved_comes_back(saved):
    model = build(2)
    assert load_checkpoint(saved, model, CONFIG) == INFO == read_info(saved)
    for name, tensor in build(1).state_dict().items():
        assert torch.equal(tensor, model.state_dict()[name]), name


def test_half_precision_halves_the_file_and_loads_in_full(saved, tmp_path):
    small = tmp_path / "small.safetensors"
    save_checkpoint(small, build(1), CONFIG, INFO, torch.float16)
    assert small.stat().st_size < 0.6 * saved.stat().st_size
    model = build(2)
    load_checkpoint(small, model, CONFIG)
    assert {p.dtype for p in model.parameters()} == {torch.float32}
    expected = build(1).template.query
    assert torch.allclose(model.template.query, expected, rtol=1e-3, atol=1e-6)


def test_what_nothing_listens_to_need_not_be_stored(saved, tmp_path):
    small = tmp_path / "small.safetensors"
    model = build(1)
    save_checkpoint(small, model, CONFIG, INFO, leave_out=model.silent_parts)
    assert small.stat().st_size < saved.stat().st_size
    assert not any(name.startswith("decoder.") for name in load_file(small))
    read = build(2)
    assert load_checkpoint(small, read, CONFIG) == INFO
    for name, tensor in read.state_dict().items():
        kept = build(2) if name.startswith(model.silent_parts) else build(1)
        assert torch.equal(tensor, kept.state_dict()[name]), name


def test_what_was_trained_is_stored(tmp_path):
    model = build(1)
    model.head.colour.weight.data.fill_(0.1)
    assert model.silent_parts == ()


def test_nothing_else_may_be_missing(saved, tmp_path):
    tensors = load_file(saved)
    with safe_open(saved, framework="pt") as file:
        metadata = file.metadata()
    metadata["left_out"] = json.dumps(["decoder."])
    for missing, well in (("decoder.norm.weight", True), ("head.start", False)):
        fewer = tmp_path / f"{missing}.safetensors"
        kept = {name: tensor for name, tensor in tensors.items() if name != missing}
        save_file(kept, fewer, metadata=metadata)
        if well:
            load_checkpoint(fewer, build(2), CONFIG)
        else:
            refused(fewer)


def refused(path, config=CONFIG, match="."):
    """Loading is refused with a sentence, and the model stays as it was."""
    model = build(3)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    with pytest.raises(InvalidModelError, match=match) as caught:
        load_checkpoint(path, model, config)
    assert str(caught.value).endswith(".")
    assert all(torch.equal(before[n], t) for n, t in model.state_dict().items())


def test_a_missing_file_is_told(tmp_path):
    refused(tmp_path / "nothing.safetensors", match="missing")


@pytest.mark.parametrize("keep", [0, 5, 8, 300, 0.5, 0.999])
def test_a_truncated_file_is_told(saved, keep):
    data = saved.read_bytes()
    saved.write_bytes(data[: keep if isinstance(keep, int) else int(len(data) * keep)])
    refused(saved)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.binary(max_size=400))
def test_any_bytes_are_refused(tmp_path, data):
    path = tmp_path / "bytes.safetensors"
    path.write_bytes(data)
    refused(path)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.integers(0, 3000), st.integers(1, 255))
def test_a_flipped_header_byte_is_refused_or_harmless(saved, place, flip):
    """Wherever a byte of the header is damaged, nothing but our own error comes out."""
    data = bytearray(saved.read_bytes())
    data[place % len(data)] ^= flip
    path = saved.with_name("flipped.safetensors")
    path.write_bytes(bytes(data))
    with suppress(InvalidModelError):
        load_checkpoint(path, build(3), CONFIG)


def rewrite(path, change):
    """Write the file again after `change(tensors, metadata)`."""
    tensors = load_file(path)
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata()
    change(tensors, metadata)
    save_file(tensors, path, metadata=metadata)


def test_another_preset_is_told(saved):
    refused(saved, replace(CONFIG, name="light"), match="embedded")


@pytest.mark.parametrize(
    "change",
    [
        lambda tensors, _: tensors.update({"head.reach": torch.zeros(5, 16, 1)}),
        lambda tensors, _: tensors.pop("head.reach"),
        lambda tensors, _: tensors.update({"surplus": torch.zeros(1)}),
        lambda tensors, metadata: metadata.update(config="{}"),
    ],
    ids=["shape", "lacking", "surplus", "configuration"],
)
def test_a_file_of_another_version_is_told(saved, change):
    rewrite(saved, change)
    refused(saved, match="another version")


def test_a_file_from_before_splats_had_a_start_means_the_same_as_then(saved):
    def forget(tensors, _):
        for name in LATER_TENSORS:
            tensors.pop(name)

    rewrite(saved, forget)
    model = build(3)
    with torch.no_grad():
        model.head.scale_start.fill_(1)
        model.head.rotation_start.fill_(0.5)
    load_checkpoint(saved, model, CONFIG)
    assert (model.head.scale_start == 0).all()
    assert (model.head.rotation_start == torch.tensor([1.0, 0, 0, 0])).all()


@pytest.mark.parametrize(
    "change",
    [
        lambda tensors, _: tensors["head.reach"].fill_(float("nan")),
        lambda _, metadata: metadata.update(info="{"),
        lambda _, metadata: metadata.update(info=json.dumps([1, 2])),
        lambda _, metadata: metadata.update(info=json.dumps({"preset": 3})),
    ],
    ids=["not finite", "no JSON", "a list", "lacking"],
)
def test_a_damaged_file_is_told(saved, change):
    rewrite(saved, change)
    refused(saved, match="damaged")


def test_a_foreign_safetensors_file_is_told(tmp_path):
    path = tmp_path / "foreign.safetensors"
    save_file({"a": torch.zeros(2)}, path)
    refused(path, match="no checkpoint")


def test_loading_says_what_to_do(monkeypatch, tmp_path):
    class Template:
        anchors = torch.zeros(65536, 3).numpy()

    petabytes = replace(PRESETS["paper"], decoder=DecoderConfig(width=2**24))
    monkeypatch.setitem(PRESETS, "petabytes", petabytes)
    with pytest.raises(UsageError, match=r"GB are free: close other programs, or take a smaller"):
        load_reconstruction_model("petabytes", Template(), tmp_path / "model.safetensors")
    with pytest.raises(UsageError, match="choose one of paper"):
        load_reconstruction_model("huge", Template())
    with pytest.raises(InvalidModelError, match="checkpoint"):
        load_reconstruction_model("paper", Template())
