"""The embedded sharpening CNN learns from what the program draws beside the photographs."""

import json

import numpy as np
import pytest
import torch
from PIL import Image, ImageFilter

from inference.engine import Engine
from inference.errors import UsageError
from inference.files import resource_path
from inference.model.sharpening_file import load_sharpening
from inference.portrait.types import LoadedImage
from inference.rendering.selection import choose_renderer
from training import sharpening_stage, train_sharpening
from training.sharpening_pairs import Pair, load_pair, pairs_of, photographs, save_pair
from training.sharpening_stage import contrasts

SIZE = 256


def drawing(rng: np.random.Generator) -> np.ndarray:
    """[S, S, 3] hard-edged stripes and discs."""
    rows, columns = np.indices((SIZE, SIZE))
    picture = np.zeros((SIZE, SIZE, 3), np.uint8)
    angle, period = rng.uniform(0, np.pi), rng.uniform(14, 30)
    stripes = np.sin((rows * np.sin(angle) + columns * np.cos(angle)) * 2 * np.pi / period) > 0
    picture[:] = np.where(stripes[..., None], rng.integers(150, 255, 3), rng.integers(0, 100, 3))
    for _ in range(8):
        (y, x), radius = rng.integers(0, SIZE, 2), rng.integers(8, 30)
        picture[(rows - y) ** 2 + (columns - x) ** 2 < radius**2] = rng.integers(0, 255, 3)
    return picture


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Pairs of eleven people, blurred as Gaussians blur."""
    path = tmp_path_factory.mktemp("pairs")
    rng = np.random.default_rng(0)
    for person in range(11):
        truth = drawing(rng)
        blurred = np.asarray(Image.fromarray(truth).filter(ImageFilter.GaussianBlur(1.2)))
        pair = Pair(blurred, truth, np.ones((SIZE, SIZE), bool))
        save_pair(pair, path / f"head_{person:06d}_0_{SIZE}.npz")
    return path


def train(folder, out, *more):
    base = ["--stage", "pairs", "--data", str(folder), "--out", str(out), "--width", "8"]
    train_sharpening.main([*base, "--batch", "4", *more])
    rows = (out / "log.jsonl").read_text().splitlines()
    return [json.loads(row) for row in rows]


def test_pictures_of_people_it_never_saw_become_sharper(folder, tmp_path):
    rows = train(folder, tmp_path, "--steps", "150", "--learning-rate", "0.01")
    first, last = rows[0], rows[-1]
    assert (first["kind"], last["kind"]) == ("as drawn", "end")
    assert last["psnr"] > first["psnr"] + 0.4
    assert last["contrast"] < 0.8 * first["contrast"]
    cnn = load_sharpening(tmp_path / "sharpening.safetensors", "embedded")
    pair = load_pair(folder / f"head_000000_0_{SIZE}.npz")
    drawn = torch.from_numpy(pair.drawn).permute(2, 0, 1)[None].float() / 255
    with torch.no_grad():
        sharp = cnn(drawn)[0].permute(1, 2, 0).numpy()
    before = np.abs(pair.drawn.astype(float) - pair.truth).mean()
    assert np.abs(255 * sharp - pair.truth).mean() < 0.97 * before


def test_frozen_features_are_part_of_the_loss_where_they_are_wanted(folder, tmp_path):
    rows = train(folder, tmp_path, "--steps", "2", "--features", "0.1")
    assert rows[-1]["features"] > 0
    pixels = rows[-1]["colour"] + rows[-1]["slope"] + rows[-1]["contrast"]
    assert rows[-1]["total"] == pytest.approx(pixels + 0.1 * rows[-1]["features"], rel=1e-4)


def test_it_goes_on_to_the_last_bit(folder, tmp_path):
    options = ["--steps", "6"]
    whole = train(folder, tmp_path / "whole", *options)
    real = sharpening_stage.save_state

    def save_and_die(path, parts, step, seconds):
        real(path, parts, step, seconds)
        if step == 3:
            raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sharpening_stage, "save_state", save_and_die)
        with pytest.raises(KeyboardInterrupt):
            train(folder, tmp_path / "parts", *options, "--save", "0")
    assert not (tmp_path / "parts" / "sharpening.safetensors").exists()
    resumed = train(folder, tmp_path / "parts", *options, "--resume")
    assert resumed[-1]["psnr"] == whole[-1]["psnr"]
    first, second = (
        load_sharpening(tmp_path / name / "sharpening.safetensors", "embedded").state_dict()
        for name in ("whole", "parts")
    )
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_one_person_is_too_few(tmp_path):
    picture = np.zeros((SIZE, SIZE, 3), np.uint8)
    pair = Pair(picture, picture, np.ones((SIZE, SIZE), bool))
    save_pair(pair, tmp_path / "data" / f"head_000000_0_{SIZE}.npz")
    with pytest.raises(UsageError, match="fewer than two people"):
        train(tmp_path / "data", tmp_path / "run", "--steps", "1")


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    """The pairs of a real photograph, by their edges."""
    folder = tmp_path_factory.mktemp("sample")
    with Image.open(resource_path("samples/astronaut.png")) as opened:
        picture = np.asarray(opened.convert("RGB").resize((1200, 1200), Image.Resampling.LANCZOS))
    alpha = np.full((1, 1200, 1200), 255, np.uint8)
    camera = {"K": np.eye(3)[None], "w2c": np.eye(4)[None]}  # of no use here
    label = np.zeros_like(alpha)
    np.savez(folder / "head.npz", rgb=picture[None], alpha=alpha, label=label, **camera)
    ((name, image, there),) = photographs(folder / "head.npz")
    assert name == "head_0"
    return {len(pair.drawn): pair for pair in pairs_of(image, there, Engine(), choose_renderer())}


def test_drawn_and_photographed_show_the_same_thing(sample):
    assert set(sample) == {512}  # the face is as large as that, not larger
    for pair in sample.values():
        assert pair.counts.mean() > 0.15
        error = (pair.drawn.astype(float) - pair.truth)[pair.counts] / 255
        assert -10 * np.log10((error**2).mean()) > 20
        assert not pair.counts[0].any()  # what is above the head


def test_the_shipped_network_brings_a_real_head_nearer_to_its_photograph(sample):
    pair = sample[512]
    cnn = Engine().sharpener
    assert cnn is not None
    drawn, truth = pair.drawn / np.float32(255), pair.truth / np.float32(255)
    sharp = cnn(drawn)
    inside = pair.counts[..., None]

    def missing(picture):
        """How much detail it lacks or has too much, where both show the person."""
        planes = (
            torch.from_numpy(np.where(inside, shown, truth)).permute(2, 0, 1)[None].float()
            for shown in (picture, truth)
        )
        ours, theirs = (contrasts(plane) for plane in planes)
        return float((ours - theirs).abs().mean())

    assert missing(sharp) < 0.9 * missing(drawn)
    shift = (sharp - drawn)[pair.counts].mean(0)
    assert np.abs(shift).max() < 0.004  # no tint
    error, before = (np.square((p - truth)[pair.counts]).mean() for p in (sharp, drawn))
    assert error < 1.05 * before


def test_a_picture_without_a_face_gives_no_pairs():
    nobody = LoadedImage(np.full((600, 600, 3), 0.5, np.float32), None, "nobody")
    there = np.ones((600, 600), np.float32)
    assert list(pairs_of(nobody, there, Engine(), choose_renderer())) == []
