"""On the left: the photograph and how its head is made."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QColor
from PySide6.QtWidgets import QFrame, QToolButton, QVBoxLayout, QWidget

from desktop.images import veil_from_alpha
from desktop.pipeline import Pipeline
from desktop.portrait.canvas import PortraitCanvas
from desktop.portrait.head_options import HeadOptions
from desktop.session import Session, Topic
from desktop.theme import Palette
from desktop.widgets.banner import Banner
from desktop.widgets.labels import ElidedLabel, label, row, section
from desktop.widgets.scrolling import fill_scrolling
from desktop.widgets.switch import Switch


class PortraitPanel(QFrame):
    """Shows the session's photograph and sends what the user does to session and pipeline."""

    open_wanted = Signal()

    def __init__(
        self,
        session: Session,
        pipeline: Pipeline,
        foreground: QAction,
        open_action: QAction,
        palette: Palette,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self._pipeline, self._palette = session, pipeline, palette
        self.canvas = PortraitCanvas()
        self.banner = Banner()
        self.options = HeadOptions(session, pipeline)
        self._name = ElidedLabel("")
        self._name.setProperty("role", "title")
        open_button = QToolButton()
        open_button.setDefaultAction(open_action)
        open_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        self._cut = Switch("Hide the background")
        self._cut.setToolTip(foreground.toolTip())
        self._cut.toggled.connect(foreground.setChecked)
        foreground.toggled.connect(self._cut.setChecked)
        foreground.toggled.connect(lambda on: self.canvas.show_veil(on=on))
        self._size = label("", "small")

        inside = QWidget()
        layout = QVBoxLayout(inside)
        layout.setContentsMargins(18, 16, 18, 18)
        layout.setSpacing(12)
        layout.addWidget(row(self._name, open_button))
        layout.addWidget(self.canvas)
        layout.addWidget(self.banner)
        layout.addWidget(row(label("Hide the background"), None, self._cut))
        layout.addSpacing(14)
        layout.addWidget(section("Head", self.options))
        layout.addStretch(1)
        fill_scrolling(self, inside)

        self.canvas.crop_chosen.connect(self._on_crop)
        self.canvas.face_picked.connect(pipeline.pick_face)
        self.banner.pressed.connect(pipeline.make)
        pipeline.state_changed.connect(self._say)
        pipeline.stopped.connect(self._on_stopped)
        pipeline.make_failed.connect(self._on_failed)
        session.subscribe(self._on_session)

    def set_palette(self, palette: Palette) -> None:
        """Follow the theme."""
        self._palette = palette
        self._on_session(Topic.PREPARED)

    def _on_session(self, topic: Topic) -> None:
        session = self._session
        if topic is Topic.PORTRAIT and session.image is not None:
            self.canvas.set_image(self._pipeline.preview, session.image.size)
            self._name.setText(session.name)
            self._name.setToolTip(str(session.source or session.name))
        elif topic in (Topic.FACES, Topic.FACE):
            self.canvas.set_faces(session.faces or [], session.edits.face)
            self._say()
        elif topic is Topic.CROP:
            self.canvas.set_crop(session.edits.crop)
        elif topic is Topic.PREPARED:
            if session.prepared is None:
                self.canvas.set_veil(None, None)
            else:
                shade = QColor(self._palette.panel)
                rgb = (shade.red(), shade.green(), shade.blue())
                veil = veil_from_alpha(session.prepared.alpha, rgb, 0.88)
                self.canvas.set_veil(veil, session.prepared.crop)

    def _on_crop(self, crop: object, title: str) -> None:
        merge = title if title == "Nudge Crop" else None
        self._session.change(title, merge=merge, crop=crop)

    @property
    def _guessed(self) -> bool:
        """Whether the head was made without knowing where the face is."""
        head = self._session.head
        return not self._pipeline.busy and head is not None and head.portrait.landmarks is None

    def _say(self) -> None:
        faces = self._session.faces
        if self._pipeline.needs_hand:
            self.banner.say(
                "No face was found. Drag the square onto the head, or use it as it is.",
                "Make Head",
            )
        elif self._guessed:
            self.banner.say("No face was found in the square, so this head is a guess.")
        elif self._pipeline.busy or self._session.head is not None:
            several = faces is not None and len(faces) > 1
            self.banner.say(
                f"{len(faces or [])} faces were found. Click the one to use." if several else ""
            )

    def _on_stopped(self) -> None:
        if self._session.image is not None and self._session.head is None:
            self.banner.say("Stopped before the head was made.", "Make Head")

    def _on_failed(self, sentence: str) -> None:
        self.banner.say(sentence, "Try Again")
