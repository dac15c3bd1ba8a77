"""One picture of the head, or of several in a row, as a file: PNG, WebP or JPEG, of any size."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inference.errors import UsageError
from inference.export.png import PngWriter
from inference.files import atomic_write
from inference.head.gaussians import Gaussians
from inference.progress import CancelToken, Progress, no_progress
from inference.rendering.camera import Camera
from inference.rendering.protocol import WHITE, Background, Renderer, picture_margin

MAX_SIDES = {".png": 16_384, ".jpg": 16_384, ".jpeg": 16_384, ".webp": 16_383}
"""The formats by suffix and the longest side in pixels that each takes."""

TILE = 1024
"""Edge in pixels of what is drawn at once; larger pictures are drawn in parts."""

_GAP = 0.02  # of a head's width between two heads (our choice)
_ROWS = 64  # compressed between two looks at the cancel token
_STAGE = "Drawing the picture"
_QUALITY = {".webp": 92, ".jpg": 95, ".jpeg": 95}


def write_picture(
    renderer: Renderer,
    gaussians: Gaussians,
    camera: Camera,
    path: Path,
    background: Background | None = WHITE,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
    beside: Sequence[Gaussians] = (),
) -> None:
    """Draw the head and write it; the suffix chooses the format.

    Args:
        renderer: what draws.
        gaussians: the head.
        camera: the view and the size.
        path: where to; .png, .webp, .jpg or .jpeg.
        background: RGB 0..1, or None for transparency (straight alpha).
        progress: told after each part.
        cancel: looked at before each part.
        beside: more heads, to the right of it, each of the camera's size and seen by it, with a
            small gap of background between two.

    Raises:
        UsageError: the suffix is none of these, the picture is too large for the format,
            or transparency is asked of a JPEG.
        OutputError: it cannot be written there.
        Cancelled: nothing is left behind.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    width = camera.width + len(beside) * (gap_of(camera) + camera.width)
    check_picture(suffix, width, camera.height, background)
    cancel = cancel or CancelToken()
    bands = draw_bands(renderer, gaussians, camera, background, progress, cancel, beside)
    channels = 4 if background is None else 3
    with atomic_write(path) as temporary:
        if suffix == ".png":
            with (
                open(temporary, "wb") as handle,
                PngWriter(handle, width, camera.height, channels) as png,
            ):
                for _, rows in bands:
                    for start in range(0, len(rows), _ROWS):
                        cancel.check()
                        png.write(rows[start : start + _ROWS])
        else:
            _write_whole(temporary, width, camera.height, channels, bands)
    progress(_STAGE, 1.0)


def gap_of(camera: Camera) -> int:
    """Pixels between two heads beside each other."""
    return max(1, round(_GAP * camera.width))


def check_picture(suffix: str, width: int, height: int, background: Background | None) -> None:
    """Refuse what no file can hold, before any work is done.

    Raises:
        UsageError: see write_picture.
    """
    if suffix not in MAX_SIDES:
        raise UsageError(f"A picture cannot be written as '{suffix}': choose .png, .webp or .jpg.")
    limit = MAX_SIDES[suffix]
    if max(width, height) > limit:
        raise UsageError(f"A {suffix} picture may measure at most {limit} pixels a side.")
    if background is None and suffix in (".jpg", ".jpeg"):
        raise UsageError("A JPEG cannot be transparent: choose .png or .webp, or a background.")


def draw_bands(
    renderer: Renderer,
    gaussians: Gaussians,
    camera: Camera,
    background: Background | None,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
    beside: Sequence[Gaussians] = (),
) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    """Draw from top to bottom: (first row, [rows, width, 3 or 4]), straight alpha if any.

    With heads beside the first one, the rows hold them all, and the gaps between them.
    """
    cancel = cancel or CancelToken()
    tops, lefts = range(0, camera.height, TILE), range(0, camera.width, TILE)
    across = [(head, left) for head in (gaussians, *beside) for left in lefts]
    parts = len(tops) * len(across)
    for row, top in enumerate(tops):
        tiles: list[NDArray[np.uint8]] = []
        for column, (head, left) in enumerate(across):
            cancel.check()
            progress(_STAGE, (row * len(across) + column) / parts)
            tile = _draw_tile(renderer, head, camera, left, top, background)
            if tiles and left == 0:
                tiles.append(_empty(len(tile), gap_of(camera), background))
            tiles.append(tile)
        cancel.check()
        yield top, np.concatenate(tiles, axis=1)


def _empty(height: int, width: int, background: Background | None) -> NDArray[np.uint8]:
    """[height, width, 3 or 4] background alone."""
    pixel = (0.0,) * 4 if background is None else background
    return np.full((height, width, len(pixel)), np.array(pixel) * 255 + 0.5).astype(np.uint8)


def _draw_tile(
    renderer: Renderer,
    gaussians: Gaussians,
    camera: Camera,
    left: int,
    top: int,
    background: Background | None,
) -> NDArray[np.uint8]:
    """One tile, drawn with the surroundings that change it."""
    margin = picture_margin(renderer)
    outer_left, outer_top = max(0, left - margin), max(0, top - margin)
    seen = window(
        camera,
        outer_left,
        outer_top,
        min(left + TILE + margin, camera.width) - outer_left,
        min(top + TILE + margin, camera.height) - outer_top,
    )
    drawn = _draw(renderer, gaussians, seen, background)
    return drawn[top - outer_top :, left - outer_left :][:TILE, :TILE]


def window(camera: Camera, left: int, top: int, width: int, height: int) -> Camera:
    """The camera that sees only a rectangle of another's picture."""
    shift = np.array([[1, 0, -left], [0, 1, -top], [0, 0, 1]], np.float64)
    return Camera(width, height, shift @ camera.intrinsics, camera.world_to_camera)


def _draw(
    renderer: Renderer, gaussians: Gaussians, camera: Camera, background: Background | None
) -> NDArray[np.uint8]:
    """[H, W, 3] over a background, else [H, W, 4] with straight alpha."""
    if background is not None:
        return renderer.render_rgba8(gaussians, camera, background)[..., :3]
    # From floats: dividing eight bits by a small alpha would leave few colours.
    frame = renderer.render(gaussians, camera)
    alpha = np.clip(frame.alpha, 0, 1)[..., None]
    colour = np.clip(frame.colour / np.maximum(alpha, 1e-6), 0, 1)
    straight = np.concatenate([colour, alpha], axis=2)
    return (straight * 255 + 0.5).astype(np.uint8)


def _write_whole(
    path: Path,
    width: int,
    height: int,
    channels: int,
    bands: Iterator[tuple[int, NDArray[np.uint8]]],
) -> None:
    """For formats that no library writes in parts."""
    from PIL import Image

    suffix = path.suffix.lower()
    picture = Image.new("RGBA" if channels == 4 else "RGB", (width, height))
    for top, rows in bands:
        picture.paste(Image.fromarray(rows), (0, top))
    picture.save(path, quality=_QUALITY[suffix])
