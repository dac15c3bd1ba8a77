"""What people in photographs wear and synthetic heads do not: shirts, ties, prints."""

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.face_map.labels import Label
from training.parsing.photographic import ByteArray, FloatImage

PRINT, COLLAR, TIE = 0.4, 0.4, 0.25
"""How often each is drawn (our choice)."""


def dressed(
    image: ByteArray,  # [S, S, 3] RGB
    labels: ByteArray,  # [S, S]
    rng: np.random.Generator,
) -> tuple[ByteArray, ByteArray]:
    """Draw on cloth and neck; image and labels in the same shapes."""
    picture: FloatImage = image.astype(np.float32) / 255
    if rng.random() < PRINT:
        picture = _printed(picture, labels == Label.CLOTH, rng)
    if rng.random() < COLLAR:
        cover = _collar(labels, rng)
        picture = _in_colour(picture, cover, _cloth_colour(picture, labels, rng))
        labels = np.where(cover, np.uint8(Label.CLOTH), labels)
    if rng.random() < TIE:
        cover = _tie(labels, rng)
        tied = _in_colour(picture, cover, rng.random(3).astype(np.float32))
        picture = _printed(tied, cover, rng) if rng.random() < 0.6 else tied
        labels = np.where(cover, np.uint8(Label.CLOTH), labels)
    return (np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8), labels


def _cloth_colour(
    picture: FloatImage, labels: ByteArray, rng: np.random.Generator
) -> NDArray[np.float32]:
    """White or light, black, the cloth's own, or any."""
    kind = rng.integers(4)
    own = picture[labels == Label.CLOTH]
    if kind == 0:
        colour = rng.uniform(0.75, 1) * rng.uniform(0.92, 1, 3)
    elif kind == 1:
        colour = rng.uniform(0.02, 0.15, 3)
    elif kind == 2 and len(own):
        colour = own.mean(0)
    else:
        colour = rng.random(3)
    return np.asarray(colour, np.float32)


def _in_colour(
    picture: FloatImage, cover: NDArray[np.bool_], colour: NDArray[np.float32]
) -> FloatImage:
    """The covered part in a colour that keeps light and shadow."""
    if not cover.any():
        return picture
    light = cv2.GaussianBlur(picture.mean(-1), (0, 0), 1.5)
    shade = np.clip(light / max(float(light[cover].mean()), 0.02), 0.4, 1.6)[..., None]
    soft = cv2.GaussianBlur(cover.astype(np.float32), (0, 0), 0.6)[..., None]
    return picture + (np.clip(colour * shade, 0, 1) - picture) * soft


def _collar(labels: ByteArray, rng: np.random.Generator) -> NDArray[np.bool_]:
    """The lower part of the neck, to a slanted, V-shaped or straight line."""
    neck = (labels == Label.NECK) | (labels == Label.NECKLACE)
    rows, columns = np.nonzero(neck)
    if len(rows) < 50:
        return np.zeros_like(neck)
    top, bottom = np.percentile(rows, (5, 98))
    line = bottom - (bottom - top) * rng.uniform(0.1, 0.95)
    middle = columns.mean() + rng.normal(0, 4)
    y, x = np.mgrid[: neck.shape[0], : neck.shape[1]]
    slope = rng.choice([0.0, rng.uniform(0.4, 2.5)])  # straight, or open in the middle
    depth = rng.uniform(0.2, 1) * (bottom - top)
    opening = np.maximum(depth - slope * np.abs(x - middle), 0) if slope else 0.0
    cover: NDArray[np.bool_] = neck & (y > line + rng.normal(0, 0.15) * (x - middle) + opening)
    return cover


def _tie(labels: ByteArray, rng: np.random.Generator) -> NDArray[np.bool_]:
    """A band that widens downwards from the lower end of the neck, over cloth and neck."""
    body = np.isin(labels, (Label.CLOTH, Label.NECK, Label.NECKLACE))
    rows, columns = np.nonzero(labels == Label.NECK)
    if len(rows) < 50:
        return np.zeros_like(body)
    size = len(labels)
    bottom = float(np.percentile(rows, rng.uniform(70, 100)))
    middle = float(columns[rows > np.percentile(rows, 80)].mean())
    wide, lean = size * rng.uniform(0.02, 0.05), rng.normal(0, 0.1) * size
    outline = np.array(
        [
            (middle - 0.8 * wide, bottom),
            (middle + 0.8 * wide, bottom),
            (middle + 0.5 * wide, bottom + 1.5 * wide),
            (middle + lean + 1.4 * wide, size + 1),
            (middle + lean - 1.4 * wide, size + 1),
            (middle - 0.5 * wide, bottom + 1.5 * wide),
        ]
    )
    mask = np.zeros((size, size), np.uint8)
    cv2.fillPoly(mask, [np.round(outline).astype(np.int32)], 1)
    cover: NDArray[np.bool_] = (mask > 0) & body
    return cover


def _printed(picture: FloatImage, where: NDArray[np.bool_], rng: np.random.Generator) -> FloatImage:
    """Stripes, dots or patches of other colours over a part of the picture."""
    size = len(picture)
    canvas = picture.copy()
    kind, step = rng.integers(3), int(rng.integers(4, max(6, size // 8)))
    colours = rng.random((3, 3))
    if kind == 0:
        angle, width = rng.uniform(0, np.pi), max(1, int(step * rng.uniform(0.15, 0.6)))
        along = np.array([np.cos(angle), np.sin(angle)])
        across = np.array([-along[1], along[0]])
        for shift in range(-size, size, step):
            point = size / 2 + across * shift
            start, end = ((point + along * s * 2 * size).astype(int).tolist() for s in (-1, 1))
            cv2.line(canvas, start, end, tuple(colours[0].tolist()), width, cv2.LINE_AA)
    elif kind == 1:
        radius = max(1, int(step * rng.uniform(0.1, 0.4)))
        for x in range(0, size, step):
            for y in range(size // 2, size, step):
                cv2.circle(canvas, (x, y), radius, tuple(colours[0].tolist()), -1, cv2.LINE_AA)
    else:
        for colour in colours[: int(rng.integers(1, 4))]:
            points = rng.integers((0, size // 2), (size, size), (int(rng.integers(3, 6)), 2))
            cv2.fillPoly(canvas, [points.astype(np.int32)], tuple(colour.tolist()), cv2.LINE_AA)
    strength = rng.uniform(0.3, 1)
    mixed = picture + (canvas - picture) * strength
    return np.where(where[..., None], mixed, picture).astype(np.float32)
