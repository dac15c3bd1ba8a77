"""Heads that training.synthetic.generate wrote, as samples for training on pictures."""

import zipfile
from pathlib import Path

import numpy as np

from inference.errors import UsageError
from training.anchors.data import list_heads
from training.data.errors import BrokenSampleError
from training.data.sample import TrainingSample, TrainingView
from training.data.shards import TARGETS
from training.data.splits import identity_of
from training.synthetic.dataset import load_sample, views_of

NAME = "generated"


class GeneratedHeads:
    """A HeadDataset over the generator's files; any view may be the input.

    The heads are those that are there when it is opened.

    Args:
        folder: npz files, or neutral folders with anchors.
        targets: how many targets a sample has at most.

    Raises:
        UsageError: there are no heads.
        BrokenSampleError: the first head cannot be read.
    """

    def __init__(self, folder: Path, targets: int = TARGETS) -> None:
        self._paths = list_heads(folder)
        if not self._paths:
            raise UsageError(
                f"{folder} holds no generated heads: run training.synthetic.generate --out {folder}"
            )
        self._targets = targets
        # The generator gives every head of a folder as many views.
        self._views = len(read_views(self._paths[0]))

    @property
    def name(self) -> str:
        """Which data set."""
        return NAME

    @property
    def real(self) -> bool:
        """Nobody is real."""
        return False

    def __len__(self) -> int:
        """Number of views."""
        return len(self._paths) * self._views

    def sample(self, index: int, rng: np.random.Generator) -> TrainingSample:
        """The sample whose input is view `index`, counted through all heads.

        Raises:
            BrokenSampleError: the head's file is damaged or has too few views.
        """
        if not 0 <= index < len(self):
            raise IndexError(index)
        path = self._paths[index // self._views]
        number = index % self._views
        views = read_views(path)
        if number >= len(views):
            raise BrokenSampleError(f"{path} has fewer views than others: generate it again.")
        others = [other for other in range(len(views)) if other != number] or [number]
        chosen = rng.permutation(others)[: self._targets]
        return TrainingSample(
            source=f"{NAME}/{path.stem}/{number}",
            identity=identity_of(NAME, path.stem),
            input=views[number],
            targets=tuple(views[other] for other in chosen),
        )


def read_views(path: Path) -> tuple[TrainingView, ...]:
    """The pictures of a head.

    Raises:
        BrokenSampleError: its file is damaged.
    """
    try:
        return views_of(load_sample(path))
    except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise BrokenSampleError(f"{path} is damaged: generate it again.") from error
