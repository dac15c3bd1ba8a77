"""From a clip that is opened to a head video that is being made."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QStandardPaths
from PySide6.QtWidgets import QWidget

from desktop.engine_holder import EngineHolder
from desktop.export.exports import Exports
from desktop.preferences import Preferences
from desktop.video.dialog import HeadVideoDialog
from desktop.workers import Job
from inference.video.settings import HeadVideo

if TYPE_CHECKING:
    from inference.video.make import HeadVideoResult

CLIP_SUFFIXES = (
    ".mp4", ".mov", ".m4v", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".wmv", ".3gp", ".mts",
    ".ogv",
)  # fmt: skip
"""Files that are opened as clips; animations (GIF, WebP) are portraits: their first frame."""


def is_clip(path: Path) -> bool:
    """Whether a file is opened as a video rather than as a portrait."""
    return path.suffix.lower() in CLIP_SUFFIXES


class HeadVideoStarts:
    """Opens the dialog, which does not block, and starts what it asks for.

    Args:
        window: the dialog's parent.
        engine: makes the heads.
        exports: runs and shows the work.
        preferences: the last folder.
        say: tells what is missing in a finished video.
    """

    def __init__(
        self,
        window: QWidget,
        engine: EngineHolder,
        exports: Exports,
        preferences: Preferences,
        say: Callable[[str], None],
    ) -> None:
        self._window, self._engine, self._exports = window, engine, exports
        self._preferences, self._say = preferences, say

    def ask(self, clip: Path) -> None:
        """A clip was opened."""
        dialog = HeadVideoDialog(
            clip, self._default(clip), self._window, sharpen=self._preferences.sharpen
        )
        dialog.accepted.connect(lambda: self._accepted(dialog))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def start(self, clip: Path, path: Path, settings: HeadVideo) -> Job | None:
        """Make the video; None where another export is writing the same file."""
        engine, renderer = self._engine, self._exports.renderer

        def work(job: Job) -> "HeadVideoResult":
            from inference.video.make import make_head_video

            loaded = engine.get(job.report, job.token)
            return make_head_video(loaded, renderer, clip, path, settings, job.report, job.token)

        job = self._exports.run(path, work)
        if job is not None:
            job.succeeded.connect(self._on_made)
        return job

    def _accepted(self, dialog: HeadVideoDialog) -> None:
        path = dialog.path
        self._preferences.export_folder = str(path.absolute().parent)
        self._preferences.save()
        self.start(dialog.clip, path, dialog.settings())

    def _on_made(self, result: "HeadVideoResult") -> None:
        if result.skipped:
            spans = ", ".join(f"{gap.start:.1f}–{gap.end:.1f} s" for gap in result.skipped)
            self._say(f"{result.path.name} leaves out {spans}, where no face was found.")

    def _default(self, clip: Path) -> Path:
        """A free name in the folder of the last export."""
        folder = Path(self._preferences.export_folder)
        if not self._preferences.export_folder or not folder.is_dir():
            places = QStandardPaths.StandardLocation.MoviesLocation
            folder = Path(QStandardPaths.writableLocation(places) or Path.home())
        path, count = folder / f"{clip.stem}_head.mp4", 2
        while path.exists():
            path, count = folder / f"{clip.stem}_head_{count}.mp4", count + 1
        return path
