"""`perchead reconstruct` on the sample portrait, as a user runs it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import av
import jsonschema
import numpy as np
import pytest
from PIL import Image

from inference.export.ply import read_ply
from inference.files import resource_path
from inference.head.gaussians import NUM_GAUSSIANS

ROOT = Path(__file__).resolve().parents[2]


def run_perchead(*words, cwd, **variables):
    hidden = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    environment = {k: v for k, v in os.environ.items() if k not in hidden}
    environment |= {"PYTHONPATH": str(ROOT), **variables}
    return subprocess.run(
        [sys.executable, "-m", "desktop", *map(str, words)],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
    )


@pytest.fixture(scope="module")
def batch(tmp_path_factory):
    """Two good portraits of the same name, one of them turned by EXIF, and two bad files."""
    folder = tmp_path_factory.mktemp("batch")
    sample = resource_path("samples/astronaut.png")
    turned = folder / "turned" / "astronaut.jpg"
    turned.parent.mkdir()
    image = Image.open(sample).convert("RGB")
    exif = Image.Exif()
    exif[0x0112] = 6
    image.transpose(Image.Transpose.ROTATE_90).save(turned, exif=exif, quality=95)
    broken = folder / "broken.png"
    broken.write_bytes(sample.read_bytes()[:3000])
    faceless = folder / "faceless.png"
    Image.new("RGB", (300, 200), (90, 120, 60)).save(faceless)
    out = folder / "out"
    result = run_perchead(
        "reconstruct", sample, broken, faceless, turned, "--out", out, "--size", "128", cwd=folder
    )
    return out, result


def test_a_bad_portrait_is_reported_and_the_rest_go_on(batch):
    out, result = batch
    assert result.returncode == 1, result.stderr
    assert sorted(p.name for p in out.iterdir()) == ["astronaut", "astronaut-2"]
    complaints = [line for line in result.stderr.splitlines() if line.startswith("perchead: ")]
    assert len(complaints) == 2
    assert complaints[0].count("broken.png") == 1  # once, with its folder
    assert str(out.parent / "broken.png") in complaints[0]
    assert "no face" in complaints[1]
    assert "Traceback" not in result.stderr


def test_every_file_is_written_whole(batch):
    out, _ = batch
    for name in ("astronaut", "astronaut-2"):
        folder = out / name
        assert sorted(p.name for p in folder.iterdir()) == [
            "head.ply",
            "orbit.mp4",
            "report.json",
            "views.png",
        ]
        assert len(read_ply(folder / "head.ply")) == NUM_GAUSSIANS
        assert Image.open(folder / "views.png").size == (7 * 128, 128)
        with av.open(str(folder / "orbit.mp4")) as video:
            assert sum(1 for _ in video.decode(video=0)) > 30


def test_the_report_follows_its_schema(batch):
    out, _ = batch
    report = json.loads((out / "astronaut" / "report.json").read_text())
    schema = json.loads(resource_path("report.schema.json").read_text())
    jsonschema.validate(report, schema)
    assert report["faces_found"] == 1
    assert 0 < report["peak_memory_bytes"] < 2.5e9


def test_a_turned_photograph_gives_the_same_head(batch):
    out, _ = batch
    upright = json.loads((out / "astronaut" / "report.json").read_text())["crop"]
    turned = json.loads((out / "astronaut-2" / "report.json").read_text())["crop"]
    for key in ("centre_x", "centre_y", "side"):
        assert turned[key] == pytest.approx(upright[key], abs=4)


def test_without_a_display_the_portrait_becomes_files(tmp_path):
    sample = resource_path("samples/astronaut.png")
    result = run_perchead(sample, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert "no display" in result.stderr.splitlines()[0]
    assert (tmp_path / "heads" / "astronaut" / "head.ply").exists()


def test_a_crop_beside_the_photograph_is_bad_use(tmp_path):
    """It would give a head that is made of nothing."""
    sample = resource_path("samples/astronaut.png")
    words = ("reconstruct", sample, "--out", tmp_path / "out", "--crop", "9000,9000,100")
    result = run_perchead(*words, cwd=tmp_path)
    assert result.returncode == 2, result.stderr
    assert "outside" in result.stderr
    assert not (tmp_path / "out").exists()


def test_the_fit_brings_the_head_closer_to_the_photograph(batch, tmp_path):
    """And the network's own head is written with --no-fit, differently."""
    sample = resource_path("samples/astronaut.png")
    options = ("--no-fit", "--no-video", "--size", "128")
    result = run_perchead("reconstruct", sample, "--out", tmp_path, *options, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert not (tmp_path / "astronaut" / "orbit.mp4").exists()
    plain = read_ply(tmp_path / "astronaut" / "head.ply")
    fitted = read_ply(batch[0] / "astronaut" / "head.ply")
    assert np.abs(plain.colours - fitted.colours).mean() > 0.01
