"""Reading any photograph safely: upright, in sRGB, of a size that fits into memory."""

import io
import stat
import warnings
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from inference.errors import InvalidImageError
from inference.head.gaussians import FloatArray
from inference.portrait.pixels import to_srgb, upright
from inference.portrait.types import LoadedImage

MAX_BYTES = 200 * 2**20
MAX_PIXELS = 120_000_000
"""Larger pictures are refused from their header (our choice: the largest phone pictures pass)."""

MAX_SIDE = 4096
"""Pictures with a longer side are made smaller while they are read (our choice)."""

MIN_SIDE = 32
"""No face can be seen in a picture with a shorter side (our choice)."""

FORMATS = (
    "JPEG", "PNG", "WEBP", "TIFF", "BMP", "DIB", "GIF", "AVIF", "JPEG2000", "PPM", "TGA", "HEIF",
)  # fmt: skip
"""What is tried; left out is what starts other programs (EPS) or is no photograph."""

READABLE = "JPEG, PNG, WebP, TIFF, BMP, GIF or AVIF"


def load_image(source: Path | bytes, name: str | None = None) -> LoadedImage:
    """Read a photograph, or the first frame of an animation.

    Args:
        source: a file, or its content (for example pasted).
        name: what to call it; by default the file's stem, or "pasted".

    Raises:
        InvalidImageError: it is no picture, damaged, too large or too small.
    """
    label = name or ("pasted" if isinstance(source, bytes) else Path(source).stem)
    shown = "The pasted picture" if isinstance(source, bytes) else Path(source).name
    stream = io.BytesIO(source) if isinstance(source, bytes) else _open(Path(source))
    with stream:
        if stream.getbuffer().nbytes > MAX_BYTES:
            raise InvalidImageError(_too_many_bytes(shown))
        picture = _decode(stream, shown)
    rgb, alpha = picture
    if alpha is not None:
        if alpha.max() < 0.02:
            raise InvalidImageError(f"{shown} is fully transparent: choose another picture.")
        if alpha.min() > 0.998:
            alpha = None
    return LoadedImage(rgb, alpha, label)


def _open(path: Path) -> io.BytesIO:
    """Read a regular file, without waiting for what is none (a pipe, a device)."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise InvalidImageError(f"{path} is not a file: choose a picture.")
        if status.st_size > MAX_BYTES:
            raise InvalidImageError(_too_many_bytes(path.name))
        return io.BytesIO(path.read_bytes())
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = getattr(error, "strerror", None) or str(error)
        raise InvalidImageError(f"Cannot read {path} ({reason}): choose another file.") from error


def _too_many_bytes(shown: str) -> str:
    return (
        f"{shown} is larger than {MAX_BYTES // 2**20} MB: save the picture smaller and try again."
    )


def _decode(stream: io.BytesIO, shown: str) -> tuple[FloatArray, FloatArray | None]:
    """Decode to (rgb [H, W, 3], alpha [H, W] or None), float32 0..1, upright."""
    _register_heif()
    try:
        with warnings.catch_warnings():
            # Pillow warns of files that it can read; the limits here are our own.
            warnings.simplefilter("ignore")
            with Image.open(stream, formats=_known_formats()) as image:
                _check_size(image, shown)
                return _pixels(image)
    except InvalidImageError:
        raise
    except Image.DecompressionBombError as error:
        raise InvalidImageError(_too_many_pixels(shown)) from error
    except UnidentifiedImageError as error:
        hint = (
            "for HEIC install pillow-heif, or save it as JPEG"
            if stream.getvalue()[4:12] in (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftyphevc")
            else f"save it as {READABLE}"
        )
        raise InvalidImageError(f"{shown} is not a picture that can be read: {hint}.") from error
    except Exception as error:
        raise InvalidImageError(f"{shown} is damaged or cut off: choose another file.") from error


def _check_size(image: Image.Image, shown: str) -> None:
    """Refuse by the header alone what is too large or too small."""
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise InvalidImageError(_too_many_pixels(shown))
    if min(width, height) * min(1.0, MAX_SIDE / max(width, height)) < MIN_SIDE:
        raise InvalidImageError(
            f"{shown} has {width} x {height} pixels: "
            "choose a picture in which the face can be seen."
        )


def _too_many_pixels(shown: str) -> str:
    return (
        f"{shown} has more than {MAX_PIXELS // 1_000_000} million pixels: "
        "save the picture smaller and try again."
    )


def _pixels(image: Image.Image) -> tuple[FloatArray, FloatArray | None]:
    """Decode an opened picture, made smaller as early as its format allows."""
    if image.format in ("JPEG", "MPO"):
        image.draft(None, (MAX_SIDE, MAX_SIDE))
    elif image.format == "JPEG2000":
        halvings = max(0, int(np.log2(max(image.size) / MAX_SIDE)))
        image.reduce = halvings  # type: ignore[method-assign,assignment]
    profile = image.info.get("icc_profile")
    image.load()
    orientation = _orientation(image)
    return upright(*to_srgb(image, profile, MAX_SIDE), orientation)


def _orientation(image: Image.Image) -> int:
    """EXIF orientation 1..8; 1 where there is none or it makes no sense."""
    try:
        value = image.getexif().get(0x0112, 1)
    except Exception:  # noqa: BLE001 - damaged EXIF must not spoil a good picture
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _known_formats() -> list[str]:
    """The formats of FORMATS that this Pillow has."""
    Image.init()
    return [name for name in FORMATS if name in Image.OPEN]


def _register_heif() -> None:
    """Let Pillow read HEIC where the optional pillow-heif is installed."""
    if "HEIF" in Image.OPEN:
        return
    try:
        import pillow_heif
    except ImportError:
        return
    pillow_heif.register_heif_opener()
