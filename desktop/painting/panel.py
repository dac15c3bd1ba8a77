"""The painting panel: tools, options, canvas and classes around one face map."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Protocol

import numpy as np
from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QFileDialog, QFrame, QHBoxLayout, QVBoxLayout, QWidget

from desktop.painting.actions import PaintActions
from desktop.painting.canvas import PaintCanvas
from desktop.painting.class_list import ClassList
from desktop.painting.hints import hint_of, patch_hint, toggled_hint
from desktop.painting.option_bar import OptionBar
from desktop.painting.stamp_menu import stamp_menu
from desktop.painting.state import MapView, PaintState, Tool
from desktop.painting.tool_strip import ToolStrip
from desktop.shortcuts import ACTIONS
from desktop.theme import Palette
from desktop.widgets.labels import ElidedLabel
from inference.errors import PercHeadError
from inference.face_map.box import Box
from inference.face_map.document import FaceMapDocument
from inference.face_map.files import read_face_map, write_face_map
from inference.face_map.labels import ByteArray, Label
from inference.face_map.stamps.stamp import Stamp, stamped
from inference.head.template import HeadTemplate

TemplateSource = Callable[[], HeadTemplate]

PutStamp = Callable[[Stamp, ByteArray], bool]
"""Puts the map [512, 512] that a stamp makes in place; returns whether anything changed."""


class Steps(Protocol):
    """What takes steps back and does them again."""

    def undo(self) -> object:
        """Take the last step back."""
        ...

    def redo(self) -> object:
        """Do the last undone step again."""
        ...


ROOM = (("all", 590), ("names", 500), ("colours", 0))
"""What the list of classes shows from which width of the panel on, in pixels."""

_FILTER = "Face maps (*.png);;Pictures (*.png *.bmp *.gif *.tif *.tiff *.webp *.jpg *.jpeg)"


class PaintingPanel(QFrame):
    """Edits a `FaceMapDocument`; everything else of the window listens to `edited`.

    Undo and redo keys that reach the panel take steps of the map, or of the history that it was
    given; `undo` and `redo` do the same for a menu, and `history_changed` tells when their titles
    (`document.history`) may be different.

    Signals:
        edited: a copy of the map [512, 512] uint8, when a stroke is over.
        history_changed: what can be undone is different.

    Args:
        palette: the theme.
        template: gives the head template when a stamp is first used; read once.
        steps: the history that undo and redo walk along; None is the map's own.
        put: what a stamp does where it changes more than the map; None is only the map.
    """

    edited = Signal(object)
    history_changed = Signal()

    def __init__(
        self,
        palette: Palette,
        template: TemplateSource = HeadTemplate.load,
        parent: QWidget | None = None,
        steps: Steps | None = None,
        put: PutStamp | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("painting")
        self._steps = steps
        self._template = cache(template)
        self.document = FaceMapDocument()
        self._put = put or (lambda stamp, labels: self.document.replace(stamp.value, labels))
        self.state = PaintState(self)
        self.actions_ = PaintActions(self, palette)
        self.canvas = PaintCanvas(self.document, self.state, self)
        self.classes = ClassList(self.document, self.state, palette, self)
        self.options = OptionBar(self.state, self.actions_.__getitem__, self)
        groups = (("brush", "eraser", "restore", "smooth"), ("fill", "lasso", "move", "pick"))
        self.strip = ToolStrip(
            [[self.actions_[name] for name in group] for group in groups],
            stamp_menu(self, self.put_stamp),
            palette,
            self,
        )
        self.hint = ElidedLabel("", Qt.TextElideMode.ElideRight)
        self.hint.setProperty("role", "small")
        self.hint.setObjectName("paint_hint")
        self.hint.setContentsMargins(14, 5, 14, 6)
        self._said = ""
        self._build()
        self._connect()
        self.document.subscribe(self._on_map)
        self._refresh()

    def _build(self) -> None:
        middle = QVBoxLayout()
        middle.setSpacing(0)
        middle.addWidget(self.canvas, 1)
        middle.addWidget(self.hint)
        below = QHBoxLayout()
        below.setSpacing(0)
        below.addWidget(self.strip)
        below.addLayout(middle, 1)
        below.addWidget(self.classes)
        outside = QVBoxLayout(self)
        outside.setContentsMargins(0, 0, 0, 0)
        outside.setSpacing(0)
        outside.addWidget(self.options)
        outside.addLayout(below, 1)

    def _connect(self) -> None:
        actions, state = self.actions_, self.state
        for tool in Tool:
            actions[tool.value].triggered.connect(lambda _=False, tool=tool: self._choose(tool))
        for view in MapView:
            actions[view.value].triggered.connect(lambda _=False, view=view: state.set(view=view))
        actions["mirror"].toggled.connect(lambda on: state.set(mirror=on))
        actions["contiguous"].triggered.connect(self._on_contiguous)
        for what in ("shown", "locked", "only_over"):
            actions[what].triggered.connect(lambda on, what=what: self._on_toggle(what, on=on))
        actions["free_classes"].triggered.connect(self.classes.free)
        actions["more_opaque"].triggered.connect(lambda: state.fade(1))
        actions["less_opaque"].triggered.connect(lambda: state.fade(-1))
        actions["stamps"].setMenu(self.strip.stamps.menu())
        actions["stamps"].triggered.connect(self.strip.open_stamps)
        actions["smaller"].triggered.connect(lambda: state.resize(-1))
        actions["larger"].triggered.connect(lambda: state.resize(1))
        actions["fit_map"].triggered.connect(self.canvas.fit)
        actions["reset_map"].triggered.connect(lambda: self.document.reset())
        actions["import_map"].triggered.connect(self._ask_import)
        actions["export_map"].triggered.connect(self._ask_export)
        state.changed.connect(self._refresh)
        state.said.connect(self.say)
        self.classes.protection_changed.connect(self._on_protection)

    # What the window calls

    def set_document(self, document: FaceMapDocument) -> None:
        """Edit another map, for example of another photograph; its history comes with it."""
        self.document.unsubscribe(self._on_map)
        self.document = document
        self.canvas.set_document(document)
        self.classes.set_document(document)
        document.subscribe(self._on_map)
        self._refresh()
        self.history_changed.emit()

    def set_photograph(self, image: QImage) -> None:
        """Show the crop that the map belongs to behind it."""
        self.canvas.set_photograph(image)

    def set_palette(self, palette: Palette) -> None:
        """Follow the theme."""
        self.actions_.set_palette(palette)
        self.classes.set_palette(palette)
        self.strip.set_palette(palette)

    def undo(self) -> object:
        """Take the last step back."""
        return (self._steps or self.document).undo()

    def redo(self) -> object:
        """Do the last undone step again."""
        return (self._steps or self.document).redo()

    def put_stamp(self, stamp: Stamp) -> None:
        """Put glasses, a hat, earrings or hair where they belong."""
        labels = stamped(stamp, self.document, self._template())
        if labels is None:
            self.say("Stamps need a face that was found.")
        elif self._put(stamp, labels):
            self.say(f"{stamp.value}: press V to move or scale.")
        else:
            self.say(f"{stamp.value}: nothing changed; is a class locked?")

    def import_map(self, path: Path) -> None:
        """Put the map of a file in place, as one step; what is wrong with it is said."""
        try:
            labels = read_face_map(path)
        except PercHeadError as error:
            self.say(str(error))
            return
        self.document.replace("Import Map", labels, protect=False)
        self.say(f"Imported {path.name}.")

    def export_map(self, path: Path) -> None:
        """Write the map as an indexed PNG; what goes wrong is said."""
        path = path if path.suffix else path.with_suffix(".png")
        try:
            write_face_map(path, self.document.labels)
        except PercHeadError as error:
            self.say(str(error))
            return
        self.say(f"Exported {path.name}.")

    def say(self, sentence: str) -> None:
        """Show a sentence under the canvas; without one, what the tool can do."""
        self._said = sentence
        self.hint.setText(sentence or hint_of(self.state.tool))
        self.hint.setToolTip(self.hint.text())

    # Reacting

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        room = next(room for room, least in ROOM if self.width() >= least)
        self.classes.set_room(room)

    def _on_map(self, box: Box, finished: bool) -> None:
        if finished:
            self.edited.emit(np.array(self.document.labels))
            self.history_changed.emit()

    def _choose(self, tool: Tool) -> None:
        self.say("")
        self.state.set(tool=tool)
        self.canvas.setFocus()

    def _on_contiguous(self, on: bool) -> None:
        self.state.set(contiguous=on)
        self.say(patch_hint(contiguous=on))

    def _on_toggle(self, what: str, *, on: bool) -> None:
        self.classes.toggle(self.state.label, what, on=on)
        self.say(toggled_hint(self.state.label, what, self.document.only_over, on=on))

    def _on_protection(self) -> None:
        self.say("")
        self._refresh()

    def _refresh(self) -> None:
        state = self.state
        self._refresh_class(state.label)
        self.actions_["contiguous"].setChecked(state.contiguous)
        for name in ("more_opaque", "less_opaque"):
            self.actions_[name].setEnabled(state.view is MapView.OVERLAY)
        self.actions_[state.tool.value].setChecked(True)
        self.actions_[state.view.value].setChecked(True)
        self.actions_["mirror"].setChecked(state.mirror)
        found = self.document.landmarks is not None
        self.strip.enable_stamps(on=found)
        self.actions_["stamps"].setEnabled(found)
        if not self._said:
            self.say("")

    def _refresh_class(self, label: Label) -> None:
        """Say in the menu what is on for the class that is painted."""
        for what, text in (("shown", "Show"), ("locked", "Lock"), ("only_over", "Paint Only Over")):
            self.actions_[what].setText(f"{text} {label.title}")
            self.actions_[what].setChecked(self.classes.is_on(label, what))
        self.actions_["free_classes"].setEnabled(self.classes.special)

    def _ask_import(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(self, "Import a Map", "", _FILTER)
        if chosen:
            self.import_map(Path(chosen))

    def _ask_export(self) -> None:
        chosen, _ = QFileDialog.getSaveFileName(self, "Export the Map", "map.png", "PNG (*.png)")
        if chosen:
            self.export_map(Path(chosen))

    # Undo and redo keys, which also belong to the window: inside the panel they are the map's

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and self._step(event) is not None:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = self._step(event)
        if step is not None:
            (self.undo if step == "undo" else self.redo)()
        elif not self.classes.take_key(event):
            super().keyPressEvent(event)

    def _step(self, event: QEvent) -> str | None:
        if not isinstance(event, QKeyEvent):
            return None
        pressed = QKeySequence(event.keyCombination())
        for spec in ACTIONS:
            if spec.id in ("undo", "redo") and pressed in map(QKeySequence, spec.keys):
                return spec.id
        return None
