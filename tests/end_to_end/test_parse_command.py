"""`perchead parse` on the sample portrait, as a user runs it."""

import numpy as np
import pytest
from PIL import Image

from inference.face_map.files import read_face_map
from inference.face_map.labels import COLOURS, Label
from inference.files import resource_path
from tests.end_to_end.test_reconstruct_command import run_perchead

SAMPLE = resource_path("samples/astronaut.png")


@pytest.fixture(scope="module")
def batch(tmp_path_factory):
    """The sample, a damaged file, a picture without a face, and the sample as a JPEG."""
    folder = tmp_path_factory.mktemp("parse")
    broken = folder / "broken.png"
    broken.write_bytes(SAMPLE.read_bytes()[:3000])
    faceless = folder / "faceless.png"
    Image.new("RGB", (300, 200), (90, 120, 60)).save(faceless)
    again = folder / "again.jpg"
    Image.open(SAMPLE).convert("RGB").save(again, quality=90)
    out = folder / "out"
    result = run_perchead("parse", SAMPLE, broken, faceless, again, "--out", out, cwd=folder)
    return out, result


def test_a_bad_portrait_is_reported_and_the_rest_go_on(batch):
    out, result = batch
    assert result.returncode == 1, result.stderr
    assert sorted(path.name for path in out.iterdir()) == ["again", "astronaut"]
    complaints = [line for line in result.stderr.splitlines() if line.startswith("perchead: ")]
    assert len(complaints) == 2
    assert "broken.png" in complaints[0]
    assert "no face" in complaints[1]
    assert "Traceback" not in result.stderr


def test_the_map_is_an_indexed_picture_of_the_classes(batch):
    out, _ = batch
    with Image.open(out / "astronaut" / "map.png") as picture:
        assert picture.mode == "P"
        assert picture.size == (512, 512)
        palette = np.array(picture.getpalette("RGB")[: 3 * len(Label)]).reshape(-1, 3)
        np.testing.assert_array_equal(palette, COLOURS)
        np.testing.assert_array_equal(
            read_face_map(out / "astronaut" / "map.png"), np.asarray(picture)
        )


def test_a_jpeg_of_the_same_portrait_has_nearly_the_same_map(batch):
    out, _ = batch
    first, second = (read_face_map(out / name / "map.png") for name in ("astronaut", "again"))
    assert (first == Label.FACE).mean() > 0.05
    assert (first == second).mean() > 0.95


def test_the_overlay_shows_the_portrait_and_the_classes(batch):
    out, _ = batch
    labels = read_face_map(out / "astronaut" / "map.png")
    with Image.open(out / "astronaut" / "overlay.png") as picture:
        pixels = np.asarray(picture.convert("RGB")).astype(int)
    assert pixels.shape == (512, 512, 3)
    hair = pixels[labels == Label.HAIR].mean(0)
    assert np.abs(hair - COLOURS[Label.HAIR]).mean() < 110  # half of it is the class's colour
    assert pixels[labels == Label.HAIR].std() > 10  # and half the photograph


def test_a_crop_placed_by_hand_is_what_is_parsed(tmp_path):
    words = ("parse", SAMPLE, "--out", tmp_path, "--crop", "226,120,160")
    result = run_perchead(*words, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    labels = read_face_map(tmp_path / "astronaut" / "map.png")
    assert (labels == Label.FACE).mean() > 0.2  # nearer than the usual crop


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("missing.png",), "no file"),
        ((SAMPLE, "--crop", "9000,9000,100"), "outside"),
        ((SAMPLE, "--crop", "1,2"), "--crop"),
        ((SAMPLE, "--face", "7"), "more faces"),
        ((SAMPLE, "--parser", "bisenet"), "embedded or farl"),
    ],
)
def test_bad_use_is_one_sentence(words, said, tmp_path):
    result = run_perchead("parse", *words, "--out", tmp_path / "out", cwd=tmp_path)
    assert result.returncode == 2, result.stderr
    assert said in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists()
