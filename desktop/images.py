"""Between numpy pictures and Qt's."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QPointF, QRectF
from PySide6.QtGui import QColor, QImage, QImageWriter, QPainter, QPainterPath

from inference.portrait.types import CropBox

PREVIEW_EDGE = 1200  # a photograph on the screen has once to twice as many pixels an edge

FloatPicture = NDArray[np.float32]


def qimage_from_rgb(rgb: FloatPicture) -> QImage:
    """A QImage of its own from [H, W, 3] RGB 0..1."""
    height, width, _ = rgb.shape
    data = np.full((height, width, 4), 255, np.uint8)
    data[..., :3] = np.clip(rgb * 255 + 0.5, 0, 255)
    return QImage(
        data.data, width, height, 4 * width, QImage.Format.Format_RGBA8888
    ).convertToFormat(QImage.Format.Format_RGB32)


def preview_of(rgb: FloatPicture) -> QImage:
    """A photograph [H, W, 3] RGB 0..1 at no more than a screen needs; slow for large ones."""
    height, width, _ = rgb.shape
    step = max(1, max(height, width) // PREVIEW_EDGE)
    step = min(step, height, width)
    rows, columns = height // step, width // step
    blocks = rgb[: rows * step, : columns * step].reshape(rows, step, columns, step, 3)
    return qimage_from_rgb(blocks.mean(axis=(1, 3)) if step > 1 else rgb)


def qimage_from_rgba8(rgba: NDArray[np.uint8]) -> QImage:
    """A QImage of its own from [H, W, 4] RGBA, premultiplied; quick to paint."""
    height, width, _ = rgba.shape
    rgba = np.ascontiguousarray(rgba)
    wrapped = QImage(
        rgba.data, width, height, 4 * width, QImage.Format.Format_RGBA8888_Premultiplied
    )
    return wrapped.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)


def photograph_of_crop(rgb: FloatPicture, crop: CropBox, size: tuple[int, int]) -> QImage:
    """A crop [S, S, 3] for the screen, clear where its box reaches beyond the photograph.

    Args:
        rgb: the crop, RGB 0..1.
        crop: its box.
        size: (width, height) of the photograph.
    """
    image = qimage_from_rgb(rgb).convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)
    corners = np.array([[0.0, 0.0], [float(size[0]), float(size[1])]])
    (left, top), (right, bottom) = crop.to_crop(corners, rgb.shape[0])
    inside, beyond = QPainterPath(), QPainterPath()
    inside.addRect(QRectF(QPointF(left, top), QPointF(right, bottom)))
    beyond.addRect(QRectF(image.rect()))
    painter = QPainter(image)
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Clear)
    painter.fillPath(beyond.subtracted(inside), QColor("black"))
    painter.end()
    return image


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
