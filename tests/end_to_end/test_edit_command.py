"""`perchead edit`, as a user runs it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from PIL import Image

from inference.export.ply import read_ply
from inference.face_map.files import write_face_map
from inference.face_map.labels import Label
from inference.files import resource_path
from inference.head.gaussians import NUM_GAUSSIANS

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = resource_path("samples/astronaut.png")


def run_perchead(*words, cwd):
    hidden = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    environment = {k: v for k, v in os.environ.items() if k not in hidden}
    return subprocess.run(
        [sys.executable, "-m", "desktop", "edit", *map(str, words)],
        cwd=cwd,
        env=environment | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=240,
    )


@pytest.fixture(scope="module")
def painted(tmp_path_factory):
    rows, columns = np.mgrid[:512, :512]
    labels = np.zeros((512, 512), np.uint8)
    labels[rows > 430] = Label.CLOTH
    labels[(np.abs(columns - 256) < 60) & (rows > 330) & (rows < 440)] = Label.NECK
    labels[np.hypot((columns - 256) / 120, (rows - 200) / 150) < 1] = Label.HAIR
    labels[np.hypot((columns - 256) / 88, (rows - 245) / 118) < 1] = Label.FACE
    path = tmp_path_factory.mktemp("map") / "map.png"
    write_face_map(path, labels)
    return path


def test_a_map_and_words_become_files(painted, tmp_path):
    out = tmp_path / "out"
    words = ("--map", painted, "--style-text", "a man with long grey hair", "--out", out)
    result = run_perchead(*words, "--size", "96", "--no-video", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert "Length and cut of hair come from the face map" in result.stderr
    assert len(read_ply(out / "head.ply")) == NUM_GAUSSIANS
    with Image.open(out / "views.png") as views:
        assert views.size == (7 * 96, 96)
    assert not (out / "orbit.mp4").exists()
    report = json.loads((out / "report.json").read_text(encoding="utf-8"))
    schema = json.loads(resource_path("report.schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(report, schema)
    jsonschema.validate(report | {"portrait": "anna.png", "keep_identity": 0.5}, schema)
    for wrong in ({"faces_found": 1}, {"keep_identity": 2}, {"map": None}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(report | wrong, schema)
    assert report["map"] == "map.png"
    assert report["style"]["description"] == "a man with long grey hair"
    assert report["portrait"] is None
    assert report["camera"]


def test_a_picture_gives_the_style_and_an_orbit_is_drawn(painted, tmp_path):
    out = tmp_path / "out"
    words = ("--map", painted, "--style-image", SAMPLE, "--out", out, "--size", "64")
    result = run_perchead(*words, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert (out / "orbit.mp4").stat().st_size > 1000


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ((), "Say how the head shall look"),
        (("--style-text", "red hair", "--style-image", SAMPLE), "not both"),
        (("--style-text", " "), "Write what the head shall look like"),
        (("--style-text", "red hair", "--keep", "0.5"), "--portrait"),
        (("--portrait", SAMPLE, "--keep", "3"), "between 0 and 1"),
        (("--style-image", "nobody.png"), "There is no file nobody.png"),
    ],
)
def test_bad_use_is_one_sentence(painted, tmp_path, words, sentence):
    result = run_perchead("--map", painted, "--out", tmp_path / "out", *words, cwd=tmp_path)
    assert result.returncode == 2
    assert sentence in result.stderr
    assert result.stderr.strip().count("\n") == 0
    assert not (tmp_path / "out").exists()


def test_what_is_no_map_is_refused(tmp_path):
    note = tmp_path / "note.png"
    note.write_text("not a picture")
    words = ("--map", note, "--style-text", "red hair", "--out", tmp_path / "out")
    result = run_perchead(*words, cwd=tmp_path)
    assert result.returncode == 2
    assert "note.png" in result.stderr
    assert result.stderr.strip().count("\n") == 0
