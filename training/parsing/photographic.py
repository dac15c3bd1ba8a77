"""What photographs have and renderings lack: shadows, clutter, things in front, film.

Comes before training.pictures.augment, which crops and compresses. Every probability and strength
is our choice.
"""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

ByteArray = NDArray[np.uint8]
FloatImage = NDArray[Any]  # float32


@dataclass(frozen=True)
class PhotographicConfig:
    """How often.

    Attributes:
        clutter: shapes with hard edges behind the person.
        shadow: a soft shadow or light across the picture.
        curve: an S-shaped or flat tone curve.
        grey: black and white or sepia.
        saturation: standard deviation of the log of the colours' strength.
        texture: fine grain on skin, hair and cloth.
        occluder: something in front of a part of the person, which counts as background.
        soften: a reduction in size, as of a small picture.
    """

    clutter: float = 0.45
    shadow: float = 0.4
    curve: float = 0.4
    grey: float = 0.08
    saturation: float = 0.25
    texture: float = 0.4
    occluder: float = 0.08
    soften: float = 0.2


def photographic(
    image: ByteArray,  # [S, S, 3] RGB
    alpha: ByteArray,  # [S, S]
    labels: ByteArray,  # [S, S]
    rng: np.random.Generator,
    config: PhotographicConfig | None = None,
) -> tuple[ByteArray, ByteArray, ByteArray]:
    """Draw one variant: image, alpha and labels in the same shapes."""
    config = config or PhotographicConfig()
    picture: FloatImage = image.astype(np.float32) / 255
    matte: FloatImage = alpha.astype(np.float32)[..., None] / 255
    if rng.random() < config.clutter:
        picture = picture * matte + _clutter(picture, rng) * (1 - matte)
    if rng.random() < config.texture:
        picture = picture * _grain(picture.shape[0], rng)
    if rng.random() < config.shadow:
        picture = picture * _shade(picture.shape[0], rng)
    picture = _tones(np.clip(picture, 0, 1), rng, config)
    if rng.random() < config.occluder:
        picture, alpha, labels = _occluded(picture, alpha, labels, rng)
    if rng.random() < config.soften:
        small = int(picture.shape[0] * rng.uniform(0.35, 0.8))
        low = cv2.resize(picture, (small, small), interpolation=cv2.INTER_AREA)
        picture = cv2.resize(low, picture.shape[:2], interpolation=cv2.INTER_LINEAR)
    return (np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8), alpha, labels


def _clutter(picture: FloatImage, rng: np.random.Generator) -> FloatImage:
    """The background with boxes, discs, stripes and lines over it, a little out of focus."""
    size = picture.shape[0]
    canvas = picture.copy()
    if rng.random() < 0.4:
        canvas = np.tile(rng.random(3).astype(np.float32), (size, size, 1))
    # Often in the person's own colours, which a background may have.
    own = picture.reshape(-1, 3)[rng.integers(0, size * size, 32)]
    for _ in range(int(rng.integers(2, 14))):
        colour = own[rng.integers(32)] if rng.random() < 0.5 else rng.random(3)
        shade = tuple(float(v) for v in np.clip(colour * rng.uniform(0.6, 1.4), 0, 1))
        points = rng.integers(-size // 4, size + size // 4, (int(rng.integers(3, 7)), 2))
        kind = rng.integers(4)
        if kind == 0:
            cv2.fillPoly(canvas, [points.astype(np.int32)], shade, lineType=cv2.LINE_AA)
        elif kind == 1:
            radius = int(rng.integers(size // 20, size // 3))
            cv2.circle(canvas, points[0].tolist(), radius, shade, -1, lineType=cv2.LINE_AA)
        elif kind == 2:
            cv2.rectangle(canvas, points[0].tolist(), points[1].tolist(), shade, -1)
        else:
            width = int(rng.integers(1, size // 16))
            for shift in range(0, size, int(rng.integers(2 * width, 8 * width + 8))):
                start, end = ((points[i] + [shift, shift // 3]).tolist() for i in (0, 1))
                cv2.line(canvas, start, end, shade, width, lineType=cv2.LINE_AA)
    blurred = cv2.GaussianBlur(canvas, (0, 0), float(rng.uniform(0.4, 3.5)))
    return np.asarray(blurred, np.float32)


def _grain(size: int, rng: np.random.Generator) -> FloatImage:
    """Factors around 1 [S, S, 1] with a grain between one and several pixels."""
    cells = max(2, int(size / rng.uniform(1, 8)))
    noise = rng.standard_normal((cells, cells)).astype(np.float32) * rng.uniform(0.02, 0.12)
    large = cv2.resize(noise, (size, size), interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.exp(large), np.float32)[..., None]


def _shade(size: int, rng: np.random.Generator) -> FloatImage:
    """Factors [S, S, 1]: a soft edge between light and shadow, or a few blotches."""
    strength = rng.uniform(0.2, 0.75)
    if rng.random() < 0.5:
        angle, shift = rng.uniform(0, 2 * np.pi), rng.normal(0, 0.25)
        grid = np.linspace(-0.5, 0.5, size, dtype=np.float32)
        ramp = grid[None] * np.cos(angle) + grid[:, None] * np.sin(angle) - shift
        dark = 1 / (1 + np.exp(-ramp / rng.uniform(0.01, 0.2)))
    else:
        cells = rng.random((int(rng.integers(2, 6)),) * 2).astype(np.float32)
        dark = cv2.resize(cells, (size, size), interpolation=cv2.INTER_CUBIC).clip(0, 1)
    factors = 1.15 - strength * dark
    return np.asarray(factors, np.float32)[..., None]


def _tones(picture: FloatImage, rng: np.random.Generator, config: PhotographicConfig) -> FloatImage:
    """Tone curve and colours."""
    if rng.random() < config.curve:
        middle, contrast = rng.uniform(0.3, 0.6), rng.uniform(0.6, 1.7)
        picture = np.clip((picture - middle) * contrast + middle, 0, 1)
    grey = picture.mean(-1, keepdims=True)
    if rng.random() < config.grey:
        tone = np.array([1, rng.uniform(0.88, 1), rng.uniform(0.7, 1)], np.float32)
        return np.asarray(grey * tone, np.float32)
    strength = float(np.exp(rng.normal(0, config.saturation)))
    return np.asarray(np.clip(grey + (picture - grey) * strength, 0, 1), np.float32)


def _occluded(
    picture: FloatImage, alpha: ByteArray, labels: ByteArray, rng: np.random.Generator
) -> tuple[FloatImage, ByteArray, ByteArray]:
    """A blob or bar of one colour in front of the lower or outer part of the person."""
    size = picture.shape[0]
    mask = np.zeros((size, size), np.uint8)
    side = rng.choice([0.0, 1.0])
    start = np.array([side * size, rng.uniform(0.4, 1) * size])
    end = np.array([rng.uniform(0.25, 0.75), rng.uniform(0.6, 1)]) * size
    width = int(size * rng.uniform(0.04, 0.16))
    cv2.line(mask, start.astype(int).tolist(), end.astype(int).tolist(), 255, width, cv2.LINE_AA)
    soft = cv2.GaussianBlur(mask, (0, 0), 0.8).astype(np.float32)[..., None] / 255
    colour = (rng.random(3) * rng.uniform(0.3, 1)).astype(np.float32)
    covered = mask > 127
    return (
        picture * (1 - soft) + colour * soft,
        np.where(covered, 0, alpha).astype(np.uint8),
        np.where(covered, 0, labels).astype(np.uint8),
    )
