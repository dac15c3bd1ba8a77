"""Between numpy pictures and Qt's."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QBuffer, QByteArray, QIODevice
from PySide6.QtGui import QImage, QImageWriter

FloatPicture = NDArray[np.float32]


def qimage_from_rgb(rgb: FloatPicture) -> QImage:
    """A QImage of its own from [H, W, 3] RGB 0..1."""
    height, width, _ = rgb.shape
    data = np.full((height, width, 4), 255, np.uint8)
    data[..., :3] = np.clip(rgb * 255 + 0.5, 0, 255)
    return QImage(
        data.data, width, height, 4 * width, QImage.Format.Format_RGBA8888
    ).convertToFormat(QImage.Format.Format_RGB32)


def qimage_from_rgba8(rgba: NDArray[np.uint8]) -> QImage:
    """A QImage of its own from [H, W, 4] RGBA, premultiplied; quick to paint."""
    height, width, _ = rgba.shape
    rgba = np.ascontiguousarray(rgba)
    wrapped = QImage(
        rgba.data, width, height, 4 * width, QImage.Format.Format_RGBA8888_Premultiplied
    )
    return wrapped.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)


def veil_from_alpha(alpha: FloatPicture, colour: tuple[int, int, int], strength: float) -> QImage:
    """A picture that covers the background: `colour` where alpha [H, W] is 0, clear where 1."""
    height, width = alpha.shape
    cover = (1 - np.clip(alpha, 0, 1)) * strength
    data = np.empty((height, width, 4), np.uint8)
    data[..., :3] = cover[..., None] * np.asarray(colour, np.float32)
    data[..., 3] = cover * 255
    return qimage_from_rgba8(data)


def encoded_png(image: QImage) -> bytes:
    """A pasted picture as the bytes of a PNG file, which the engine opens as any other."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    QImageWriter(buffer, QByteArray(b"png")).write(image)
    return bytes(buffer.data().data())
