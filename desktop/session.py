"""The open document: portrait, faces, crop, head, camera and history. Knows no widget.

Everything here happens on one thread, the user interface's; workers get frozen snapshots.
"""

from collections.abc import Callable
from dataclasses import fields, replace
from enum import Enum, auto
from pathlib import Path
from typing import Any

from desktop.commands import Command, Edits, History
from desktop.viewport.pose import OrbitPose
from inference.engine_protocol import Reconstruction
from inference.portrait.types import CropBox, FaceDetection, LoadedImage, PreparedPortrait


class Topic(Enum):
    """What a listener is told has changed."""

    PORTRAIT = auto()
    FACES = auto()
    FACE = auto()
    CROP = auto()
    OPTIONS = auto()
    POSE = auto()
    BACKGROUND = auto()
    PREPARED = auto()
    HEAD = auto()
    HISTORY = auto()


Listener = Callable[[Topic], None]


class Session:
    """The open document.

    Attributes:
        image: the photograph, or None in the empty state.
        source: the file it came from, or None when it was pasted.
        faces: the detected faces, best first; None while nobody has looked yet.
        edits: what the user decided.
        prepared: the crop as the model reads it, of the newest finished run.
        head: the newest head.
        history: what may be undone.
    """

    def __init__(self) -> None:
        self.image: LoadedImage | None = None
        self.source: Path | None = None
        self.faces: list[FaceDetection] | None = None
        self.edits = Edits()
        self.prepared: PreparedPortrait | None = None
        self.head: Reconstruction | None = None
        self.history = History()
        self._listeners: list[Listener] = []

    def subscribe(self, listener: Listener) -> None:
        """Call the listener after every change, in the order of subscription."""
        self._listeners.append(listener)

    def _tell(self, *topics: Topic) -> None:
        for topic in topics:
            for listener in list(self._listeners):
                listener(topic)

    @property
    def name(self) -> str:
        """What the portrait is called, for titles and file names."""
        return self.image.name if self.image else "head"

    def open_portrait(self, image: LoadedImage, source: Path | None) -> None:
        """Start over with another photograph; the look of the view stays."""
        self.image, self.source = image, source
        self.faces, self.prepared, self.head = None, None, None
        self.edits = Edits(options=self.edits.options, background=self.edits.background)
        self.history.clear()
        self._tell(Topic.PORTRAIT, Topic.FACES, Topic.CROP, Topic.PREPARED)
        self._tell(Topic.HEAD, Topic.POSE, Topic.HISTORY)

    def set_faces(self, faces: list[FaceDetection], crop: CropBox) -> None:
        """Take the detector's faces and the crop suggested for the best one."""
        self.faces = faces
        self.edits = replace(self.edits, face=0 if faces else None, crop=crop)
        self._tell(Topic.FACES, Topic.FACE, Topic.CROP)

    def set_prepared(self, prepared: PreparedPortrait) -> None:
        """Take the crop that the model reads."""
        self.prepared = prepared
        self._tell(Topic.PREPARED)

    def set_head(self, head: Reconstruction) -> None:
        """Take a finished head."""
        self.prepared = head.portrait
        self.head = head
        self._tell(Topic.PREPARED, Topic.HEAD)

    def look(self, pose: OrbitPose) -> None:
        """Move the camera by a gesture; orbiting is looking, so it is not undone."""
        if pose != self.edits.pose:
            self.edits = replace(self.edits, pose=pose)
            self._tell(Topic.POSE)

    def change(self, label: str, merge: str | None = None, **changes: Any) -> None:
        """Make an undoable change.

        Args:
            label: what the Edit menu says.
            merge: key of a gesture; its steps become one.
            **changes: new values by field of Edits.
        """
        command = Command.between(label, self.edits, changes, merge)
        if command is None:
            return
        self.history.push(command)
        self._replace(command.apply(self.edits))

    def undo(self) -> None:
        """Take the newest change back."""
        command = self.history.undo()
        if command:
            self._replace(command.revert(self.edits))

    def redo(self) -> None:
        """Make the last undone change again."""
        command = self.history.redo()
        if command:
            self._replace(command.apply(self.edits))

    def _replace(self, edits: Edits) -> None:
        before, self.edits = self.edits, edits
        changed = [
            Topic[field.name.upper()]
            for field in fields(Edits)
            if getattr(before, field.name) != getattr(edits, field.name)
        ]
        self._tell(*changed, Topic.HISTORY)
