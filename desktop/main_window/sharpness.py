"""The switch for sharpened pictures: what it acts on, and when it can be used."""

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction

from desktop.pipeline import Pipeline
from desktop.preferences import Preferences
from desktop.session import Session, Topic
from desktop.viewport.frame_source import FrameSource
from inference.rendering.sharpened import PictureSharpener


class Sharpness(QObject):
    """Joins the menu's switch, the engine's sharpener and the view; remembers the choice.

    Args:
        action: the switch; disabled where the engine has nothing that sharpens.
        pipeline: knows the engine's sharpener once the models are loaded.
        session: the head.
        frames: draws the view.
        preferences: where the choice is kept.
    """

    def __init__(
        self,
        action: QAction,
        pipeline: Pipeline,
        session: Session,
        frames: FrameSource,
        preferences: Preferences,
    ) -> None:
        super().__init__()
        self._action, self._pipeline, self._session = action, pipeline, session
        self._frames, self._preferences = frames, preferences
        action.setToolTip("Sharpen pictures at rest and exports  (S)")
        action.toggled.connect(self._on_toggled)
        pipeline.state_changed.connect(self.refresh)
        session.subscribe(self._on_session)
        self.refresh()

    @property
    def sharpener(self) -> PictureSharpener | None:
        """What may sharpen the head; a head of only some decoder layers is shown as it is."""
        head = self._session.head
        whole = head is None or head.options.layers in (None, self._pipeline.layers)
        return self._pipeline.sharpener if whole else None

    @property
    def wanted(self) -> bool:
        """Whether the user wants sharpened pictures."""
        return self._preferences.sharpen

    def refresh(self) -> None:
        """Show what is there, and draw accordingly."""
        there = self._pipeline.sharpener is not None
        self._action.setEnabled(there)
        self._action.blockSignals(True)
        self._action.setChecked(there and self.wanted)
        self._action.blockSignals(False)
        self._frames.sharpen_with(self.sharpener if self.wanted else None)

    def _on_toggled(self, on: bool) -> None:
        self._preferences.sharpen = on
        self._preferences.save()
        self.refresh()

    def _on_session(self, topic: Topic) -> None:
        if topic is Topic.HEAD:
            self.refresh()
