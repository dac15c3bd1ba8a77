"""train_reconstruction --stage anchors: a closed form, then what the decoder adds to it."""

import pytest
import torch
from safetensors.torch import load_file

from tests.training.toy_heads import write_heads
from training import train_reconstruction


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Heads, their features, and a model in closed form."""
    folder = tmp_path_factory.mktemp("anchors")
    write_heads(folder / "train", 6)
    write_heads(folder / "test", 1)
    threads = torch.get_num_threads()
    train(folder, "start", "--start-only")
    yield folder
    torch.set_num_threads(threads)


def train(folder, out, *more):
    train_reconstruction.main(
        [
            *("--stage", "anchors", "--data", str(folder / "train"), "--heads", "6"),
            *("--test", str(folder / "test"), "--cache", str(folder / "cache")),
            *("--repeats", "1", "--batch", "2", "--patches", "32", "--precision", "fp32"),
            *("--out", str(folder / out), *more),
        ]
    )
    return load_file(folder / out / "model.safetensors")


def test_a_finished_closed_form_is_kept_and_the_decoder_goes_on_after_a_stop(root):
    finished = root / "start" / "model.safetensors"
    before = load_file(finished)
    options = ["--closed-form", str(finished), "--steps", "4"]
    whole = train(root, "whole", *options)
    closed = [
        name
        for name in before
        if name.startswith("low_rank.")
        and not name.startswith(("low_rank.queries", "low_rank.refine"))
    ]
    assert {"low_rank.linear.weight", "low_rank.shape_basis"} <= set(closed)
    assert all(torch.equal(before[name], whole[name]) for name in closed)
    assert torch.equal(before["head.start"], whole["head.start"])
    assert not torch.equal(
        before["decoder.layers.0.mlp.0.weight"], whole["decoder.layers.0.mlp.0.weight"]
    )
    assert whole["head.position.weight"].any()
    train(root, "parts", *options, "--stop-after", "2")
    parts = train(root, "parts", *options, "--resume")
    assert all(torch.equal(whole[name], parts[name]) for name in whole)
