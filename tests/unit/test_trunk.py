"""The frozen network runs once a portrait: layer views and second looks do not repeat it."""

import numpy as np
import pytest

from inference.editing.types import EditRequest, Style
from inference.engine import Engine
from inference.engine_protocol import ReconstructionOptions
from inference.face_map.labels import Label
from inference.files import resource_path
from inference.model.predict import encode_portrait, predict_head
from inference.model.trunk import Trunk
from inference.progress import Cancelled, CancelToken, no_progress


@pytest.fixture(scope="module")
def engine():
    made = Engine()
    made.load_models()
    return made


@pytest.fixture(scope="module")
def portraits(engine):
    image = engine.open_image(resource_path("samples/astronaut.png"))
    crop = engine.suggest_crop(image, engine.detect(image)[0])
    return [engine.prepare(image, crop) for _ in range(4)]


@pytest.fixture
def calls(engine):
    counted = []
    hook = engine.model.encoder.backbone.register_forward_hook(lambda *_: counted.append(1))
    yield counted
    hook.remove()


def options(layers=None):
    return ReconstructionOptions(fit=False, layers=layers)


def test_layer_views_of_a_portrait_run_the_frozen_network_once(engine, portraits, calls):
    whole = engine.reconstruct(portraits[0], options())
    states = [
        engine.reconstruct(portraits[0], options(layers))
        for layers in (1, engine.decoder_layers, 0)
    ]
    assert len(calls) == 1
    np.testing.assert_array_equal(whole.gaussians.means, states[1].gaussians.means)
    assert np.abs(states[0].gaussians.means - whole.gaussians.means).max() > 1e-4


def test_edits_of_a_portrait_do_not_run_the_model_s_frozen_network_again(engine, portraits, calls):
    head = engine.reconstruct(portraits[0], options())
    before = len(calls)
    style = Style(np.eye(1, 128, dtype=np.float32)[0], "embedded-style", "hair")
    labels = np.full((128, 128), Label.FACE, np.uint8)
    for painted in (labels, np.where(np.eye(128) > 0, np.uint8(Label.HAIR), labels)):
        engine.edit(EditRequest(painted, style, head, labels, style, keep_identity=1.0))
    assert len(calls) == before


def test_what_was_kept_gives_the_head_that_a_new_look_gives(engine, portraits):
    engine.reconstruct(portraits[1], options())
    kept = engine.reconstruct(portraits[1], options(2)).gaussians
    anew = predict_head(engine.model, portraits[1], layers=2)
    for name in ("means", "scales", "quaternions", "opacities", "colours"):
        np.testing.assert_array_equal(getattr(kept, name), getattr(anew, name))


def test_another_portrait_is_looked_at_and_the_oldest_is_forgotten(engine, portraits, calls):
    trunk = Trunk(engine.model)
    for portrait in portraits[:3]:
        trunk.tokens(portrait)
    assert len(calls) == 3
    trunk.tokens(portraits[1])
    assert len(calls) == 3
    trunk.tokens(portraits[0])  # two are kept
    assert len(calls) == 4


def test_a_minute_of_a_giant_can_be_stopped_between_its_blocks(engine, portraits, calls):
    cancel, seen = CancelToken(), []

    def progress(stage, fraction):
        seen.append(fraction)
        if fraction > 0.3:
            cancel.cancel()

    with pytest.raises(Cancelled):
        engine.trunk.tokens(portraits[3], progress, cancel)
    assert not calls, "the pass was finished"
    assert max(seen) < 0.6
    encode_portrait(engine.model, portraits[3], no_progress, CancelToken())
    assert len(calls) == 1, "what watched the blocks is gone"
