"""Sharpened pictures from the command line: by default where a CNN is there, and switched off."""

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inference.cli import main
from inference.export.ply import read_ply, write_ply
from inference.files import resource_path
from inference.head.gaussians import Gaussians
from inference.model.picture_sharpener import CnnSharpener
from inference.rendering.camera import HEAD_CENTRE, orbit_camera
from inference.rendering.selection import choose_renderer
from inference.rendering.sharpened import sharpened
from tests.sharpening_files import write_sharpening


@pytest.fixture
def head(tmp_path) -> Path:
    rng = np.random.default_rng(1)
    out = rng.normal(size=(3000, 3))
    out /= np.linalg.norm(out, axis=1, keepdims=True)
    gaussians = Gaussians(
        means=out * [0.08, 0.11, 0.1] + HEAD_CENTRE,
        quaternions=np.tile([1.0, 0, 0, 0], (3000, 1)),
        scales=np.full((3000, 3), 0.004),
        opacities=np.full(3000, 0.8),
        colours=rng.random((3000, 3)),
    )
    write_ply(gaussians, tmp_path / "head.ply")
    return tmp_path / "head.ply"


@pytest.fixture
def foreign(head) -> Path:
    """The same splats from another program."""
    path = head.with_name("foreign.ply")
    path.write_bytes(head.read_bytes().replace(b"comment PercHead head", b"comment somebody else"))
    return path


@pytest.fixture
def installed(tmp_path, monkeypatch) -> CnnSharpener:
    """An installation whose model has a sharpening network beside it."""
    models = tmp_path / "installation" / "resources" / "models"
    models.mkdir(parents=True)
    (models / "embedded.safetensors").touch()  # drawing reads no model
    cnn = write_sharpening(models / "sharpening.safetensors", "embedded", seed=3)
    monkeypatch.setattr(sys, "_MEIPASS", str(models.parent.parent), raising=False)
    return CnnSharpener(cnn)


@pytest.fixture
def bare(tmp_path, monkeypatch) -> None:
    """An installation without one."""
    models = tmp_path / "installation" / "resources" / "models"
    models.mkdir(parents=True)
    (models / "embedded.safetensors").touch()
    monkeypatch.setattr(sys, "_MEIPASS", str(models.parent.parent), raising=False)


def drawn(head: Path, *words: str) -> np.ndarray:
    out = head.with_name("out.png")
    assert main(["render", str(head), "--out", str(out), "--size", "72", *words]) == 0
    with Image.open(out) as picture:
        return np.asarray(picture)


def expected(head: Path, sharpener: CnnSharpener | None) -> np.ndarray:
    renderer = sharpened(choose_renderer(), sharpener)
    return renderer.render_rgba8(read_ply(head), orbit_camera(size=(72, 72)))[..., :3]


def test_heads_of_our_own_are_sharpened_unless_that_is_switched_off(head, installed):
    np.testing.assert_array_equal(drawn(head), expected(head, installed))
    np.testing.assert_array_equal(drawn(head, "--no-sharpen"), expected(head, None))
    assert np.abs(drawn(head).astype(int) - drawn(head, "--no-sharpen")).max() > 5


def test_splats_of_other_programs_are_sharpened_only_when_asked(foreign, installed):
    np.testing.assert_array_equal(drawn(foreign), expected(foreign, None))
    np.testing.assert_array_equal(drawn(foreign, "--sharpen"), expected(foreign, installed))


@pytest.mark.parametrize("view", ["points", "depth", "normals"])
def test_other_views_stay_as_they_are(head, installed, view, capsys):
    off = drawn(head, "--view", view, "--no-sharpen")
    np.testing.assert_array_equal(drawn(head, "--view", view), off)
    out = str(head.with_name("x.png"))
    assert main(["render", str(head), "--out", out, "--view", view, "--sharpen"]) == 2
    assert "leave it out" in capsys.readouterr().err


def test_without_a_network_it_works_and_says_so_only_when_asked(head, bare, capsys):
    np.testing.assert_array_equal(drawn(head), expected(head, None))
    assert capsys.readouterr().err == ""
    out = str(head.with_name("x.png"))
    assert main(["render", str(head), "--out", out, "--sharpen"]) == 2
    assert "no sharpening network" in capsys.readouterr().err


def test_a_damaged_network_is_one_sentence_and_exit_2(head, installed, capsys):
    (head.parent / "installation/resources/models/sharpening.safetensors").write_bytes(b"oh")
    assert main(["render", str(head), "--out", str(head.with_name("x.png"))]) == 2
    message = capsys.readouterr().err.strip()
    assert "is no sharpening network" in message
    assert "\n" not in message
    assert main(["render", str(head), "--out", str(head.with_name("x.png")), "--no-sharpen"]) == 0


def test_a_reconstructed_portraits_pictures_are_sharpened(tmp_path):
    """The CNN lies beside the checkpoint; the splats in the file are the same either way."""
    (tmp_path / "model.safetensors").symlink_to(resource_path("models/embedded.safetensors"))
    write_sharpening(tmp_path / "sharpening.safetensors", "embedded", seed=3)
    sample = resource_path("samples/astronaut.png")
    words = ["reconstruct", str(sample), "--no-fit", "--no-video", "--size", "48"]
    words += ["--checkpoint", str(tmp_path / "model.safetensors")]
    files = {}
    for switch in ("--sharpen", "--no-sharpen"):
        out = tmp_path / switch.strip("-")
        assert main([*words, switch, "--out", str(out)]) == 0
        with Image.open(out / "astronaut" / "views.png") as picture:
            files[switch] = np.asarray(picture).astype(int)
    assert np.abs(files["--sharpen"] - files["--no-sharpen"]).max() > 5
    heads = [
        (tmp_path / name / "astronaut/head.ply").read_bytes() for name in ("sharpen", "no-sharpen")
    ]
    assert heads[0] == heads[1]
