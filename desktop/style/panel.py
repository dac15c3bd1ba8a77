"""The style panel: what the head shall look like."""

from dataclasses import replace
from typing import Any

from PySide6.QtCore import QPointF, QSize, Qt, Signal
from PySide6.QtGui import (
    QAction,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
)
from PySide6.QtWidgets import QFrame, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from desktop.editing.look import StyleSource
from desktop.icons import icon
from desktop.portrait.incoming import Incoming, incoming_from
from desktop.preferences import Preferences
from desktop.session import Session, Topic
from desktop.style.prompt_line import picture_in_clipboard
from desktop.style.reader import StyleReader
from desktop.style.source_box import SourceBox
from desktop.style.vocabulary import suggestions
from desktop.theme import Palette
from desktop.widgets.labels import label, row
from desktop.widgets.switch import Switch
from desktop.widgets.value_slider import ValueSlider

NO_PICTURE = "There is no picture on the clipboard: copy one, or a picture file, and paste again."
PLACEHOLDER, SECOND_PLACEHOLDER = "for example grey curly hair", "for example red wavy hair"
FIRST, SECOND = "first", "second"


class StylePanel(QFrame):
    """Shows and changes the session's look.

    Signals:
        said: a sentence for the user that is no success.
    """

    said = Signal(str)

    def __init__(
        self,
        session: Session,
        reader: StyleReader,
        preferences: Preferences,
        own: QAction,
        variations: QAction,
        blend: QAction,
        palette: Palette,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("style")
        self.setAcceptDrops(True)
        self._session, self._reader, self._preferences = session, reader, preferences
        self.first = SourceBox("Describe the head", PLACEHOLDER, self._suggestions, palette)
        self.second = SourceBox("Blend it with", SECOND_PLACEHOLDER, self._suggestions, palette)
        self.own = QPushButton(" Own style")
        self.own.setObjectName("compact")
        self.own.setIconSize(QSize(16, 16))
        self.own.setToolTip(own.toolTip())
        self.own.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.own.clicked.connect(own.trigger)
        self.first.add_button(self.own)
        self.strength = ValueSlider("Strength", 0, 100, lambda value: f"{value} %")
        self.strength.setToolTip("How far from the portrait's own style towards the wanted one")
        self.keep = ValueSlider("Keep the photograph", 0, 100, lambda value: f"{value} %")
        self.keep.setToolTip("How much of the photograph's own look stays where nobody painted")
        self.blend = Switch("Blend with a second style")
        self.blend.setToolTip(blend.toolTip())
        self.blend.toggled.connect(blend.setChecked)
        blend.toggled.connect(self.blend.setChecked)
        self.share = ValueSlider("Between the two", 0, 100, lambda value: f"{value} %")
        self.share.setToolTip("0 % is the style above, 100 % the one it is blended with")
        self.variations = QPushButton("  Four variations")
        self.variations.setProperty("role", "card")
        self.variations.setIconSize(QSize(20, 20))
        self.variations.setToolTip(variations.toolTip())
        self.variations.clicked.connect(variations.trigger)
        self._own_action, self._variations_action = own, variations
        self._blended = QWidget()
        for slot in (self.first, self._blended):
            slot.setObjectName("style_slot")
            slot.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        inside = QVBoxLayout(self._blended)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(8)
        inside.addWidget(self.second)
        inside.addWidget(self.share)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(10)
        layout.addWidget(label("STYLE", "section"))
        layout.addWidget(self.first)
        layout.addWidget(self.strength)
        layout.addWidget(self.keep)
        layout.addWidget(row(label("Blend with another"), None, self.blend))
        layout.addWidget(self._blended)
        layout.addWidget(self.variations)
        self._connect()
        self.set_palette(palette)
        self._show()

    def _connect(self) -> None:
        for slot, box in ((FIRST, self.first), (SECOND, self.second)):
            box.words_given.connect(lambda text, slot=slot: self.give_words(text, slot))
            box.picture_given.connect(lambda given, slot=slot: self.give_picture(given, slot))
        self.first.cleared.connect(self.use_own)
        self.second.cleared.connect(lambda: self._change("Take the Second Style Away", second=None))
        self.blend.toggled.connect(self._on_blend)
        for name, slider, title in (
            ("strength", self.strength, "Style Strength"),
            ("keep", self.keep, "Keep the Photograph"),
            ("share", self.share, "Blend"),
        ):
            slider.chosen.connect(
                lambda value, name=name, title=title: self._change(
                    title, merge=name, **{name: value / 100}
                )
            )
            slider.released.connect(self._session.history.seal)
        self._reader.read.connect(self._on_read)
        self._reader.busy_changed.connect(self._show)
        self._session.subscribe(self._on_session)

    # What menus call

    def focus(self) -> None:
        """Go to the prompt."""
        self.first.line.setFocus()
        self.first.line.selectAll()
        if not self.first.line.text():
            self.first.line.suggest()

    def ask_picture(self) -> None:
        """Choose a reference from a file."""
        self.first.ask()

    def paste(self) -> None:
        """Take the picture on the clipboard as the reference."""
        given = picture_in_clipboard()
        if given is None:
            self.said.emit(NO_PICTURE)
        else:
            self.give_picture(given)

    def use_own(self) -> None:
        """Back to the portrait's own style."""
        self._reader.forget()
        self._change("Own Style", source=None, second=None, seed=None)

    def give_words(self, text: str, slot: str = FIRST) -> None:
        """A prompt was entered; an empty one takes the style away."""
        if not text:
            if slot == FIRST:
                self._change("Take the Style Away", source=None, seed=None)
            else:
                self._change("Take the Second Style Away", second=None)
            return
        source = self._source(slot)
        if source is not None and source.picture is None and source.style.description == text:
            return
        self._preferences.add_prompt(text)
        self._reader.words(slot, text)

    def give_picture(self, given: Incoming, slot: str = FIRST) -> None:
        """A reference was chosen, dropped or pasted."""
        self._reader.picture(slot, given.source, given.name)

    def set_palette(self, palette: Palette) -> None:
        """Follow the theme."""
        self.first.set_palette(palette)
        self.second.set_palette(palette)
        self.own.setIcon(icon("reset", palette.accent))
        self.variations.setIcon(icon("variations", palette.accent))

    # Reacting

    def _suggestions(self) -> list[str]:
        earlier = self._preferences.prompts
        return [*earlier, *(words for words in suggestions() if words not in earlier)]

    def _source(self, slot: str) -> StyleSource | None:
        look = self._session.edits.look
        return look.source if slot == FIRST else look.second

    def _change(self, title: str, merge: str | None = None, **changes: Any) -> None:
        look = replace(self._session.edits.look, **changes)
        self._session.change(title, merge=merge, look=look)

    def _on_read(self, slot: str, source: StyleSource) -> None:
        title = f"Style “{source.style.description}”"
        if slot == SECOND:
            self._change(title, second=source, seed=None)
            return
        strength = self._session.edits.look.strength or 1.0  # at 0 nothing would happen
        self._change(title, source=source, seed=None, strength=strength)

    def _on_blend(self, on: bool) -> None:
        if not on and self._session.edits.look.second is not None:
            self._change("Blend Off", second=None)
        self._show()
        if on:
            self.second.line.setFocus()

    def _on_session(self, topic: Topic) -> None:
        if topic is Topic.PORTRAIT:
            self._reader.forget()
        if topic is Topic.MAP:
            self._show()
        elif topic is Topic.LOOK:
            look = self._session.edits.look
            for box, source in ((self.first, look.source), (self.second, look.second)):
                words = source is not None and source.picture is None
                box.show_words(source.style.description if source is not None and words else "")
            if look.second is not None:
                self.blend.setChecked(True)
            self._show()

    def _show(self) -> None:
        look = self._session.edits.look
        for slot, box in ((FIRST, self.first), (SECOND, self.second)):
            reading = "Reading…" if self._reader.busy(slot) else ""
            box.show_source(self._source(slot), reading=reading)
        for slider, value in (
            (self.strength, look.strength),
            (self.keep, look.keep),
            (self.share, look.share),
        ):
            slider.set_value(round(100 * value))
        self._blended.setVisible(self.blend.isChecked())
        self.keep.setEnabled(not self._session.untouched)
        self.share.setEnabled(look.second is not None)
        self.strength.setEnabled(look.source is not None or look.second is not None)
        self._own_action.setEnabled(not look.plain)
        self.own.setEnabled(not look.plain)

    # Dropping: a picture here is a reference, elsewhere in the window a portrait

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if incoming_from(event.mimeData()) is not None:
            event.acceptProposedAction()
            self._show_target(self._slot_at(event.position()))

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        event.acceptProposedAction()
        self._show_target(self._slot_at(event.position()))

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._show_target(None)

    def dropEvent(self, event: QDropEvent) -> None:
        self._show_target(None)
        given = incoming_from(event.mimeData())
        if given is not None:
            event.acceptProposedAction()
            self.give_picture(given, self._slot_at(event.position()))

    def _slot_at(self, point: QPointF) -> str:
        """The style that a picture dropped there becomes: the second one only where it shows."""
        below = self._blended.isVisible() and self._blended.geometry().contains(point.toPoint())
        return SECOND if below else FIRST

    def _show_target(self, slot: str | None) -> None:
        """Outline where a dragged picture would go: the whole panel if there is one style."""
        two = self.blend.isChecked()
        for widget, hot in (
            (self, slot is not None and not two),
            (self.first, slot == FIRST and two),
            (self._blended, slot == SECOND and two),
        ):
            if bool(widget.property("hot")) != hot:
                widget.setProperty("hot", hot)
                widget.style().unpolish(widget)
                widget.style().polish(widget)
