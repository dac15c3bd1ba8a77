"""Pictures in files, as data sets have them."""

import io
import warnings
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from inference.errors import InvalidImageError
from inference.head.gaussians import FloatArray
from inference.portrait.loading import MAX_PIXELS, load_image
from training.data.capture import Picture
from training.data.errors import BrokenSampleError


@dataclass(frozen=True)
class PictureFile:
    """A picture in a file of its own, maybe with its masks in others.

    Attributes:
        path: the picture; its own transparency is its foreground.
        mask: its foreground, 8 bit grey, of the same size; None without.
        label: its FaRL classes, 8 bit grey, of the same size; None without.
    """

    path: Path
    mask: Path | None = None
    label: Path | None = None

    def read(self) -> Picture:
        """Read all of it.

        Raises:
            BrokenSampleError: a file is missing or damaged, or they differ in size.
        """
        rgb, alpha = _read_file(self.path)
        if self.mask is not None:
            alpha = read_plane(self.mask)
        label = None if self.label is None else read_plane(self.label)
        picture = Picture(rgb, alpha, label)
        for plane in (alpha, label):
            if plane is not None and plane.shape != picture.rgb.shape[:2]:
                raise BrokenSampleError(f"{self.path} and its mask or labels differ in size.")
        return picture


@dataclass(frozen=True)
class ZippedPicture:
    """A picture inside a zip.

    Attributes:
        archive: the zip.
        member: its name there.
    """

    archive: Path
    member: str

    def read(self) -> Picture:
        """Read and decode it.

        Raises:
            BrokenSampleError: the zip or the picture is missing or damaged.
        """
        try:
            with zipfile.ZipFile(self.archive) as archive:
                content = archive.read(self.member)
            return Picture(_bytes(load_image(content, self.member).rgb))
        except (
            OSError, KeyError, ValueError, EOFError, NotImplementedError, RuntimeError,
            zipfile.BadZipFile, InvalidImageError,
        ) as error:  # fmt: skip
            raise BrokenSampleError(
                f"{self.member} in {self.archive} cannot be read ({error})."
            ) from error


def _read_file(path: Path) -> tuple[NDArray[np.uint8], NDArray[np.uint8] | None]:
    """Colours [H, W, 3] as stored, also where they are transparent, and alpha [H, W] or None."""
    try:
        if path.suffix.lower() == ".png":
            # The application puts transparent pictures over grey; training wants the background.
            with Image.open(path, formats=["PNG"]) as image:
                if image.mode == "RGBA" and image.size[0] * image.size[1] <= MAX_PIXELS:
                    values = np.array(image)
                    return values[..., :3].copy(), values[..., 3].copy()
        loaded = load_image(path)
    except (OSError, ValueError, SyntaxError, EOFError, InvalidImageError) as error:
        raise BrokenSampleError(f"{path} cannot be read ({error}).") from error
    return _bytes(loaded.rgb), None if loaded.alpha is None else _bytes(loaded.alpha)


def read_plane(path: Path) -> NDArray[np.uint8]:
    """A grey or one-channel picture [H, W] uint8, its values untouched.

    Raises:
        BrokenSampleError: it is missing or damaged, or has more than 8 bits or channels
            that differ.
    """
    try:
        content = path.read_bytes()
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content)) as image:
                values = np.asarray(image.convert("RGB") if image.mode == "1" else image)
    except Exception as error:
        raise BrokenSampleError(f"{path} cannot be read ({error}).") from error
    if values.ndim == 3:
        values = values[..., 0]
    if values.dtype != np.uint8:
        raise BrokenSampleError(f"{path} has {values.dtype} values instead of 8 bits.")
    return np.ascontiguousarray(values)


def _bytes(values: FloatArray) -> NDArray[np.uint8]:
    scaled = values * np.float32(255)
    scaled += np.float32(0.5)
    return scaled.clip(0, 255).astype(np.uint8)
