"""People to evaluate on, with all pictures of one moment each."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Protocol

from training.anchors.data import HeadTargets
from training.data.sample import TrainingView
from training.evaluation.metric import Picture
from training.evaluation.view_selection import ViewProtocol


@dataclass(frozen=True)
class Subject:
    """One person at one moment.

    Attributes:
        identity: unique across data sets.
        views: the pictures.
        targets: exact anchors, for synthetic heads.
        foregrounds: [S, S, 3] colours of the person alone for each view, where they are known:
            in photographs the background shines through at the rim.
        groups: what the bias table breaks scores down by, for example {"sex": "female"}.
    """

    identity: str
    views: tuple[TrainingView, ...]
    targets: HeadTargets | None = None
    groups: dict[str, str] = field(default_factory=dict)
    foregrounds: tuple[Picture, ...] | None = None

    def truth(self, view: int) -> TrainingView:
        """The view as renderings are compared with it."""
        if self.foregrounds is None:
            return self.views[view]
        return replace(self.views[view], rgb=self.foregrounds[view])


class SubjectSet(Protocol):
    """A set to evaluate on."""

    @property
    def protocol(self) -> ViewProtocol:
        """Which views are asked for."""
        ...

    @property
    def fingerprint(self) -> str:
        """Changes when the set does: figures of different sets do not compare."""
        ...

    def __len__(self) -> int:
        """Number of subjects."""
        ...

    def __iter__(self) -> Iterator[Subject]:
        """Subjects in their order, read one by one."""
        ...
