"""train_editing: another encoder before the reconstruction's decoder."""

import numpy as np
import pytest
import torch

from inference.errors import InvalidModelError, UsageError
from inference.head.template import HeadTemplate
from inference.model.checkpoint import load_checkpoint, save_checkpoint
from inference.model.editing import EditingModel, editing_config
from tests.training.script_helpers import TRIAL, write_heads
from training import train_editing
from training.runs.start import TRIAL as TRIAL_MODEL
from training.runs.start import checkpoint_info, reconstruction_model, template_anchors
from training.runs.state import read_curve
from training.styles.networks import load_style

EDITING = editing_config(TRIAL_MODEL, "embedded-style", 128)


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    """A folder with data sets and a reconstruction model."""
    root = tmp_path_factory.mktemp("editing")
    write_heads(root / "toy")
    write_heads(root / "cafca", name="cafca", real=False)
    write_heads(root / "bare", labels=False)
    model = reconstruction_model(TRIAL_MODEL, None, None, 5)
    info = checkpoint_info(TRIAL_MODEL, "a test", "CC0-1.0", HeadTemplate.load())
    save_checkpoint(root / "start.safetensors", model, TRIAL_MODEL, info)
    threads = torch.get_num_threads()
    yield root
    torch.set_num_threads(threads)


def train(root, out, *more):
    first = ["--init", str(root / "start.safetensors"), "--out", str(root / out)]
    train_editing.main([*TRIAL, *first, *more])
    return root / out


def load(path):
    model = EditingModel(EDITING, template_anchors(HeadTemplate.load(), 256))
    load_checkpoint(path / "editing.safetensors", model, EDITING)
    return model


def test_it_goes_on_from_the_reconstruction_s_decoder(start):
    out = train(
        start, "still", "--data", str(start / "toy"), "--steps", "1", "--learning-rate", "0"
    )
    edited = load(out).state_dict()
    before = reconstruction_model(TRIAL_MODEL, start / "start.safetensors", None, 0).state_dict()
    shared = [name for name in edited if not name.startswith("encoder.")]
    assert {name.split(".")[0] for name in shared} == {"template", "decoder", "head"}
    assert all(torch.equal(edited[name], before[name]) for name in shared)


def test_labels_and_style_make_heads_that_come_closer(start):
    data = ["--data", str(start / "toy"), str(start / "cafca")]
    out = train(start, "run", *data, "--batch", "4", "--steps", "9", "--learning-rate", "0.006")
    losses = [row["total"] for row in read_curve(out)]
    assert sum(losses[-3:]) < 0.92 * sum(losses[:3])
    # Without Cafca, as the paper has it.
    told = (out / "config.json").read_text()
    assert '"toy": 12' in told
    assert '"cafca": 12' not in told
    model = load(out)
    labels = torch.nn.functional.one_hot(torch.full((1, 140, 140), 14), 19).permute(0, 3, 1, 2)
    with torch.no_grad():
        styles = torch.nn.functional.normalize(torch.randn(2, 128), dim=1)
        one, other = (model(labels.float(), style[None]) for style in styles)
    assert not torch.equal(one.colours, other.colours)


def test_pictures_without_label_maps_are_named(start):
    with pytest.raises(UsageError, match=r"toy/\w+/cam\d.* has no label map"):
        train(start, "bare run", "--data", str(start / "bare"), "--steps", "1")


def test_only_cafca_is_nothing_to_learn_from(start):
    with pytest.raises(UsageError, match="cafca"):
        train(start, "x", "--data", str(start / "cafca"), "--steps", "1")


def test_without_clip_it_is_told_how_to_get_it(monkeypatch, tmp_path):
    monkeypatch.setenv("PERCHEAD_MODELS", str(tmp_path))
    with pytest.raises(InvalidModelError, match="models get clip-vit-l-14"):
        load_style("clip", None, "cpu")
    with pytest.raises(InvalidModelError, match="choose the weights of CLIP"):
        load_style("clip", tmp_path / "none.pt", "cpu")


def test_the_embedded_style_knows_pictures_and_words():
    style = load_style("embedded", None, "cpu")
    red, blue = np.full((2, 1, 3, 64, 64), 0.1, np.float32)
    red[:, 0], blue[:, 2] = 0.8, 0.8
    same, one, other = (
        style.embed_images(torch.from_numpy(picture)) for picture in (red, red, blue)
    )
    assert one.shape == (1, style.width)
    assert float(one.norm()) == pytest.approx(1, abs=1e-4)
    assert torch.equal(same, one)
    assert float((one * other).sum()) < 0.99
    assert style.embed_texts(["red hair"]).shape == (1, style.width)
