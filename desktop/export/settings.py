"""What the user may set for each kind of export."""

from dataclasses import dataclass
from pathlib import Path

from inference.export.video import OrbitVideo
from inference.rendering.protocol import Background


@dataclass(frozen=True)
class PlyExport:
    """The head as a 3DGS PLY file."""

    path: Path


@dataclass(frozen=True)
class PictureExport:
    """The view as a picture.

    Attributes:
        path: where to.
        width, height: pixels, of each head.
        background: RGB 0..1, or None for transparency.
        sharpen: go through the engine's sharpener, if it has one.
        both: the compared head left of the shown one.
    """

    path: Path
    width: int
    height: int
    background: Background | None
    sharpen: bool = True
    both: bool = False


@dataclass(frozen=True)
class VideoExport:
    """An orbit as a video.

    Attributes:
        path: where to.
        orbit: how the camera rides.
        background: RGB 0..1; None is transparent, which only WebP can be.
        sharpen: go through the engine's sharpener, if it has one.
    """

    path: Path
    orbit: OrbitVideo
    background: Background | None
    sharpen: bool = True


Export = PlyExport | PictureExport | VideoExport
