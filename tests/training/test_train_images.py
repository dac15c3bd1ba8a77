"""train_reconstruction --stage images: learns, survives a kill, runs on several processes."""

import json
import signal
import subprocess
import sys

import pytest
import torch

from inference.errors import InvalidModelError, UsageError
from inference.head.template import HeadTemplate
from inference.model.checkpoint import load_checkpoint, read_info
from tests.training.script_helpers import TRIAL, environment, run_and_kill, write_heads
from tests.unit.flame_head import flame_like, write_flame
from training import train_reconstruction
from training.runs.start import TRIAL as TRIAL_MODEL
from training.runs.start import reconstruction_model
from training.runs.state import read_curve

STEPS = 16


def options(root, *more):
    return ["--stage", "images", "--data", str(root / "toy"), *TRIAL, "--steps", str(STEPS), *more]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A whole run: its folder's parent."""
    root = tmp_path_factory.mktemp("images")
    write_heads(root / "toy", labels=False)
    threads = torch.get_num_threads()
    train_reconstruction.main([*options(root), "--out", str(root / "whole")])
    yield root
    torch.set_num_threads(threads)


def test_the_loss_falls(run):
    losses = [row["total"] for row in read_curve(run / "whole")]
    assert len(losses) == STEPS
    assert sum(losses[-4:]) < 0.8 * sum(losses[:4])


def test_a_killed_run_goes_on_to_the_last_digit(run):
    arguments = [*options(run), "--save-every", "5"]
    killed = run / "killed"
    module = "training.train_reconstruction"
    assert run_and_kill(module, arguments, killed, rows=7) == -signal.SIGKILL
    assert 7 <= len(read_curve(killed)) < STEPS
    # How often states are written does not change what is computed.
    train_reconstruction.main([*arguments, "--out", str(killed), "--resume"])
    assert read_curve(killed) == read_curve(run / "whole")
    first, second = (load(run / name / "model.safetensors") for name in ("whole", "killed"))
    assert all(torch.equal(first[name], second[name]) for name in first)


def load(path):
    model = reconstruction_model(TRIAL_MODEL, path, None, 0)
    return model.state_dict()


def test_gaussians_may_start_from_the_users_flame(run, tmp_path, monkeypatch):
    monkeypatch.setenv("PERCHEAD_MODELS", str(tmp_path))
    flame = [*options(run), "--steps", "1", "--template", "flame"]
    with pytest.raises(InvalidModelError, match="models import flame"):
        train_reconstruction.main([*flame, "--out", str(run / "no flame")])
    (tmp_path / "flame").mkdir()
    write_flame(tmp_path / "flame" / "flame_model", flame_like(HeadTemplate.load()))
    train_reconstruction.main([*flame, "--out", str(run / "flame")])
    file = run / "flame" / "model.safetensors"
    assert read_info(file).template_id.endswith("/flame")
    assert read_info(run / "whole" / "model.safetensors").template_id.startswith("hm08-")
    # What goes on from it starts there too, and nowhere else.
    going_on = [*options(run), "--steps", "1", "--init", str(file)]
    train_reconstruction.main([*going_on, "--out", str(run / "more flame")])
    assert read_info(run / "more flame" / "model.safetensors").template_id.endswith("/flame")
    with pytest.raises(UsageError, match="starts from flame"):
        train_reconstruction.main([*going_on, "--template", "hm08", "--out", str(run / "hm08")])
    with pytest.raises(UsageError, match="template"):
        train_reconstruction.main(
            [*options(run), "--steps", "1", "--out", str(run / "flame"), "--resume"]
        )


def test_the_run_says_how_it_was_made(run):
    told = json.loads((run / "whole" / "config.json").read_text())
    assert told["config"]["adamw"]["learning_rate"] == 1e-3
    assert told["config"]["loop"]["steps"] == STEPS
    assert told["settings"]["views"] == {"toy": 12}
    assert told["versions"]["torch"] == torch.__version__
    assert told["command"]
    assert "commit" in told
    info = read_info(run / "whole" / "model.safetensors")
    assert "12 views, 16 steps" in info.trained_by
    assert list((run / "whole" / "tensorboard").glob("events*"))


def test_a_run_is_resumed_only_as_it_was_begun(run):
    arguments = [*options(run), "--out", str(run / "whole"), "--resume"]
    with pytest.raises(UsageError, match=r"adamw\.learning_rate"):
        train_reconstruction.main([*arguments, "--learning-rate", "0.5"])
    with pytest.raises(UsageError, match=r"config\.json is missing"):
        train_reconstruction.main([*options(run), "--out", str(run / "new"), "--resume"])


def test_weights_are_the_averaged_ones_and_load(run):
    state = torch.load(run / "whole" / "state.pt", weights_only=True)
    model = reconstruction_model(TRIAL_MODEL, None, None, 1)
    load_checkpoint(run / "whole" / "model.safetensors", model, TRIAL_MODEL)
    name = "head.colour.weight"
    assert torch.equal(model.state_dict()[name], state["average"][name])
    assert not torch.equal(state["model"][name], state["average"][name])


def test_the_embedded_preset_wants_weights_to_start_from(run):
    arguments = ["--stage", "images", "--data", str(run / "toy"), "--out", str(run / "none")]
    arguments += ["--precision", "fp32"]  # accelerate keeps that of the tests before
    with pytest.raises(UsageError, match="--init"):
        train_reconstruction.main([*arguments, "--preset", "embedded"])
    with pytest.raises(UsageError, match="--dinov2"):
        train_reconstruction.main([*arguments, "--preset", "paper"])


def test_two_processes_compute_what_one_does_with_twice_the_batch(run):
    steps = ["--steps", "2"]
    train_reconstruction.main(
        [*options(run), *steps, "--batch", "4", "--out", str(run / "one process")]
    )
    launcher = ["torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    script = ["training.train_reconstruction", *options(run), *steps, "--batch", "2"]
    out = ["--out", str(run / "two processes")]
    subprocess.run(
        [sys.executable, "-m", *launcher, "-m", *script, *out],
        env=environment(),
        check=True,
        timeout=200,
        capture_output=True,
    )
    one, two = read_curve(run / "one process"), read_curve(run / "two processes")
    assert len(one) == len(two) == 2
    for alone, together in zip(one, two, strict=True):
        assert together == pytest.approx(alone, rel=1e-4)
