"""train_sharpening: only the CNN learns, on real people alone."""

import pytest
import torch

from inference.errors import UsageError
from inference.head.template import HeadTemplate
from inference.model.checkpoint import save_checkpoint
from inference.model.sharpening_file import load_sharpening
from tests.training.script_helpers import TRIAL, write_heads
from training import train_sharpening
from training.runs.start import TRIAL as TRIAL_MODEL
from training.runs.start import checkpoint_info, reconstruction_model
from training.runs.state import read_curve


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    """A folder with data sets and a reconstruction model whose heads are too dark."""
    root = tmp_path_factory.mktemp("sharpening")
    write_heads(root / "real", labels=False)
    write_heads(root / "artificial", name="drawn", real=False, labels=False)
    model = reconstruction_model(TRIAL_MODEL, None, None, 0)
    torch.nn.init.zeros_(model.head.colour.weight)
    torch.nn.init.constant_(model.head.colour.bias, -2.0)
    torch.nn.init.constant_(model.head.opacity.bias, 2.0)
    info = checkpoint_info(TRIAL_MODEL, "a test", "CC0-1.0", HeadTemplate.load())
    save_checkpoint(root / "start.safetensors", model, TRIAL_MODEL, info)
    threads = torch.get_num_threads()
    yield root
    torch.set_num_threads(threads)


def train(root, out, *more):
    first = ["--init", str(root / "start.safetensors"), "--out", str(root / out)]
    train_sharpening.main([*TRIAL, *first, "--background", "white", *more])
    return root / out


def test_the_cnn_learns_and_nothing_else_does(start):
    arguments = ["--data", str(start / "real"), "--loss", "l1", "--steps", "9"]
    out = train(start, "run", *arguments, "--learning-rate", "0.01", "--batch", "4")
    losses = [row["total"] for row in read_curve(out)]
    assert sum(losses[-3:]) < 0.9 * sum(losses[:3])  # an epoch has three steps
    before, after = (
        reconstruction_model(TRIAL_MODEL, path, None, 0).state_dict()
        for path in (start / "start.safetensors", out / "model.safetensors")
    )
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert changed
    assert all(name.startswith("sharpening.") for name in changed)
    alone = load_sharpening(out / "sharpening.safetensors", TRIAL_MODEL.name)
    assert torch.equal(alone.out.weight, after["sharpening.out.weight"])


def test_artificial_heads_teach_no_sharpness_unless_asked_to(start):
    with pytest.raises(UsageError, match="None of the data sets"):
        train(start, "none", "--data", str(start / "artificial"), "--steps", "1")
    both = ["--data", str(start / "artificial"), str(start / "real"), "--steps", "1"]
    out = train(start, "real only", *both, "--loss", "l1")
    assert '"views": {\n      "toy": 12\n    }' in (out / "config.json").read_text()
    out = train(start, "both", *both, "--loss", "l1", "--with-synthetic")
    assert '"drawn": 12' in (out / "config.json").read_text()


def test_its_own_loss_is_the_class_token(start):
    out = train(start, "token", "--data", str(start / "real"), "--steps", "1", "--batch", "1")
    row = read_curve(out)[0]
    assert 0 < row["class_token"] == row["total"] < 1
    assert row["gradient"] > 0


def test_it_wants_a_model_to_sharpen(start):
    with pytest.raises(UsageError, match="--init"):
        train_sharpening.main([*TRIAL, "--data", str(start / "real"), "--out", str(start / "x")])
