"""The ways a portrait comes in: dialog, clipboard, drop, sample, recent files."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QMimeData
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from desktop.pipeline import Pipeline
from desktop.portrait.incoming import incoming_from
from desktop.preferences import Preferences
from desktop.video.starts import CLIP_SUFFIXES, HeadVideoStarts, is_clip
from inference.files import resource_path

PICTURES = "*.jpg *.jpeg *.png *.webp *.tif *.tiff *.bmp *.gif *.heic *.heif *.avif"
CLIPS = " ".join(f"*{suffix}" for suffix in CLIP_SUFFIXES)
FILTERS = f"Pictures and videos ({PICTURES} {CLIPS});;All files (*)"
NO_PICTURE = "There is no picture on the clipboard: copy one, or a picture file, and paste again."


class Opening:
    """Opens portraits and remembers the files among them; clips go to the head videos."""

    def __init__(
        self,
        window: QWidget,
        pipeline: Pipeline,
        preferences: Preferences,
        say: Callable[[str], None],
        head_videos: HeadVideoStarts,
    ) -> None:
        self._window, self._pipeline, self._head_videos = window, pipeline, head_videos
        self._preferences, self._say = preferences, say

    def open(self, path: Path) -> None:
        """Open a file."""
        if is_clip(path):
            self._head_videos.ask(path)
        else:
            self._pipeline.open(path)

    def ask(self) -> None:
        """File > Open."""
        recent = self._preferences.recent
        folder = str(Path(recent[0]).parent) if recent else str(Path.home())
        chosen, _ = QFileDialog.getOpenFileName(
            self._window, "Open a Portrait or a Video", folder, FILTERS
        )
        if chosen:
            self.open(Path(chosen))

    def sample(self) -> None:
        """The portrait that ships with the program."""
        self.open(resource_path("samples/astronaut.png"))

    def paste(self) -> None:
        """Edit > Paste."""
        if not self.take(QGuiApplication.clipboard().mimeData()):
            self._say(NO_PICTURE)

    def take(self, mime: QMimeData | None) -> bool:
        """Open what was dropped or pasted; whether there was anything to open."""
        incoming = incoming_from(mime) if mime is not None else None
        if incoming is None:
            return False
        if isinstance(incoming.source, Path):
            self.open(incoming.source)
        else:
            self._pipeline.open(incoming.source, incoming.name)
        return True

    def remember(self, path: Path | None) -> None:
        """A file was opened: put it among the recent ones; the sample is not one."""
        if path is not None and path != resource_path("samples/astronaut.png"):
            self._preferences.add_recent(path)

    def fill_recent(self, menu: QMenu) -> None:
        """Write the recent files into their menu."""
        menu.clear()
        for name in self._preferences.recent:
            action = menu.addAction(Path(name).name.replace("&", "&&"))
            action.setToolTip(name)
            action.triggered.connect(lambda _=False, name=name: self.open(Path(name)))
        menu.setEnabled(bool(self._preferences.recent))
