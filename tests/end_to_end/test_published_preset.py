"""A preset with a published backbone, from the user's models to a head, as typed.

Preset and backbone are tiny; files and folders are laid out as the published ones.
"""

import hashlib
import json
from dataclasses import replace

import numpy as np
import pytest
import torch
import transformers

from desktop.__main__ import main
from inference.export.ply import read_ply
from inference.files import resource_path
from inference.head.flame import sample_flame
from inference.head.gaussians import NUM_GAUSSIANS
from inference.head.template import HeadTemplate
from inference.model import config as configs
from inference.model.checkpoint import CheckpointInfo, save_checkpoint
from inference.model.config import BackboneConfig, DecoderConfig, EncoderConfig, VitConfig
from inference.model.untrained import untrained_model
from tests.unit.flame_head import flame_like, write_flame

# The catalogue's one DINOv2 whose length is not published: a small stand-in is whole.
BACKBONE = "dinov2-with-registers-small"
TINY = replace(
    configs.PRESETS["light-s"],
    name="tiny",
    encoder=EncoderConfig(
        56, BackboneConfig(BACKBONE, 64, (0, 1), depth=2), VitConfig(width=16), hidden=32
    ),
    decoder=DecoderConfig(width=64, layers=1, heads=2),
)


def save_backbone(folder, width=64):
    torch.manual_seed(0)
    config = transformers.Dinov2WithRegistersConfig(
        hidden_size=width,
        num_hidden_layers=2,
        num_attention_heads=width // 64,
        image_size=56,
        patch_size=14,
        num_register_tokens=4,
    )
    transformers.Dinov2WithRegistersModel(config).save_pretrained(folder)


@pytest.fixture
def perchead(tmp_path, monkeypatch, capsys):
    """Types `reconstruct` for the tiny preset: (exit status, error text, output folder)."""
    monkeypatch.setitem(configs.PRESETS, "tiny", TINY)
    monkeypatch.setenv("PERCHEAD_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    template = HeadTemplate.load()
    torch.manual_seed(0)
    model = untrained_model(TINY, torch.from_numpy(template.anchors.copy()), None)
    info = CheckpointInfo("tiny", {BACKBONE: 64}, template.template_id, "tests", "none")
    save_checkpoint(tmp_path / "ours.safetensors", model, TINY, info)
    info = replace(info, template_id=f"{template.topology}/flame")
    save_checkpoint(tmp_path / "flame.safetensors", model, TINY, info)

    def run(*words):
        capsys.readouterr()
        status = main(
            [
                *("reconstruct", str(resource_path("samples/astronaut.png"))),
                *("--out", str(tmp_path / "heads"), "--no-video", "--no-fit", "--size", "32"),
                *("--preset", "tiny", "--checkpoint", str(tmp_path / "ours.safetensors")),
                *words,
            ]
        )
        return status, capsys.readouterr().err, tmp_path / "heads" / "astronaut"

    return run


def digest(folder):
    return hashlib.sha256((folder / "head.ply").read_bytes()).hexdigest()


def test_the_backbone_comes_from_the_users_models_or_the_shared_cache(perchead, tmp_path):
    status, said, folder = perchead()
    assert status == 2
    assert said.count("\n") == 1
    assert f"models get {BACKBONE}" in said
    assert not folder.exists()

    save_backbone(tmp_path / "models" / BACKBONE)
    status, said, folder = perchead()
    assert status == 0, said
    assert len(read_ply(folder / "head.ply")) == NUM_GAUSSIANS
    report = json.loads((folder / "report.json").read_text())
    assert (report["model"], report["device"]) == ("tiny", "cpu")
    first = digest(folder)

    # Another folder, and where other programs keep theirs: the same head.
    elsewhere = tmp_path / "elsewhere"
    (tmp_path / "models" / BACKBONE).rename(elsewhere)
    status, said, folder = perchead("--backbone", str(elsewhere))
    assert (status, digest(folder)) == (0, first), said
    revision = "0d9846e56b43a21fa46d7f3f5070f0506a5795a9"
    snapshots = tmp_path / "hf" / "hub" / f"models--facebook--{BACKBONE}" / "snapshots"
    snapshots.mkdir(parents=True)
    elsewhere.rename(snapshots / revision)
    status, said, folder = perchead()
    assert (status, digest(folder)) == (0, first), said


def test_a_network_that_is_not_the_presets_is_told(perchead, tmp_path):
    save_backbone(tmp_path / "other", width=128)
    status, said, _ = perchead("--backbone", str(tmp_path / "other"))
    assert status == 2
    assert said.count("\n") == 1
    assert f"is not the network {BACKBONE}" in said


def test_weights_that_start_from_flame_take_the_users_and_the_others_never_do(
    perchead, tmp_path, capsys
):
    save_backbone(tmp_path / "models" / BACKBONE)
    flame = ("--checkpoint", str(tmp_path / "flame.safetensors"))
    status, said, _ = perchead(*flame)
    assert status == 2
    assert said.count("\n") == 1
    assert "models import flame FILE" in said
    assert perchead()[0] == 0
    before = digest(tmp_path / "heads" / "astronaut")

    template = HeadTemplate.load()
    mesh = flame_like(template)
    file = write_flame(tmp_path / "flame2023.pkl", mesh)
    assert main(["models", "import", "flame", str(file), "--accept-licence"]) == 0
    terms = capsys.readouterr().out
    assert "non-commercial research" in terms
    assert "CC-BY-4.0" in terms
    status, said, folder = perchead()
    assert (status, digest(folder)) == (0, before), said
    status, said, folder = perchead(*flame)
    assert status == 0, said
    places = read_ply(folder / "head.ply").means
    # Untrained weights leave the Gaussians about where they start.
    to_flame = np.linalg.norm(places - sample_flame(mesh, template)[1].anchors, axis=1)
    to_ours = np.linalg.norm(places - template.anchors, axis=1)
    assert np.median(to_flame) < 0.5 * np.median(to_ours)
    status, said, folder = perchead(*flame, "--fit")
    assert status == 0, said
    assert np.isfinite(read_ply(folder / "head.ply").means).all()
