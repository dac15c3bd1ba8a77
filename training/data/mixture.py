"""Several data sets as one stream of samples, in an order that a seed and an epoch fix.

Every sample is a function of (seed, epoch, position): workers, restarts and the number of
processes change nothing.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.errors import UsageError
from training.data.errors import BrokenSampleError
from training.data.sample import HeadDataset, TrainingSample

REPLACEMENTS = 8
"""How many other samples are tried in place of a broken one (our choice)."""

_ORDER, _PASS, _DRAW = range(3)  # keeps the random streams apart


@dataclass(frozen=True)
class Place:
    """Where a sample of an epoch comes from.

    Attributes:
        dataset: index of the data set.
        index: its input view.
    """

    dataset: int
    index: int


class Mixture:
    """A weighted mixture.

    In an epoch each data set gets its share of the samples, exactly and shuffled among the
    others. Within a data set a view comes again only after all others came, also across
    epochs.

    Args:
        datasets: with different names.
        weights: share of each, any positive scale; None is by the number of views, which
            makes an epoch one pass over everything.
        epoch_length: samples an epoch; None is the number of views of all data sets.

    Raises:
        UsageError: there is nothing to mix, or a weight makes no sense.
    """

    def __init__(
        self,
        datasets: Sequence[HeadDataset],
        weights: Sequence[float] | None = None,
        epoch_length: int | None = None,
    ) -> None:
        self.datasets = tuple(datasets)
        lengths = [len(dataset) for dataset in self.datasets]
        if not lengths or min(lengths) < 1:
            raise UsageError("Training needs at least one data set, and none without views.")
        chosen = np.asarray(lengths if weights is None else weights, np.float64)
        if chosen.shape != (len(lengths),) or not np.isfinite(chosen).all() or chosen.min() < 0:
            raise UsageError("Give one weight for each data set, none below zero.")
        if chosen.sum() <= 0:
            raise UsageError("At least one data set needs a weight above zero.")
        length = sum(lengths) if epoch_length is None else epoch_length
        if length < 1:
            raise UsageError("An epoch needs at least one sample.")
        self.counts = _largest_remainders(chosen / chosen.sum(), length)

    def __len__(self) -> int:
        """Samples an epoch."""
        return int(self.counts.sum())

    def order(self, seed: int, epoch: int) -> list[Place]:
        """Which view stands at which position of an epoch."""
        which = np.repeat(np.arange(len(self.datasets)), self.counts)
        np.random.default_rng([_ORDER, seed, epoch]).shuffle(which)
        streams = [
            iter(self._stream(number, seed, epoch * int(count), int(count)))
            for number, count in enumerate(self.counts)
        ]
        return [Place(int(number), int(next(streams[number]))) for number in which]

    def _stream(self, number: int, seed: int, start: int, count: int) -> NDArray[np.int64]:
        """Views `start` to `start + count` of a data set's endless shuffled passes."""
        length = len(self.datasets[number])
        passes = range(start // length, (start + count - 1) // length + 1) if count else range(0)
        views = [np.zeros(0, np.int64)] + [
            np.random.default_rng([_PASS, seed, number, done]).permutation(length)
            for done in passes
        ]
        skip = start % length
        return np.concatenate(views)[skip : skip + count]

    def sample(self, place: Place, seed: int, epoch: int, position: int) -> TrainingSample:
        """The sample at a position; a broken one is warned of and replaced by another.

        Raises:
            BrokenSampleError: the replacements are broken too.
        """
        dataset, index = self.datasets[place.dataset], place.index
        rng = np.random.default_rng([_DRAW, seed, epoch, position])
        for _ in range(REPLACEMENTS):
            try:
                return dataset.sample(index, rng)
            except BrokenSampleError as error:
                warnings.warn(f"Left out: {error}", RuntimeWarning, stacklevel=2)
                index = int(rng.integers(len(dataset)))
        return dataset.sample(index, rng)


def _largest_remainders(shares: NDArray[np.float64], total: int) -> NDArray[np.int64]:
    """Whole numbers that sum to `total` and lie within 1 of shares * total."""
    exact = shares * total
    whole = np.floor(exact).astype(np.int64)
    missing = total - int(whole.sum())
    whole[np.argsort(whole - exact, kind="stable")[:missing]] += 1
    return whole
