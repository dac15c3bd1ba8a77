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

from inference.editing.types import EditRequest
from inference.engine import Engine
from inference.export.ply import read_ply
from inference.face_map.files import read_face_map, write_face_map
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


@pytest.fixture(scope="module")
def wider(painted, tmp_path_factory):
    """The painted map with hair that stands off further and hangs lower."""
    labels = read_face_map(painted)
    rows, columns = np.mgrid[:512, :512]
    mane = np.hypot((columns - 256) / 170, (rows - 230) / 200) < 1
    labels[mane & (labels != Label.FACE)] = Label.HAIR
    path = tmp_path_factory.mktemp("wider") / "map.png"
    write_face_map(path, labels)
    return path


def head_of(folder, *words):
    """The head that the command writes for these words, read back."""
    out = folder / "out"
    result = run_perchead(*words, "--out", out, "--size", "64", "--no-video", cwd=folder)
    assert result.returncode == 0, result.stderr
    return read_ply(out / "head.ply")


@pytest.fixture(scope="module")
def dark(painted, tmp_path_factory):
    words = ("--map", painted, "--style-text", "black hair and very dark skin")
    return head_of(tmp_path_factory.mktemp("dark"), *words)


def test_words_decide_colours_and_leave_every_anchor_in_place(painted, dark, tmp_path):
    pale = head_of(tmp_path, "--map", painted, "--style-text", "white hair and pale skin")
    assert (pale.colours - dark.colours).mean() > 0.1
    for name in ("means", "scales", "opacities"):
        # Neither text says a kind of hair or a beard, so every anchor stands for the same thing.
        np.testing.assert_allclose(getattr(pale, name), getattr(dark, name), atol=1e-4)


def test_the_map_decides_places(wider, dark, tmp_path):
    mane = head_of(tmp_path, "--map", wider, "--style-text", "black hair and very dark skin")
    assert (np.linalg.norm(mane.means - dark.means, axis=1) > 0.005).mean() > 0.3
    thin, wide = (np.abs(h.means[h.means[:, 1] > 0, 0]) for h in (dark, mane))  # above the chin
    assert np.quantile(wide, 0.99) > np.quantile(thin, 0.99) + 0.01


def test_a_portrait_that_is_kept_is_the_head_that_the_engine_s_own_edit_gives(tmp_path):
    engine = Engine()
    image = engine.open_image(SAMPLE)
    portrait = engine.prepare(image, engine.suggest_crop(image, engine.detect(image)[0]))
    base, own = engine.reconstruct(portrait), engine.style_of_portrait(portrait)
    labels = engine.parse(portrait).labels
    expected = engine.edit(EditRequest(labels, own, base, labels, own, 1.0)).gaussians
    write_face_map(tmp_path / "own.png", labels)
    words = ("--map", "own.png", "--portrait", SAMPLE, "--keep", "1")
    head = head_of(tmp_path, *words)
    assert len(head) == len(expected)
    # Two processes may add up in another order; a few anchors may then stand for something else.
    away = np.linalg.norm(head.means - expected.means, axis=1)
    assert np.quantile(away, 0.99) < 0.001
    assert np.quantile(np.abs(head.colours - expected.colours).max(1), 0.99) < 0.02
    assert np.quantile(np.abs(head.scales - expected.scales).max(1), 0.99) < 0.0005


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
