"""The engine's calls for editing, handed on to an Editor that is made when it is first needed."""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING

from inference.head.template import HeadTemplate
from inference.portrait.types import PreparedPortrait
from inference.progress import CancelToken, Progress, no_progress

if TYPE_CHECKING:  # with them scipy, and what else only editing needs
    from inference.device import Device
    from inference.editing.editor import Editor
    from inference.editing.preset_editor import PresetEditor
    from inference.editing.types import EditedHead, EditRequest, Style


class EditingCalls(ABC):
    """What an engine with a template can do with face maps and styles."""

    preset: str
    _checkpoint: Path | None
    _editor: "Editor | PresetEditor | None" = None

    @property
    @abstractmethod
    def template(self) -> HeadTemplate:
        """The head template."""

    @property
    @abstractmethod
    def device(self) -> "Device":
        """Where networks run."""

    @property
    def editor(self) -> "Editor | PresetEditor":
        """The one that edits, made once; it reads its networks when it is first asked."""
        if self._editor is None:
            if self.preset == "embedded":
                from inference.editing.editor import Editor

                self._editor = Editor(self.template)
            else:
                from inference.editing.preset_editor import PresetEditor
                from inference.model.shipped import checkpoint_path

                path = checkpoint_path(self.preset, self._checkpoint)
                self._editor = PresetEditor(self.template, self.preset, path, self.device)
        return self._editor

    def style_of_portrait(
        self,
        portrait: PreparedPortrait,
        progress: Progress = no_progress,
        cancel: CancelToken | None = None,
    ) -> "Style":
        """The style of a photograph, its own or a reference's."""
        return self.editor.style_of_portrait(portrait, progress, cancel or CancelToken())

    def style_of_text(
        self, text: str, progress: Progress = no_progress, cancel: CancelToken | None = None
    ) -> "Style":
        """The style that a description in English means."""
        return self.editor.style_of_text(text, progress, cancel or CancelToken())

    def edit(
        self,
        request: "EditRequest",
        progress: Progress = no_progress,
        cancel: CancelToken | None = None,
    ) -> "EditedHead":
        """Make the head that a face map and a style describe."""
        return self.editor.edit(request, progress, cancel or CancelToken())

    def prepare_edits(
        self,
        request: "EditRequest",
        progress: Progress = no_progress,
        cancel: CancelToken | None = None,
    ) -> None:
        """Make what all edits of the request's portrait share, so that the first comes sooner."""
        self.editor.prepare_edits(request, progress, cancel or CancelToken())
