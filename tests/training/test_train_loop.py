"""What the training scripts share: order, schedule, guard, curve, memory of the average."""

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.training.data_helpers import view
from tests.training.script_helpers import write_heads
from training.config import AdamWConfig, LoopConfig
from training.data.batch import PictureSizes
from training.data.mixture import Mixture
from training.data.sample import TrainingSample
from training.data.shards import ShardDataset
from training.pictures.photograph import photograph
from training.runs.averaging import MovingAverage
from training.runs.guard import NotFiniteError
from training.runs.loop import TrainingLoop
from training.runs.order import MicroBatches, Share, Stream, micro_batches
from training.runs.processes import Processes
from training.runs.schedule import parameter_groups, rate
from training.runs.state import Curve, read_curve

SIZES = PictureSizes(16, 16)
LOOP = LoopConfig(steps=8, batch=2, accumulate=1, workers=0, log_every=1, save_every=4)


class Toy:
    """Ten views; the picture of `broken` is NaN."""

    name, real = "toy", True

    def __init__(self, broken=None):
        self.broken = broken

    def __len__(self):
        return 10

    def sample(self, index, rng):
        seen = view(float(index), 16)
        if index == self.broken:
            seen = replace(seen, rgb=np.full_like(seen.rgb, np.nan))
        return TrainingSample(f"toy/{index}", f"toy/{index}", seen, (view(0.0, 16),))


class Tint(torch.nn.Module):
    """Shifts the colours of a picture."""

    def __init__(self):
        super().__init__()
        self.shift = torch.nn.Parameter(torch.zeros(3))

    def forward(self, images):
        return images + self.shift[:, None, None]


def train(folder, config=LOOP, data=None, damage=None):
    """Run a loop over toy data; the steps done."""
    model = Tint()
    adamw = AdamWConfig(learning_rate=0.1, warm_up=2)
    processes = Processes("fp32")
    loop = TrainingLoop(model, adamw, config, folder, processes, Mixture([data or Toy()]), SIZES)
    loop.start(config, {}, resume=False, export=lambda averaged, step: None)
    for batch in loop.batches():
        error = (loop.model(batch.images) - batch.targets[:, 0]).square().mean()
        terms = {"square": error, "total": damage(error, loop.step) if damage else error}
        loop.update(terms, batch)
    loop.close()
    return loop.step


def test_the_guard_names_the_sample_whose_picture_is_broken(tmp_path):
    with pytest.raises(NotFiniteError, match=r"total is nan\); the batch was toy/7:"):
        train(tmp_path, data=Toy(broken=7))


def test_the_guard_names_the_batch_where_the_model_is_at_fault(tmp_path):
    def overflow(error, step):
        return error * (math.inf if step == 3 else 1.0)

    with pytest.raises(NotFiniteError, match=r"step 4 .*total is inf.* toy/\d, toy/\d:"):
        train(tmp_path, damage=overflow)
    assert [row["step"] for row in read_curve(tmp_path)] == [1, 2, 3]


def test_the_guard_sees_a_gradient_that_is_not_finite(tmp_path):
    def root(error, step):
        # The square root's slope at zero is infinite, its value is not.
        return error + (0 * error).sqrt() if step == 2 else error

    with pytest.raises(NotFiniteError, match=r"step 3 \(the gradient is nan\)"):
        train(tmp_path, damage=root)


def test_micro_batches_add_up_to_a_larger_batch(tmp_path):
    assert train(tmp_path / "small", replace(LOOP, batch=1, accumulate=4)) == 8
    assert train(tmp_path / "large", replace(LOOP, batch=4)) == 8
    small, large = read_curve(tmp_path / "small"), read_curve(tmp_path / "large")
    for one, other in zip(small, large, strict=True):
        assert one == pytest.approx(other, rel=1e-5)


@given(
    processes=st.integers(1, 5),
    batch=st.integers(1, 4),
    accumulate=st.integers(1, 3),
    first=st.integers(0, 5),
)
def test_processes_share_the_stream_without_overlap_or_gap(processes, batch, accumulate, first):
    last = first + 3
    shares = [Share(rank, processes, batch, accumulate) for rank in range(processes)]
    seen = [
        position for share in shares for micro in MicroBatches(share, first, last)
        for position in micro
    ]  # fmt: skip
    per_step = shares[0].per_step
    assert sorted(seen) == list(range(first * per_step, last * per_step))


def test_the_rate_warms_up_and_falls_to_the_floor():
    config = AdamWConfig(learning_rate=1.0, warm_up=10, floor=0.01)
    rates = [rate(step, 100, config) for step in range(100)]
    assert rates[0] == pytest.approx(0.1)
    assert max(rates) == pytest.approx(1.0)
    assert rates.index(max(rates)) in (9, 10)
    assert all(a >= b for a, b in pairwise(rates[10:]))
    assert rates[-1] == pytest.approx(0.01, abs=1e-3)


def test_groups_hold_each_trained_parameter_once_with_its_factor():
    model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.LayerNorm(4), torch.nn.Linear(4, 2))
    model[2].bias.requires_grad_(False)
    groups = parameter_groups(model, AdamWConfig(weight_decay=0.1, factors=(("2.", 0.5),)))
    found = {id(p): group for group in groups for p in group["params"]}
    assert len(found) == sum(len(group["params"]) for group in groups) == 5
    assert found[id(model[2].weight)]["factor"] == 0.5
    assert found[id(model[2].weight)]["weight_decay"] == 0.1
    assert found[id(model[0].bias)]["weight_decay"] == 0.0
    assert id(model[2].bias) not in found


def test_the_average_is_lent_to_the_model_and_taken_back():
    layer = torch.nn.Linear(2, 2)
    average = MovingAverage(layer, 0.5)
    first = layer.weight.detach().clone()
    with torch.no_grad():
        layer.weight.add_(1)
    with average.swapped_into(layer):
        assert torch.equal(layer.weight, first)
    assert torch.equal(layer.weight, first + 1)
    assert torch.equal(average.shadow["weight"], first)


def test_a_curve_that_was_cut_off_goes_on(tmp_path):
    curve = Curve(tmp_path, 0)
    for step in (1, 2, 3):
        curve.add({"step": step, "total": 1 / 3 / step})
    with open(curve.path, "a") as file:
        file.write('{"step": 4, "tot')
    assert [row["step"] for row in read_curve(tmp_path)] == [1, 2, 3]
    Curve(tmp_path, 2).add({"step": 3, "total": 0.1})
    rows = read_curve(tmp_path)
    assert [row["step"] for row in rows] == [1, 2, 3]
    assert rows[0]["total"] == 1 / 3
    assert rows[2]["total"] == 0.1


def test_a_photograph_changes_the_input_and_lights_the_targets_alike():
    sample = Toy().sample(3, np.random.default_rng(0))
    sample = replace(sample, targets=(sample.input, view(20.0, 16)))
    first, again = (photograph(sample, np.random.default_rng(1)) for _ in range(2))
    assert np.array_equal(first.input.rgb, again.input.rgb)
    assert np.array_equal(first.targets[1].rgb, again.targets[1].rgb)
    assert not np.array_equal(first.input.alpha, sample.input.alpha)
    assert not np.array_equal(first.targets[0].rgb, sample.targets[0].rgb)
    # One light for all: the same colour stays the same colour in both targets.
    for before, after in zip(sample.targets, first.targets, strict=True):
        assert np.array_equal(before.alpha, after.alpha)
        order = np.argsort(before.rgb[..., 0], axis=None)
        assert (np.diff(after.rgb[..., 0].ravel()[order]) >= 0).all()
    assert 0 <= first.input.rgb.min() <= first.input.rgb.max() <= 1


def test_loading_ahead_changes_nothing(tmp_path):
    mixture = Mixture([ShardDataset(write_heads(tmp_path, labels=False))])
    stream = Stream(mixture, SIZES, 3, photograph)
    alone, ahead = (
        list(micro_batches(stream, Share(0, 1, 2, 1), 5, 8, workers, 3)) for workers in (0, 1)
    )
    assert len(alone) == len(ahead) == 3
    for one, other in zip(alone, ahead, strict=True):
        assert one.sources == other.sources
        assert torch.equal(one.images, other.images)
        assert torch.equal(one.targets, other.targets)
