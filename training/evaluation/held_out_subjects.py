"""The held-out synthetic set as subjects to evaluate on."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from training.anchors.data import targets_of
from training.evaluation.groups import groups_of
from training.evaluation.manifest import verify
from training.evaluation.subject import Subject
from training.evaluation.view_selection import HELD_OUT
from training.synthetic.dataset import load_sample, views_of


class HeldOutSubjects:
    """Heads that training.evaluation.held_out made.

    Args:
        folder: where they are.

    Raises:
        UsageError: the set is incomplete or has changed since it was made.
    """

    protocol = HELD_OUT

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._manifest = verify(folder)

    @property
    def fingerprint(self) -> str:
        return self._manifest.fingerprint

    def __len__(self) -> int:
        return len(self._manifest.hashes)

    def __iter__(self) -> Iterator[Subject]:
        for name in sorted(self._manifest.hashes):
            yield load_subject(self._folder / Path(name).name)


def load_subject(path: Path) -> Subject:
    """One head of the generator's files."""
    stored = load_sample(path)
    identity = f"synthetic/{stored['attributes']['seed']}"
    foregrounds = None
    if "straight" in stored:
        foregrounds = tuple(rgb.astype(np.float32) / 255 for rgb in stored["straight"])
    return Subject(
        identity, views_of(stored), targets_of(stored), groups_of(stored["attributes"]), foregrounds
    )
