"""Prepared shards as a data set: random access, cheap to open, safe in forked workers."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from inference.errors import UsageError
from inference.files import atomic_write
from training.data.errors import BrokenSampleError
from training.data.head_crop import within_picture
from training.data.sample import TrainingSample, TrainingView
from training.data.shard_file import FORMAT, NamedView, read_shard
from training.data.splits import Split, identity_of, in_split

INDEX_NAME = "shards.json"

TARGETS = 3
"""Other views that a head is compared with (section 3.2)."""


@dataclass(frozen=True)
class ShardEntry:
    """One shard.

    Attributes:
        file: below the shards folder, with forward slashes.
        person: within the data set.
        capture: its key within the data set.
        views: names of the cameras, by view number.
    """

    file: str
    person: str
    capture: str
    views: tuple[str, ...]


@dataclass(frozen=True)
class ShardIndex:
    """What a shards folder holds (shards.json).

    Attributes:
        dataset: its name.
        real: whether it shows real people.
        size: edge of the pictures in pixels.
        entries: the shards, ordered by file.
    """

    dataset: str
    real: bool
    size: int
    entries: tuple[ShardEntry, ...]


def write_index(root: Path, index: ShardIndex) -> None:
    """Write shards.json."""
    with atomic_write(root / INDEX_NAME) as temporary:
        temporary.write_text(json.dumps({"format": FORMAT, **asdict(index)}, indent=1) + "\n")


def read_index(root: Path) -> ShardIndex:
    """Read shards.json.

    Raises:
        UsageError: there is none, or it is damaged.
    """
    path = Path(root) / INDEX_NAME
    try:
        return parse_index(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise UsageError(
            f"{root} holds no finished shards: run python -m training.data.prepare to the end."
        ) from None
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"{path} is damaged ({error}): run prepare again.") from error


def parse_index(data: Any) -> ShardIndex:
    """Check what json.loads gave.

    Raises:
        ValueError: it is no index of this format.
    """
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise ValueError(f"not an index of format {FORMAT}")
    name, real, size, entries = (data.get(k) for k in ("dataset", "real", "size", "entries"))
    plain = isinstance(name, str) and isinstance(real, bool) and type(size) is int
    if not plain or not isinstance(entries, list) or size < 1:  # type: ignore[operator]
        raise ValueError("dataset, real, size or entries is missing")
    return ShardIndex(name, real, size, tuple(_entry(entry) for entry in entries))  # type: ignore[arg-type]


def _entry(data: Any) -> ShardEntry:
    if not isinstance(data, dict):
        raise ValueError("an entry is no object")
    texts = [data.get(key) for key in ("file", "person", "capture")]
    views = data.get("views")
    if not all(isinstance(text, str) and text for text in texts) or not isinstance(views, list):
        raise ValueError("an entry lacks file, person, capture or views")
    if not views or not all(isinstance(view, str) for view in views):
        raise ValueError("an entry has no views")
    file = str(texts[0])
    if file.startswith(("/", "\\")) or ".." in file.split("/") or ":" in file:
        raise ValueError("an entry's file leaves the folder")
    return ShardEntry(file, str(texts[1]), str(texts[2]), tuple(views))


class ShardDataset:
    """A HeadDataset over prepared shards.

    Any view may be the input; its targets are other views of the same moment, in random order
    and without repetition. A capture with one view has that view as its target (section 3.2:
    in-the-wild pictures teach robustness, not depth). Targets are cut to what their pictures
    show, so they may be smaller than `size`.

    No file stays open between samples, so workers may be forked or spawned.

    Args:
        root: the shards folder.
        split: whose views.
        targets: how many targets a sample has at most.
        held_out_share: see is_test.

    Raises:
        UsageError: the folder holds no finished shards, or none of the split.
    """

    def __init__(
        self,
        root: Path,
        split: Split = "train",
        targets: int = TARGETS,
        held_out_share: float = 0.0,
    ) -> None:
        self._root = Path(root)
        self._targets = targets
        self._index = read_index(self._root)
        self.entries = tuple(
            entry
            for entry in self._index.entries
            if in_split(identity_of(self.name, entry.person), split, held_out_share)
        )
        if not self.entries:
            raise UsageError(f"{root} holds no shards of the split {split!r}.")
        # ends[i] is the number of views in the shards 0..i.
        self._ends = np.cumsum([len(entry.views) for entry in self.entries])

    @property
    def name(self) -> str:
        """Which data set."""
        return self._index.dataset

    @property
    def real(self) -> bool:
        """Whether it shows real people."""
        return self._index.real

    @property
    def size(self) -> int:
        """Edge of the stored pictures in pixels."""
        return self._index.size

    def __len__(self) -> int:
        """Number of views."""
        return int(self._ends[-1])

    def sample(self, index: int, rng: np.random.Generator) -> TrainingSample:
        """The sample whose input is view `index`, counted through all shards.

        Raises:
            BrokenSampleError: the shard is missing or damaged.
        """
        if not 0 <= index < len(self):
            raise IndexError(index)
        shard = int(np.searchsorted(self._ends, index, side="right"))
        entry = self.entries[shard]
        number = index - int(self._ends[shard]) + len(entry.views)
        others = [other for other in range(len(entry.views)) if other != number]
        chosen = [int(other) for other in rng.permutation(others)[: self._targets]]
        found = self._read(entry, [number, *chosen])
        targets = [
            named.view if named.inside is None else within_picture(named.view, named.inside)
            for named in found[1:] or found[:1]
        ]
        return TrainingSample(
            source=f"{self.name}/{entry.capture}/{entry.views[number]}",
            identity=identity_of(self.name, entry.person),
            input=found[0].view,
            targets=tuple(targets),
        )

    def views(self, entry: ShardEntry) -> dict[str, TrainingView]:
        """All views of one shard by camera name, for evaluation.

        Raises:
            BrokenSampleError: the shard is missing or damaged.
        """
        every = list(range(len(entry.views)))
        return {named.name: named.view for named in self._read(entry, every)}

    def _read(self, entry: ShardEntry, numbers: list[int]) -> list[NamedView]:
        path = self._root / entry.file
        found = read_shard(path, numbers)
        if [named.name for named in found] != [entry.views[number] for number in numbers]:
            raise BrokenSampleError(
                f"The shard {path} is not the one that shards.json lists: run prepare again."
            )
        return found
