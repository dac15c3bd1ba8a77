"""What the user may undo. Plain Python: knows no widget and no Qt."""

from dataclasses import dataclass, replace
from typing import Any

from desktop.editing.look import Look
from desktop.viewport.pose import OrbitPose
from inference.engine_protocol import ReconstructionOptions
from inference.portrait.types import CropBox
from inference.rendering.protocol import Background

LIMIT = 20_000  # commands; as many strokes as a face map's history holds. Our choice


@dataclass(frozen=True)
class Edits:
    """Everything the user decides about the open portrait.

    Attributes:
        face: index of the chosen face, or None when the box was placed by hand.
        crop: the head crop, or None before there is one.
        options: how the head is made.
        pose: where the camera stands.
        background: RGB 0..1 behind the head; None is transparent; "theme" the window's own.
        look: what the head shall look like; the face map is painted in `Session.face_map`.
        removed: numbers of the results that were taken out of the filmstrip.
    """

    face: int | None = None
    crop: CropBox | None = None
    options: ReconstructionOptions = ReconstructionOptions()  # noqa: RUF009 - frozen
    pose: OrbitPose = OrbitPose()  # noqa: RUF009 - frozen
    background: Background | str | None = "theme"
    look: Look = Look()  # noqa: RUF009 - frozen
    removed: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Command:
    """One undoable change: only the fields that it touched.

    Attributes:
        label: what the menu says, for example "Move Crop".
        before: the old values by field of Edits.
        after: the new ones.
        merge: commands in a row with the same key become one (a slider being dragged).
        map_step: the crop whose face map took a step with it, which the map's own history keeps.
    """

    label: str
    before: dict[str, Any]
    after: dict[str, Any]
    merge: str | None = None
    map_step: CropBox | None = None

    @classmethod
    def between(
        cls, label: str, edits: Edits, changes: dict[str, Any], merge: str | None = None
    ) -> "Command | None":
        """The command that makes these changes, or None where they change nothing."""
        after = {name: value for name, value in changes.items() if getattr(edits, name) != value}
        if not after:
            return None
        return cls(label, {name: getattr(edits, name) for name in after}, after, merge)

    def apply(self, edits: Edits) -> Edits:
        """The edits with this change made."""
        return replace(edits, **self.after)

    def revert(self, edits: Edits) -> Edits:
        """The edits with this change taken back."""
        return replace(edits, **self.before)


class History:
    """Two stacks: what was done, and what was undone."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._done: list[Command] = []
        self._undone: list[Command] = []
        self._forgotten = 0

    def push(self, command: Command) -> None:
        """Remember a command that was just applied; what was undone is forgotten."""
        last = self._done[-1] if self._done and not self._undone else None
        if last and command.merge and last.merge == command.merge:
            # A later field wins; an earlier "before" stays.
            command = Command(
                command.label,
                {**command.before, **last.before},
                {**last.after, **command.after},
                command.merge,
            )
            self._done.pop()
        self._undone.clear()
        self._done.append(command)
        self._forget(len(self._done) - self._limit)

    def keep_map_steps(self, crop: CropBox, count: int) -> None:
        """Forget the oldest commands until only `count` of them took a step of this crop's map.

        A map forgets its oldest steps where memory has no room for them. A command whose step is
        gone cannot be taken back, nor can what came before it.
        """
        steps = [i for i, command in enumerate(self._done) if command.map_step == crop]
        if len(steps) > count:
            self._forget(steps[len(steps) - count - 1] + 1)

    def _forget(self, count: int) -> None:
        if count > 0:
            del self._done[:count]
            self._forgotten += count

    def undo(self) -> Command | None:
        """Take the newest command off the stack; the caller reverts it."""
        if not self._done:
            return None
        self._undone.append(self._done.pop())
        return self._undone[-1]

    def redo(self) -> Command | None:
        """Put the last undone command back; the caller applies it."""
        if not self._undone:
            return None
        self._done.append(self._undone.pop())
        return self._done[-1]

    @property
    def depth(self) -> int:
        """How many steps led here, forgotten ones too; a gesture's steps are one."""
        return self._forgotten + len(self._done)

    @property
    def undo_label(self) -> str | None:
        """What undo would take back."""
        return self._done[-1].label if self._done else None

    @property
    def redo_label(self) -> str | None:
        """What redo would bring again."""
        return self._undone[-1].label if self._undone else None

    def seal(self) -> None:
        """End a gesture: the next command is not merged into the last one."""
        if self._done:
            last = self._done[-1]
            self._done[-1] = replace(last, merge=None)

    def clear(self) -> None:
        """Forget everything (another portrait was opened)."""
        self._done.clear()
        self._undone.clear()
        self._forgotten = 0
