"""The face map that is painted on: its pixels, what is protected, and its history. No widget."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from inference.face_map.box import Box
from inference.face_map.history import MEMORY, History, change_between
from inference.face_map.labels import COUNT, ByteArray, Label
from inference.portrait.types import FaceLandmarks

SIZE = 512
"""Edge of a face map in pixels."""

EVERYTHING = Box(0, 0, SIZE, SIZE)

Listener = Callable[[Box, bool], None]
"""Called with where pixels changed, and whether the stroke is over."""


class FaceMapDocument:
    """A map that knows what was parsed, what may be painted over, and how to go back.

    A stroke is `begin`, any number of `paint`, then `finish` or `abandon`; everything else is a
    stroke of its own. All of it happens on one thread.

    Args:
        parsed: [512, 512] uint8 the map of the photograph; background by default.
        landmarks: of the face in pixels of the map, or None.
        memory: bytes that the history may take.

    Attributes:
        landmarks: as given.
        locked: classes that nothing paints over.
        only_over: classes that alone are painted over; empty: all.
        history: what may be undone.

    Raises:
        ValueError: the map has another shape or other classes.
    """

    def __init__(
        self,
        parsed: ByteArray | None = None,
        landmarks: FaceLandmarks | None = None,
        memory: int = MEMORY,
    ) -> None:
        self._parsed = _checked(np.zeros((SIZE, SIZE), np.uint8) if parsed is None else parsed)
        self._labels = self._parsed.copy()
        self.landmarks = landmarks
        self.locked: set[Label] = set()
        self.only_over: set[Label] = set()
        self.history = History(memory)
        self._before: ByteArray | None = None
        self._title = ""
        self._dirty = Box(0, 0, 0, 0)
        self._listeners: list[Listener] = []

    @property
    def labels(self) -> ByteArray:
        """The map [512, 512]; a view that cannot be written to."""
        view = self._labels.view()
        view.setflags(write=False)
        return view

    @property
    def parsed(self) -> ByteArray:
        """What was parsed [512, 512]; a view that cannot be written to."""
        view = self._parsed.view()
        view.setflags(write=False)
        return view

    @property
    def before(self) -> ByteArray:
        """The map [512, 512] as it was when the stroke began."""
        return self.labels if self._before is None else self._before

    @property
    def painting(self) -> bool:
        """Whether a stroke is going on."""
        return self._before is not None

    def subscribe(self, listener: Listener) -> None:
        """Call the listener after every change."""
        self._listeners.append(listener)

    def unsubscribe(self, listener: Listener) -> None:
        """Call the listener no more."""
        self._listeners.remove(listener)

    def _tell(self, box: Box, *, finished: bool) -> None:
        for listener in self._listeners:
            listener(box, finished)

    def may_paint(self, box: Box) -> NDArray[np.bool_]:
        """Which pixels of a box [h, w] the locks and "only over" leave to the brush.

        The map as it was before the stroke decides, so that a stroke can cross itself.
        """
        allowed = np.ones(256, bool)
        if self.only_over:
            allowed[:] = False
            allowed[list(self.only_over)] = True
        allowed[list(self.locked)] = False
        may: NDArray[np.bool_] = allowed[self.before[box.slices]]
        return may

    # One stroke

    def begin(self, title: str) -> None:
        """Begin a stroke; one that is going on is finished first."""
        self.finish()
        self._before = self._labels.copy()
        self._title, self._dirty = title, Box(0, 0, 0, 0)

    def paint(
        self,
        box: Box,
        mask: NDArray[np.bool_],  # [h, w] of the box
        values: ByteArray | int,  # [h, w] classes of the box, or one class
    ) -> None:
        """Paint inside a box of the map; what is protected stays."""
        if not self.painting:
            raise RuntimeError("paint belongs between begin and finish")
        if box.empty:
            return
        place = mask & self.may_paint(box)
        window = self._labels[box.slices]
        np.copyto(window, np.asarray(values, np.uint8), where=place)
        self._dirty = box.united(self._dirty)
        self._tell(box, finished=False)

    def show(self, labels: ByteArray) -> None:
        """Within a stroke, put another map [512, 512] in place, whatever is protected."""
        if not self.painting:
            raise RuntimeError("show belongs between begin and finish")
        self._labels[:] = _checked(labels)
        self._dirty = EVERYTHING
        self._tell(EVERYTHING, finished=False)

    def finish(self) -> bool:
        """End the stroke; returns whether it changed anything."""
        if self._before is None:
            return False
        change = change_between(self._title, self._before, self._labels, self._dirty)
        self._before = None
        if change is not None:
            self.history.add(change)
            self._tell(self._dirty, finished=True)
        return change is not None

    def abandon(self) -> None:
        """End the stroke as if it had never begun."""
        if self._before is None:
            return
        self._labels[:] = self._before
        self._before = None
        self._tell(self._dirty, finished=False)

    # Whole changes

    def replace(
        self,
        title: str,
        labels: ByteArray,  # [512, 512]
        where: NDArray[np.bool_] | None = None,  # [512, 512]
        *,
        protect: bool = True,
    ) -> bool:
        """Put another map in place, as one stroke.

        Args:
            title: what the Edit menu calls it.
            labels: the other map.
            where: only these pixels.
            protect: whether locks and "only over" hold.

        Returns:
            Whether anything changed.
        """
        labels = _checked(labels)
        self.begin(title)
        place = np.ones((SIZE, SIZE), bool) if where is None else where.copy()
        if protect:
            place &= self.may_paint(EVERYTHING)
        np.copyto(self._labels, labels, where=place)
        self._dirty = EVERYTHING
        return self.finish()

    def reset(self, where: NDArray[np.bool_] | None = None) -> bool:
        """Go back to the parsed map in a region [512, 512], or everywhere whatever is locked."""
        title = "Reset Map" if where is None else "Reset Region"
        return self.replace(title, self._parsed, where, protect=where is not None)

    def set_parsed(self, parsed: ByteArray, landmarks: FaceLandmarks | None) -> None:
        """Begin anew with the map of another photograph; the history is forgotten."""
        self._parsed = _checked(parsed)
        self._labels = self._parsed.copy()
        self.landmarks = landmarks
        self._before = None
        self.history.clear()
        self._tell(EVERYTHING, finished=True)

    def undo(self) -> bool:
        """Take the stroke that is going on or the last one back; returns whether there was one."""
        if self.painting:
            self.abandon()
            return True
        return self._moved(self.history.undo(self._labels))

    def redo(self) -> bool:
        """Do the last undone stroke again; returns whether there was one."""
        self.abandon()
        return self._moved(self.history.redo(self._labels))

    def _moved(self, box: Box | None) -> bool:
        if box is not None:
            self._tell(box, finished=True)
        return box is not None


def _checked(labels: ByteArray) -> ByteArray:
    """A copy of its own of a map that is one."""
    if labels.shape != (SIZE, SIZE) or labels.dtype != np.uint8 or labels.max() >= COUNT:
        raise ValueError(f"a face map is [{SIZE}, {SIZE}] uint8 below {COUNT}")
    return labels.copy()
