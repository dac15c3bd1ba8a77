"""Synthetic heads straight from the generator while training: endless, nothing on the disk."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.errors import UsageError
from training.data.sample import TrainingSample, TrainingView
from training.data.shards import TARGETS
from training.data.splits import identity_of
from training.synthetic.assets import Assets
from training.synthetic.cameras import sample_cameras
from training.synthetic.dataset import View, render
from training.synthetic.generate import load_assets
from training.synthetic.head import make_head
from training.synthetic.pictures import Renderer
from training.synthetic.render import open_renderer
from training.synthetic.reserved import FIRST_HELD_OUT_SEED

NAME = "synthetic"


@dataclass(frozen=True)
class GeneratorFolders:
    """Where the generator finds what heads are made from.

    Attributes:
        wheel: the mesh's wheel; None looks in the usual places.
        skins: more skins, or None.
        panoramas: more environments, or None.
        scan_modes: more identities, or None.
    """

    wheel: Path | None = None
    skins: Path | None = None
    panoramas: Path | None = None
    scan_modes: Path | None = None


@dataclass(frozen=True)
class _Studio:
    """What draws, and the process that it belongs to: OpenGL does not survive a fork."""

    assets: Assets
    renderer: Renderer
    process: int


class SyntheticHeads:
    """A HeadDataset of one sample per head; cameras and backgrounds are drawn anew each time.

    Assets and the renderer are set up by the first sample of each process. Workers of a DataLoader
    must be spawned: the threads of OpenGL and numba do not survive a fork.

    Args:
        count: heads, the generator's seeds `first_seed` to `first_seed + count`.
        size: edge of the pictures in pixels.
        targets: target views of a sample.
        first_seed: see count.
        folders: what heads are made from.

    Raises:
        UsageError: the seeds reach into those held out for evaluation.
    """

    def __init__(
        self,
        count: int,
        size: int,
        targets: int = TARGETS,
        first_seed: int = 0,
        folders: GeneratorFolders | None = None,
    ) -> None:
        if count < 1 or first_seed < 0 or first_seed + count > FIRST_HELD_OUT_SEED:
            raise UsageError(
                f"Training heads have seeds from 0 up to {FIRST_HELD_OUT_SEED - 1}: "
                "those above are held out."
            )
        self._count, self._size, self._targets = count, size, targets
        self._first, self._folders = first_seed, folders or GeneratorFolders()
        self._studio: _Studio | None = None

    @property
    def name(self) -> str:
        """Which data set."""
        return NAME

    @property
    def real(self) -> bool:
        """Nobody is real."""
        return False

    def __len__(self) -> int:
        """Number of heads."""
        return self._count

    def sample(self, index: int, rng: np.random.Generator) -> TrainingSample:
        """Draw a head; any of its views may be the input.

        Raises:
            UsageError: the mesh's wheel is not on this computer.
        """
        if not 0 <= index < self._count:
            raise IndexError(index)
        studio = self._opened()
        seed = self._first + index
        head = make_head(seed, studio.assets)
        studio.renderer.load(head)
        cameras = sample_cameras(rng, 1 + self._targets, self._size)
        views = [_as_view(view) for view in render(studio.renderer, head, cameras, rng)]
        order = rng.permutation(len(views))
        return TrainingSample(
            source=f"{NAME}/{seed}/{int(order[0])}",
            identity=identity_of(NAME, str(seed)),
            input=views[order[0]],
            targets=tuple(views[other] for other in order[1:]) or (views[order[0]],),
        )

    def __getstate__(self) -> dict[str, Any]:
        """Without what belongs to this process."""
        return {**self.__dict__, "_studio": None}

    def _opened(self) -> _Studio:
        studio = self._studio
        if studio is None or studio.process != os.getpid():
            folders = self._folders
            assets = load_assets(
                folders.wheel, folders.skins, folders.panoramas, folders.scan_modes
            )
            studio = _Studio(assets, open_renderer(assets, self._size), os.getpid())
            self._studio = studio
        return studio


def _as_view(view: View) -> TrainingView:
    return TrainingView(_unit(view.rgb), _unit(view.alpha), view.camera, view.label)


def _unit(values: NDArray[np.uint8]) -> NDArray[np.float32]:
    return values.astype(np.float32) / np.float32(255)
