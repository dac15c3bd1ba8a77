"""train_reconstruction --stage anchors: a closed form, then what the decoder adds to it."""

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from tests.training.toy_heads import write_heads
from training import train_patches, train_pixel_aligned, train_reconstruction
from training.anchors.data import read_head
from training.anchors.feature_cache import to_pictures
from training.evaluation.head_source import load_model_heads


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


def test_look_back_and_patches_are_set_on_top_and_bring_colours_nearer(root):
    finished = root / "start" / "model.safetensors"
    data = ("--data", str(root / "train"))
    aligned = train_pixel_aligned.main(
        [*data, "--init", str(finished), "--out", str(root / "aligned")]
    )
    changed = changes(finished, aligned)
    assert all(name.startswith(("pixel_aligned.", "encoder.reduce")) for name in changed)
    assert {"pixel_aligned.shape.weight", "pixel_aligned.shape_basis", "encoder.reduce"} <= changed
    patches = train_patches.main(
        [*data, "--init", str(aligned), "--out", str(root / "patches"), "--steps", "150"]
    )
    changed = changes(aligned, patches)
    assert all(name.startswith("pixel_aligned.patches.") for name in changed)
    assert len(changed) == 2 * (2 + 2 * 4)  # scaling and four layers, of both networks
    errors = [colour_error(path, root / "train") for path in (finished, patches)]
    assert errors[1] < 0.8 * errors[0]


def changes(before, after):
    """Names of the tensors that are not the same in two files."""
    first, second = load_file(before), load_file(after)
    return {name for name in second if not torch.equal(first[name], second[name])}


def colour_error(checkpoint, folder):
    """Mean error of the colours of heads, each from its picture in another light."""
    model = load_model_heads("embedded", checkpoint, sharpen=False).model
    errors = []
    for path in sorted(folder.glob("*.npz")):
        views, targets = read_head(path)
        darker = (views.rgb[:1] * 0.8).astype(np.uint8)
        alpha = torch.from_numpy(views.alpha[:1]).float() / 255
        with torch.no_grad():
            head = model(to_pictures(darker), alpha)
        true = torch.from_numpy(targets.colours).float() / 255 * 0.8
        errors.append(float((head.colours[0] - true).abs().mean()))
    return sum(errors) / len(errors)
