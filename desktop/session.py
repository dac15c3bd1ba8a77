"""The open document: portrait, faces, crop, head, face map, look, camera and history.

Knows no widget. Everything here happens on one thread, the user interface's; workers get
frozen snapshots.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from enum import Enum, auto
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from desktop.commands import Command, Edits, History
from desktop.editing.reading import FaceReading
from desktop.viewport.pose import OrbitPose
from inference.editing.types import EditedHead
from inference.engine_protocol import Reconstruction
from inference.face_map.document import FaceMapDocument
from inference.face_map.history import MEMORY
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
    LOOK = auto()
    REMOVED = auto()
    MAP = auto()
    READING = auto()
    PREPARED = auto()
    HEAD = auto()
    EDITED = auto()
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
        head: the newest head of the photograph.
        edited: the newest head of face map and look, or None where neither was changed.
        history: what may be undone, face maps included.
        map_memory: bytes that the history of a face map may take, of maps read from now on.
    """

    def __init__(self) -> None:
        self.image: LoadedImage | None = None
        self.source: Path | None = None
        self.faces: list[FaceDetection] | None = None
        self.edits = Edits()
        self.prepared: PreparedPortrait | None = None
        self.head: Reconstruction | None = None
        self.edited: EditedHead | None = None
        self.history = History()
        self.map_memory = MEMORY
        self._listeners: list[Listener] = []
        self._readings: dict[CropBox, tuple[FaceReading, FaceMapDocument]] = {}
        self._stepping = False  # the face map changes because history says so

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

    @property
    def shown(self) -> Reconstruction | EditedHead | None:
        """The head in the window: the edited one where there is one."""
        return self.edited or self.head

    @property
    def current_head(self) -> Reconstruction | None:
        """The newest head, if it has the crop and the options as they are."""
        head, edits = self.head, self.edits
        same = head is not None and (head.portrait.crop, head.options) == (
            edits.crop,
            edits.options,
        )
        return head if same else None

    @property
    def reading(self) -> FaceReading | None:
        """What was read of the crop as it is, or None."""
        there = self._readings.get(self.edits.crop) if self.edits.crop else None
        return there[0] if there else None

    @property
    def face_map(self) -> FaceMapDocument | None:
        """The map of the crop as it is, which is painted on; None before it was read."""
        there = self._readings.get(self.edits.crop) if self.edits.crop else None
        return there[1] if there else None

    @property
    def untouched(self) -> bool:
        """Whether neither map nor look differ from the portrait's own."""
        document = self.face_map
        painted = document is not None and not np.array_equal(document.labels, document.parsed)
        return self.edits.look.plain and not painted

    def open_portrait(self, image: LoadedImage, source: Path | None) -> None:
        """Start over with another photograph; the look of the view stays."""
        self.image, self.source = image, source
        self.faces, self.prepared, self.head, self.edited = None, None, None, None
        self.edits = Edits(options=self.edits.options, background=self.edits.background)
        self._readings.clear()
        self.history.clear()
        self._tell(Topic.PORTRAIT, Topic.FACES, Topic.CROP, Topic.PREPARED)
        self._tell(Topic.HEAD, Topic.POSE, Topic.READING, Topic.LOOK, Topic.EDITED)
        self._tell(Topic.HISTORY)

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

    def set_reading(self, reading: FaceReading) -> None:
        """Take what was read of a crop; painting on its map can begin."""
        document = FaceMapDocument(reading.labels, reading.landmarks, self.map_memory)
        document.subscribe(lambda _, finished: self._on_map(reading.crop, finished))
        self._readings[reading.crop] = reading, document
        self._tell(Topic.READING)

    def set_edited(self, edited: EditedHead | None) -> None:
        """Take the head of map and look; None where the portrait's own head shows them."""
        if edited is not self.edited:
            self.edited = edited
            self._tell(Topic.EDITED)

    def look(self, pose: OrbitPose) -> None:
        """Move the camera by a gesture; orbiting is looking, so it is not undone."""
        if pose != self.edits.pose:
            self.edits = replace(self.edits, pose=pose)
            self._tell(Topic.POSE)

    def put_back(self, result: int) -> None:
        """A result that had left the filmstrip was made again; making it was the step."""
        if result in self.edits.removed:
            self.edits = replace(self.edits, removed=self.edits.removed - {result})
            self._tell(Topic.REMOVED)

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

    def restore(
        self,
        label: str,
        labels: NDArray[np.uint8] | None,
        *,
        protect: bool = False,
        **changes: Any,
    ) -> bool:
        """Put a face map [512, 512] and other values in place, as one step.

        Args:
            label: what the Edit menu says.
            labels: the map; None: as parsed.
            protect: whether the map's locks and "only over" hold.
            **changes: new values by field of Edits.

        Returns:
            Whether anything changed.
        """
        if self.face_map is not None:
            self.face_map.finish()  # a stroke that is going on is a step of its own
        command = Command.between(label, self.edits, changes)
        if command is not None:
            self._replace(command.apply(self.edits), history=False)
        document = self.face_map
        stepped = False
        if document is not None:
            with self._step():
                wanted = document.parsed if labels is None else labels
                stepped = document.replace(label, wanted, protect=protect)
        if command is None and not stepped:
            return False
        command = command or Command(label, {}, {})
        self._push(replace(command, map_step=self.edits.crop if stepped else None))
        self._tell(*([Topic.MAP] if stepped else []), Topic.HISTORY)
        return True

    def undo(self) -> None:
        """Take the newest change back, of whatever kind; a stroke that is going on first."""
        document = self.face_map
        if document is not None and document.painting:
            document.undo()
            return
        command = self.history.undo()
        if command is None:
            return
        if command.map_step is not None:
            with self._step():
                self._map_of(command.map_step).undo()
        self._replace(command.revert(self.edits), map_step=command.map_step is not None)

    def redo(self) -> None:
        """Make the last undone change again."""
        document = self.face_map
        if document is not None and document.painting:
            document.abandon()
        command = self.history.redo()
        if command is None:
            return
        self._replace(command.apply(self.edits), history=command.map_step is None)
        if command.map_step is not None:
            with self._step():
                self._map_of(command.map_step).redo()
            self._tell(Topic.MAP, Topic.HISTORY)

    def _on_map(self, crop: CropBox, finished: bool) -> None:
        """A stroke is over: it becomes a step of the one history."""
        if finished and not self._stepping:
            title = self._map_of(crop).history.undo_title or "Paint"
            self._push(Command(title, {}, {}, map_step=crop))
            self._tell(Topic.MAP, Topic.HISTORY)

    def _push(self, command: Command) -> None:
        """Remember a command, and forget those whose map step had to make room for its own."""
        self.history.push(command)
        if command.map_step is not None:
            kept = self._map_of(command.map_step).history.steps
            self.history.keep_map_steps(command.map_step, kept)

    def _map_of(self, crop: CropBox) -> FaceMapDocument:
        return self._readings[crop][1]

    @contextmanager
    def _step(self) -> Iterator[None]:
        self._stepping = True
        try:
            yield
        finally:
            self._stepping = False

    def _replace(self, edits: Edits, *, map_step: bool = False, history: bool = True) -> None:
        before, self.edits = self.edits, edits
        changed = [
            Topic[field.name.upper()]
            for field in fields(Edits)
            if getattr(before, field.name) != getattr(edits, field.name)
        ]
        if map_step:
            changed.append(Topic.MAP)
        self._tell(*changed, *([Topic.HISTORY] if history else []))
