"""Face maps as PNG files whose palette is the classes' colours."""

from __future__ import annotations

import io
import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from inference.errors import InvalidFaceMapError
from inference.face_map.document import SIZE
from inference.face_map.labels import COLOURS, COUNT, ByteArray
from inference.files import atomic_write

MAX_BYTES = 50 * 2**20
MAX_EDGE = 8192
"""Larger pictures are refused from their header (our choice)."""

FORMATS = ("PNG", "BMP", "GIF", "TIFF", "WEBP", "JPEG", "PPM", "TGA")

_NEAR = 25.0  # RGB distance within which a pixel has a class's colour, edges apart
_STRANGE = 0.2  # share of pixels beyond it from which on a picture is no map
# A map as the worst JPEG has 7 % beyond, portraits 60 to 90 %.
_ADVICE = "choose a face map that was exported here, or an indexed PNG of the 19 classes"


def write_face_map(path: Path, labels: ByteArray) -> None:
    """Write a map [512, 512] as an indexed PNG: index is class, palette its colour.

    Raises:
        OutputError: it cannot be written there.
    """
    picture = Image.fromarray(np.asarray(labels, np.uint8))
    picture.putpalette(COLOURS.tobytes())
    with atomic_write(Path(path)) as temporary:
        picture.save(temporary, format="PNG", optimize=True)


def read_face_map(path: Path) -> ByteArray:
    """Read a map [512, 512] from an indexed, grey or coloured picture.

    Indices and grey values below 19 are classes, unless the palette holds our colours in another
    order; any other colour becomes the class of the nearest one, clear pixels background. Another
    size is scaled to the nearest pixel.

    Raises:
        InvalidFaceMapError: it is no picture, damaged, too large, or a picture of something else.
    """
    path = Path(path)
    try:
        if not path.is_file():
            raise InvalidFaceMapError(f"{path.name} is not a file: {_ADVICE}.")
        if path.stat().st_size > MAX_BYTES:
            raise InvalidFaceMapError(f"{path.name} is too large for a face map: {_ADVICE}.")
        content = path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InvalidFaceMapError(f"Cannot read {path.name} ({reason}): {_ADVICE}.") from error
    try:
        with warnings.catch_warnings():
            # Pillow warns of files that it can read; the limits here are our own.
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(content), formats=FORMATS) as picture:
                if max(picture.size) > MAX_EDGE:
                    raise InvalidFaceMapError(
                        f"{path.name} has {picture.width} x {picture.height} pixels, too many "
                        f"for a face map: {_ADVICE}."
                    )
                labels = _labels_of(_small(picture), path.name)
    except InvalidFaceMapError:
        raise
    except Exception as error:  # whatever a hostile file makes the decoder raise
        raise InvalidFaceMapError(
            f"{path.name} is not a picture that can be read: {_ADVICE}."
        ) from error
    return labels


def _small(picture: Image.Image) -> Image.Image:
    """The picture at the size of a map, by its nearest pixels."""
    if picture.mode == "P" and isinstance(picture.info.get("transparency"), bytes):
        picture = picture.convert("RGBA")  # some of the palette is clear
    if picture.size == (SIZE, SIZE):
        return picture
    return picture.resize((SIZE, SIZE), Image.Resampling.NEAREST)


def _labels_of(picture: Image.Image, name: str) -> ByteArray:
    if picture.mode == "P":
        indices = np.asarray(picture)
        used = np.unique(indices)
        palette = np.frombuffer(bytes(picture.getpalette("RGB") or []), np.uint8).reshape(-1, 3)
        if used.max() < len(palette):
            nearest, distance = _nearest(palette[used])
            ours = bool((distance == 0).all())
            if ours:
                table = np.zeros(256, np.uint8)
                table[used] = nearest
                return table[indices]
        if used.max() < COUNT:
            return indices.astype(np.uint8)
    elif picture.mode in ("1", "L", "I", "I;16", "I;16B", "I;16L", "F"):
        values = np.asarray(picture, np.float64)
        if values.min() >= 0 and values.max() < COUNT and (values == np.round(values)).all():
            return values.astype(np.uint8)
        raise InvalidFaceMapError(
            f"{name} has grey values other than the classes 0 to {COUNT - 1}: {_ADVICE}."
        )
    rgba = np.asarray(picture.convert("RGBA"))
    colours, owner = np.unique(rgba.reshape(-1, 4), axis=0, return_inverse=True)
    nearest, distance = _nearest(colours[:, :3])
    clear = colours[:, 3] < 128
    nearest[clear], distance[clear] = 0, 0
    if (distance > _NEAR)[owner].mean() > _STRANGE:
        raise InvalidFaceMapError(
            f"{name} is a picture of something else than a face map: {_ADVICE}."
        )
    return nearest[owner].reshape(SIZE, SIZE)


def _nearest(colours: NDArray[np.uint8]) -> tuple[ByteArray, NDArray[np.float64]]:
    """Class with the nearest colour [N], and how far that is [N], for RGB [N, 3]."""
    classes = np.empty(len(colours), np.uint8)
    distance = np.empty(len(colours))
    ours = COLOURS.astype(np.float64)
    for start in range(0, len(colours), 65536):  # in parts: a photograph has many
        part = slice(start, start + 65536)
        apart = np.linalg.norm(colours[part, None].astype(np.float64) - ours, axis=2)
        classes[part] = apart.argmin(1)
        distance[part] = apart.min(1)
    return classes, distance
