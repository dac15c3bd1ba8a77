"""A head video that was stopped goes on with the same settings and networks, and with no others."""

from dataclasses import replace

import pytest
import torch

from inference.engine import Engine
from inference.model.picture_sharpener import CnnSharpener
from inference.rendering.portable.renderer import PortableRenderer
from inference.video.frame_heads import BatchedHeads, SingleHeads
from inference.video.job import describe_job
from inference.video.make import PIECE, make_head_video
from inference.video.settings import CameraMove, HeadVideo, Smoothing
from tests.dummy_engine import DummyEngine
from tests.sharpening_files import seeded_sharpening
from tests.unit.tiny_model import build
from tests.video_helpers import moving_face, write_clip

SMALL = HeadVideo(size=32, move=CameraMove.FIXED)
FRAMES, STOPPED = PIECE + 6, PIECE + 3


class StoppingEngine(DummyEngine):
    """Counts the heads that it makes; the user presses Ctrl+C after some of them."""

    def __init__(self, sharpener=None, heads=10**6):
        super().__init__(0.0, sharpener=sharpener)
        self.left, self.made = heads, 0

    def reconstruct(self, *words):
        if self.made == self.left:
            raise KeyboardInterrupt
        self.made += 1
        return super().reconstruct(*words)


@pytest.fixture(scope="module")
def renderer():
    return PortableRenderer(threads=1)


@pytest.fixture
def clip(tmp_path):
    return write_clip(tmp_path / "clip.mp4", moving_face(FRAMES))


@pytest.fixture
def stopped_then(clip, tmp_path, renderer):
    """Begins with the usual settings, is stopped, starts again: how many heads that made."""

    def run(before, settings, after):
        path = tmp_path / "head.mp4"
        engine = StoppingEngine(before, STOPPED)
        with pytest.raises(KeyboardInterrupt):
            make_head_video(engine, renderer, clip, path, SMALL)
        engine = StoppingEngine(after)
        make_head_video(engine, renderer, clip, path, settings)
        return engine.made

    return run


def sharpener(seed):
    return CnnSharpener(seeded_sharpening(seed=seed))


def test_the_same_settings_and_sharpener_go_on(stopped_then):
    assert stopped_then(sharpener(1), SMALL, sharpener(1)) == FRAMES - PIECE


@pytest.mark.parametrize(
    "settings",
    [replace(SMALL, smoothing=Smoothing.STRONG), replace(SMALL, fit=True)],
)
def test_other_settings_start_afresh(stopped_then, settings):
    assert stopped_then(None, settings, None) == FRAMES


@pytest.mark.parametrize("after", [None, 2])
def test_another_sharpener_or_none_starts_afresh(stopped_then, after):
    assert stopped_then(sharpener(1), SMALL, after and sharpener(after)) == FRAMES


def test_another_foreground_is_another_job(clip, renderer):
    heads = SingleHeads(DummyEngine(), fit=False)

    def job(foreground):
        engine = Engine(foreground=foreground)  # which loads nothing yet
        return describe_job(clip, SMALL, engine, heads, renderer, None)

    assert job("embedded") == job("embedded")
    assert job("embedded") != job("vitmatte")


def test_another_backbone_or_other_weights_make_other_heads():
    usual, same, backbone, weights = (build() for _ in range(4))
    with torch.no_grad():
        backbone.encoder.backbone.project.bias += 0.1
        next(weights.decoder.parameters()).add_(0.1)
    keys = [BatchedHeads(model).key for model in (usual, same, backbone, weights)]
    assert keys[0] == keys[1]
    assert len(set(keys)) == 3
