"""Which sample is seen when: a function of the seed and the position, and of nothing else.

The data is one endless stream, epoch after epoch, each in its own order. Process r of n takes
its own part of every step's samples, so that no two processes see the same one within an epoch,
and a run that is resumed at a step sees what it would have seen.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset, Sampler

from training.data.batch import Batch, PictureSizes, collate, to_batch
from training.data.mixture import Mixture, Place
from training.data.sample import TrainingSample

Augmentation = Callable[[TrainingSample, np.random.Generator], TrainingSample]


@dataclass(frozen=True)
class Share:
    """Which part of each step belongs to one process.

    Attributes:
        rank: this process.
        processes: how many there are.
        batch: samples per process and micro-batch.
        accumulate: micro-batches per step.
    """

    rank: int
    processes: int
    batch: int
    accumulate: int

    @property
    def per_step(self) -> int:
        """Samples that all processes see in one optimiser step."""
        return self.processes * self.batch * self.accumulate

    def positions(self, step: int, micro: int) -> range:
        """Positions in the stream of one micro-batch of this process."""
        first = step * self.per_step + (micro * self.processes + self.rank) * self.batch
        return range(first, first + self.batch)


class MicroBatches(Sampler[list[int]]):
    """Positions of this process's micro-batches, of the steps `first` to `last`."""

    def __init__(self, share: Share, first: int, last: int) -> None:
        self._share, self._steps = share, range(first, last)

    def __len__(self) -> int:
        return len(self._steps) * self._share.accumulate

    def __iter__(self) -> Iterator[list[int]]:
        for step in self._steps:
            for micro in range(self._share.accumulate):
                yield list(self._share.positions(step, micro))


class Stream(Dataset[Batch]):
    """A mixture by position in its endless stream; item p is a batch of one."""

    def __init__(
        self,
        mixture: Mixture,
        sizes: PictureSizes,
        seed: int,
        augment: Augmentation | None = None,
    ) -> None:
        """Draw from `mixture`; `augment` has a generator of its own for each position."""
        self._mixture, self._sizes, self._seed, self._augment = mixture, sizes, seed, augment
        self._epoch = -1
        self._order: list[Place] = []

    def __getitem__(self, position: int) -> Batch:
        epoch, offset = divmod(position, len(self._mixture))
        if epoch != self._epoch:
            self._epoch, self._order = epoch, self._mixture.order(self._seed, epoch)
        sample = self._mixture.sample(self._order[offset], self._seed, epoch, offset)
        if self._augment is not None:
            sample = self._augment(sample, np.random.default_rng([self._seed, position, 1]))
        return to_batch(sample, self._sizes)


def micro_batches(
    data: Stream,
    share: Share,
    first: int,
    last: int,
    workers: int,
    seed: int,
) -> Iterator[Batch]:
    """This process's micro-batches of the steps `first` to `last`, loaded ahead by workers."""
    loader: DataLoader[Batch] = DataLoader(
        data,
        batch_sampler=MicroBatches(share, first, last),
        num_workers=workers,
        # Threads of OpenGL, numba and CUDA do not survive a fork.
        multiprocessing_context="spawn" if workers else None,
        collate_fn=collate,
        # Drawing worker seeds must not touch the generator that the training uses.
        generator=torch.Generator().manual_seed(seed),
    )
    yield from loader


def on_device(batch: Batch, device: torch.device) -> Batch:
    """The batch with its pictures on a device; cameras stay where they are read."""
    return batch._replace(
        images=batch.images.to(device, non_blocking=True),
        foreground=batch.foreground.to(device, non_blocking=True),
        labels=batch.labels.to(device, non_blocking=True),
        targets=batch.targets.to(device, non_blocking=True),
        target_alpha=batch.target_alpha.to(device, non_blocking=True),
    )
