"""From a decoded Pillow picture of any mode to upright sRGB floats."""

import io

import cv2
import numpy as np
from PIL import Image, ImageCms

from inference.head.gaussians import FloatArray

WIDE_MODES = ("I", "F", "I;16", "I;16B", "I;16L", "I;16N")
"""Grey modes with more than 8 bits; Pillow itself would clip them."""

BEHIND = np.float32(0.5)
"""Grey that shows through where a file is transparent."""


def to_srgb(
    image: Image.Image, profile: bytes | None, max_side: int
) -> tuple[FloatArray, FloatArray | None]:
    """Convert to (rgb [H, W, 3], alpha [H, W] or None), float32 0..1, at most max_side long.

    Where the picture is transparent, the colours are those over mid-grey.

    Args:
        image: decoded; any mode.
        profile: its ICC profile; a damaged one is ignored.
        max_side: longest allowed side in pixels.
    """
    if image.mode in WIDE_MODES:
        grey = _wide_grey(image, max_side)
        return np.repeat(grey[..., None], 3, axis=2), None
    if image.mode == "La":
        image = image.convert("LA")
    transparent = image.has_transparency_data
    if image.mode in ("P", "PA", "1", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA" if transparent else "RGB")
    image = _shrink(image, max_side)
    alpha = None
    if transparent:
        image = image if image.mode in ("RGBA", "LA") else image.convert("RGBA")
        alpha = _unit(image.getchannel("A"))
        image = image.convert("L" if image.mode == "LA" else "RGB")
    if profile:
        image = _apply_profile(image, profile)
    rgb = _unit(image.convert("RGB"))
    if alpha is not None:
        # What a file holds where it is transparent is arbitrary and would bleed into the rim.
        rgb -= BEHIND  # in place: the arrays may be large
        rgb *= alpha[..., None]
        rgb += BEHIND
    return rgb, alpha


def upright(
    rgb: FloatArray, alpha: FloatArray | None, orientation: int
) -> tuple[FloatArray, FloatArray | None]:
    """Turn and mirror by the EXIF orientation 1..8 (Exif 2.3, tag 274)."""

    def turn(array: FloatArray) -> FloatArray:
        if orientation >= 5:  # stored by columns
            array = array.swapaxes(0, 1)
        if orientation in (2, 3, 6, 7):
            array = array[:, ::-1]
        if orientation in (3, 4, 7, 8):
            array = array[::-1]
        return np.ascontiguousarray(array)

    return turn(rgb), None if alpha is None else turn(alpha)


def _unit(image: Image.Image) -> FloatArray:
    """Bytes as floats 0..1."""
    values = np.array(image, np.float32)
    values /= 255
    return values


def _shrink(image: Image.Image, max_side: int) -> Image.Image:
    """Make a picture smaller where a side is too long."""
    factor = int(max(image.size) / max_side)
    if factor >= 2:
        image = image.reduce(factor)
    scale = max_side / max(image.size)
    if scale >= 1:
        return image
    width, height = (max(1, round(side * scale)) for side in image.size)
    return image.resize((width, height), Image.Resampling.BICUBIC)


def _wide_grey(image: Image.Image, max_side: int) -> FloatArray:
    """Grey values of more than 8 bits in 0..1, [H, W]; what is no number becomes black."""
    values = np.asarray(image)
    sixteen_bit = values.dtype == np.uint16
    if not sixteen_bit:
        values = np.nan_to_num(values.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    scale = max_side / max(values.shape)
    if scale < 1:
        height, width = (max(1, round(side * scale)) for side in values.shape)
        values = np.asarray(cv2.resize(values, (width, height), interpolation=cv2.INTER_AREA))
    top = float(values.max(initial=0))
    full = next((limit for limit in (1.0, 255.0, 65535.0) if top <= limit), top)
    return np.asarray(values / np.float32(65535 if sixteen_bit else full), np.float32).clip(0, 1)


def _apply_profile(image: Image.Image, profile: bytes) -> Image.Image:
    """Convert from the picture's ICC profile to sRGB; leave it where that cannot be done."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        target = ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(image, source, target, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return image
    return converted if converted is not None else image
