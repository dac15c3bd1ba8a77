"""Prepared data sets as subjects to evaluate on."""

from collections.abc import Iterator
from pathlib import Path

from training.data.shards import ShardDataset, ShardEntry
from training.data.splits import Split, identity_of
from training.evaluation.subject import Subject
from training.evaluation.view_selection import AVA256, NERSEMBLE, ViewProtocol


class ShardSubjects:
    """The held-out people of prepared shards, each at the first moment that is stored.

    Args:
        root: what training.data.prepare wrote.
        split: whose; the paper evaluates on the test identities.
        held_out_share: see training.data.splits.is_test.

    Raises:
        UsageError: the folder holds no finished shards, or none of the split.
    """

    def __init__(self, root: Path, split: Split = "test", held_out_share: float = 0.0) -> None:
        self._dataset = ShardDataset(root, split, held_out_share=held_out_share)
        named = {"ava256": AVA256, "nersemble": NERSEMBLE}
        other = ViewProtocol(self._dataset.name, novel_views=5)
        self.protocol = named.get(self._dataset.name, other)
        self._first: dict[str, ShardEntry] = {}
        for entry in self._dataset.entries:
            self._first.setdefault(entry.person, entry)

    @property
    def fingerprint(self) -> str:
        return ", ".join(f"{entry.person} {entry.capture}" for entry in self._first.values())

    def __len__(self) -> int:
        return len(self._first)

    def __iter__(self) -> Iterator[Subject]:
        for person, entry in self._first.items():
            views = self._dataset.views(entry)
            yield Subject(identity_of(self._dataset.name, person), tuple(views.values()))
