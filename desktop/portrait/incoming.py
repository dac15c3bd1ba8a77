"""Portraits that are dropped or pasted: files, or pictures copied from elsewhere."""

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QMimeData
from PySide6.QtGui import QImage


@dataclass(frozen=True)
class Incoming:
    """What to open.

    Attributes:
        source: a file, or a picture; encoding that for the engine is slow.
        name: what to call it, or None for the file's own name.
    """

    source: Path | QImage
    name: str | None = None


def incoming_from(mime: QMimeData) -> Incoming | None:
    """The first portrait of a drop or of the clipboard, or None if there is none."""
    for url in mime.urls():
        if url.isLocalFile():
            return Incoming(Path(url.toLocalFile()))
    if mime.hasImage():
        image = mime.imageData()
        if isinstance(image, QImage) and not image.isNull():
            return Incoming(image, "pasted")
    text = mime.text().strip()
    if text and "\n" not in text and len(text) < 1000:
        path = Path(text.removeprefix("file://")).expanduser()
        if path.is_file():
            return Incoming(path)
    return None
