"""`perchead video` with the real networks, as a user runs it."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inference.engine import Engine
from inference.engine_protocol import ReconstructionOptions
from inference.files import resource_path
from inference.progress import CancelToken
from inference.video.frame_heads import BatchedHeads
from tests.video_helpers import empty_frame, read_pictures, write_clip, write_sound

ROOT = Path(__file__).resolve().parents[2]


def run_video(*words, cwd):
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [sys.executable, "-m", "desktop", "video", *map(str, words)],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
    )


def sample() -> Image.Image:
    return Image.open(resource_path("samples/astronaut.png")).convert("RGB")


def leaning_picture(degrees: float) -> bytes:
    """The sample as a PNG, its head tilted clockwise."""
    stream = io.BytesIO()
    sample().rotate(-degrees, Image.Resampling.BICUBIC).save(stream, "PNG")
    return stream.getvalue()


def test_a_phone_s_clip_becomes_a_video_of_the_head(tmp_path):
    frame = np.asarray(sample().resize((256, 256)).transpose(Image.Transpose.ROTATE_90))
    clip = write_clip(tmp_path / "anna.mp4", [frame] * 3, rotation=-90)
    out = tmp_path / "out"
    result = run_video(clip, "--out", out, "--size", "96", "--camera", "fixed", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert result.stdout == f"{clip}: wrote {out / 'anna'} (3 pictures).\n"
    assert sorted(p.name for p in (out / "anna").iterdir()) == ["head.mp4", "report.json"]
    picture = read_pictures(out / "anna" / "head.mp4")[-1].astype(np.float64)
    assert picture.shape == (96, 96, 3)
    assert picture[:4, :4].min() > 245
    skin = picture[40:52, 42:54].mean((0, 1))  # upright: the face is in the middle
    assert skin[0] > skin[2] + 15
    report = json.loads((out / "anna" / "report.json").read_text())
    assert (report["frames"], report["pictures"], report["left_out"]) == (3, 3, [])


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda p: p.write_bytes(b"no video"), "is damaged, cut off or no video"),
        (write_sound, "holds no moving pictures"),
        (lambda p: None, "does not exist"),
        (lambda p: write_clip(p, [empty_frame()] * 2), "No face was found"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(tmp_path, make, says):
    clip = tmp_path / "clip.mp4"
    make(clip)
    result = run_video(clip, "--out", tmp_path / "out", cwd=tmp_path)
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert says in result.stderr
    assert not list((tmp_path / "out").rglob("*.*"))


def test_bad_use_is_one_sentence(tmp_path):
    clip = tmp_path / "clip.mp4"
    for words in (("--size", "3"), ("--background", "transparent"), ("--smoothing", "much")):
        result = run_video(clip, "--out", tmp_path, *words, cwd=tmp_path)
        assert result.returncode == 2
        assert result.stderr.count("\n") == 1


def test_several_heads_at_once_are_those_made_one_by_one():
    engine = Engine()
    image = engine.open_image(resource_path("samples/astronaut.png"))
    crop = engine.suggest_crop(image, engine.detect(image)[0])
    wide = type(crop)(crop.centre_x, crop.centre_y, 1.15 * crop.side)
    turned = engine.open_image(leaning_picture(25))
    leaning = engine.suggest_crop(turned, engine.detect(turned)[0])
    portraits = [
        engine.prepare(image, crop),
        engine.prepare(image, wide),
        engine.prepare(turned, leaning),
    ]
    together = BatchedHeads(engine.model, batch=3).make(portraits, CancelToken())
    for portrait, head in zip(portraits, together, strict=True):
        alone = engine.reconstruct(portrait, ReconstructionOptions(fit=False)).gaussians
        assert np.abs(head.means - alone.means).max() < 1e-4
        assert np.abs(head.colours - alone.colours).max() < 1e-3
    assert np.abs(together[0].means - together[1].means).max() > 1e-3
