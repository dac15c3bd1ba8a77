"""The mixture's order is fixed by seed, epoch and position; batches keep shapes and cameras."""

from collections import Counter
from itertools import chain
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.errors import UsageError
from inference.model.predict import network_input
from inference.portrait.types import CropBox, PreparedPortrait
from tests.training.data_helpers import shards, view
from training.data.batch import UNKNOWN_LABEL, PictureSizes, collate, to_batch
from training.data.errors import BrokenSampleError
from training.data.mixture import Mixture
from training.data.sample import TrainingSample
from training.data.shards import ShardDataset


class Numbers:
    """A data set of `count` views, of which some are broken."""

    real = True

    def __init__(self, name: str, count: int, broken: frozenset[int] = frozenset()) -> None:
        self.name, self._count, self._broken = name, count, broken

    def __len__(self) -> int:
        return self._count

    def sample(self, index: int, rng: np.random.Generator) -> TrainingSample:
        if index in self._broken:
            raise BrokenSampleError(f"{self.name}/{index} is damaged.")
        shown = view(float(rng.uniform(-80, 80)), 16)
        return TrainingSample(f"{self.name}/{index}", f"{self.name}/p", shown, (shown,))


def test_without_weights_an_epoch_is_one_pass_over_everything() -> None:
    mixture = Mixture([Numbers("a", 7), Numbers("b", 3)])
    order = mixture.order(0, 0)
    assert len(order) == len(mixture) == 10
    assert {(p.dataset, p.index) for p in order} == {(0, i) for i in range(7)} | {
        (1, i) for i in range(3)
    }


def test_the_order_is_fixed_by_seed_and_epoch() -> None:
    mixture = Mixture([Numbers("a", 50), Numbers("b", 30)], [1, 3], 40)
    assert mixture.order(1, 2) == mixture.order(1, 2)
    assert mixture.order(1, 2) != mixture.order(1, 3)
    assert mixture.order(1, 2) != mixture.order(2, 2)


@settings(max_examples=60, deadline=None)
@given(
    lengths=st.lists(st.integers(1, 20), min_size=1, max_size=4),
    epoch_length=st.integers(1, 60),
    data=st.data(),
)
def test_shares_are_exact_and_no_view_comes_twice_before_all_came(
    lengths: list[int], epoch_length: int, data: st.DataObject
) -> None:
    number = st.floats(0.01, 10)
    weights = data.draw(st.lists(number, min_size=len(lengths), max_size=len(lengths)))
    mixture = Mixture([Numbers(str(n), c) for n, c in enumerate(lengths)], weights, epoch_length)
    epochs = 4
    orders = [mixture.order(5, epoch) for epoch in range(epochs)]
    for which, length in enumerate(lengths):
        share = weights[which] / sum(weights) * epoch_length
        for order in orders:
            assert abs(sum(place.dataset == which for place in order) - share) < 1
        uses = Counter(p.index for p in chain(*orders) if p.dataset == which)
        counts = [uses[index] for index in range(length)]
        assert max(counts) - min(counts) <= 1


def test_a_sample_depends_on_its_position_alone() -> None:
    mixture = Mixture([Numbers("a", 9)])
    order = mixture.order(3, 1)
    forward = [mixture.sample(order[p], 3, 1, p).input.camera.position for p in range(9)]
    backward = [mixture.sample(order[p], 3, 1, p).input.camera.position for p in range(8, -1, -1)]
    np.testing.assert_array_equal(forward, backward[::-1])
    assert len({tuple(position) for position in forward}) == 9


def test_a_broken_sample_is_told_and_replaced_by_the_same_other_one() -> None:
    mixture = Mixture([Numbers("a", 9, frozenset({4}))])
    position = next(i for i, place in enumerate(mixture.order(0, 0)) if place.index == 4)
    place = mixture.order(0, 0)[position]
    found = set()
    for _ in range(2):
        with pytest.warns(RuntimeWarning, match="a/4 is damaged"):
            found.add(mixture.sample(place, 0, 0, position).source)
    assert len(found) == 1
    assert found != {"a/4"}


@pytest.mark.filterwarnings("ignore:Left out")
def test_a_data_set_that_is_gone_stops_the_run() -> None:
    mixture = Mixture([Numbers("a", 3, frozenset(range(3)))])
    with pytest.raises(BrokenSampleError):
        mixture.sample(mixture.order(0, 0)[0], 0, 0, 0)


@pytest.mark.parametrize("weights", [[1.0], [1.0, -1.0], [0.0, 0.0], [1.0, float("nan")]])
def test_weights_that_make_no_sense_are_refused(weights: list[float]) -> None:
    with pytest.raises(UsageError):
        Mixture([Numbers("a", 3), Numbers("b", 3)], weights)


def test_nothing_to_mix_is_refused() -> None:
    with pytest.raises(UsageError):
        Mixture([])


def test_batches_have_the_sizes_asked_for(tmp_path: Path) -> None:
    multi = ShardDataset(shards(tmp_path / "many"))
    lone = ShardDataset(shards(tmp_path / "lone", "ffhq", yaws=(0.0,)))
    samples = [multi.sample(1, np.random.default_rng(0)), lone.sample(0, np.random.default_rng(0))]
    batch = collate([to_batch(sample, PictureSizes(28, 16)) for sample in samples])
    assert batch.images.shape == (2, 3, 28, 28)
    assert batch.foreground.shape == (2, 28, 28)
    assert batch.targets.shape == (2, 3, 3, 16, 16)
    assert batch.target_alpha.shape == (2, 3, 16, 16)
    assert batch.valid.tolist() == [[True] * 3, [True, False, False]]
    assert batch.sources == tuple(sample.source for sample in samples)
    assert batch.identities == ("neutral/anna", "ffhq/anna")
    assert (batch.labels == UNKNOWN_LABEL).all()
    for number, sample in enumerate(samples):
        for index, target in enumerate(sample.targets):
            camera = batch.camera(number, index)
            wanted, _ = target.camera.project(np.array([[0.0, 0.03, 0.05], [0.05, -0.03, 0.0]]))
            got, _ = camera.project(np.array([[0.0, 0.03, 0.05], [0.05, -0.03, 0.0]]))
            np.testing.assert_allclose(got, wanted * 16 / 32, atol=1e-9)


def test_the_model_is_fed_as_in_the_application() -> None:
    shown = view(20, 64, label=True)
    batch = to_batch(TrainingSample("s", "i", shown, (shown,)), PictureSizes(28, 28))
    portrait = PreparedPortrait(shown.rgb, shown.alpha, None, CropBox(32, 32, 64))
    images, foreground = network_input(portrait, 28)
    torch.testing.assert_close(batch.images, images)
    torch.testing.assert_close(batch.foreground, foreground)
    assert set(batch.labels.unique().tolist()) == {0, 14}


def test_targets_are_masked_by_their_foreground() -> None:
    shown = view(20, 16)
    batch = to_batch(TrainingSample("s", "i", shown, (shown,)), PictureSizes(16, 16))
    white = batch.targets_over(torch.ones(3))
    assert (white[0, 0, :, 0, 0] == 1).all()  # the corner is background
    np.testing.assert_allclose(white[0, 0].permute(1, 2, 0), shown.over((1, 1, 1)), atol=1e-6)
