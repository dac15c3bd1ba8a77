"""Makes a rendered view look like a photograph: background, light, crop, optics, compression.

A mirrored view has the mirrored head as its target. Gain and gamma of the light go to the
colour target too: a darker picture means a darker head, or the model would learn to guess the
exposure.
"""

from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.face_map.labels import MIRRORED

FloatImage = NDArray[Any]  # float32


@dataclass(frozen=True)
class AugmentConfig:
    """Strengths; every value is our choice.

    Attributes:
        mirror: probability that left and right are swapped.
        background: probability that the background is replaced.
        gamma: standard deviation of the log of gamma.
        gain: standard deviation of the log of the common gain.
        tint: standard deviation of each channel's own gain.
        zoom: standard deviation of the log of the zoom.
        turn: standard deviation of the rotation in degrees.
        shift: standard deviation of the shift as a share of the edge.
        blur: probability of a blur with sigma up to `blur_sigma` pixels.
        blur_sigma: see there.
        noise: probability of noise with a standard deviation up to `noise_sd`.
        noise_sd: see there, RGB 0..1.
        jpeg: probability of compression with a quality of 30..90.
        matte_error: largest number of pixels by which the matte shrinks or grows.
        beyond: probability that a crop that reaches beyond the picture shows mid-grey there, as
            the application's does, instead of the picture's reflection.
    """

    mirror: float = 0.5
    background: float = 0.6
    gamma: float = 0.15
    gain: float = 0.12
    tint: float = 0.04
    zoom: float = 0.06
    turn: float = 4.0
    shift: float = 0.03
    blur: float = 0.5
    blur_sigma: float = 1.6
    noise: float = 0.5
    noise_sd: float = 0.04
    jpeg: float = 0.4
    matte_error: int = 3
    beyond: float = 0.0


@dataclass(frozen=True)
class AugmentedView:
    """One view after augmentation.

    Attributes:
        image: [S, S, 3] uint8 RGB.
        alpha: [S, S] float32 0..1.
        light: [4] gain of R, G, B and gamma; a colour c becomes clip(c ** gamma * gain).
        mirrored: whether left and right are swapped.
        labels: [S, S] uint8 FaRL classes, or BEYOND where there is no picture; None if none were
            given.
        moved: [2, 3] where a pixel of the (mirrored) picture went to.
    """

    image: NDArray[np.uint8]
    alpha: FloatImage
    light: NDArray[np.float32]
    mirrored: bool
    labels: NDArray[np.uint8] | None = None
    moved: NDArray[np.float64] = field(default_factory=lambda: np.eye(2, 3))


BEYOND = 255
"""Label of what lies beyond the picture."""

IDENTITY_LIGHT = np.ones(4, np.float32)


def apply_light(
    colours: NDArray[np.float32],  # [..., 3] RGB 0..1
    light: NDArray[np.float32],  # [4]
) -> NDArray[np.float32]:
    """The colours [..., 3] under a view's gain and gamma."""
    return np.clip(colours ** light[3] * light[:3], 0, 1).astype(np.float32)


def plain_view(
    image: NDArray[np.uint8],  # [S, S, 3] RGB
    alpha: NDArray[np.uint8],  # [S, S]
    labels: NDArray[np.uint8] | None = None,  # [S, S] FaRL classes
) -> AugmentedView:
    """The view as it was drawn."""
    matte = alpha.astype(np.float32) / 255
    return AugmentedView(image, matte, IDENTITY_LIGHT, mirrored=False, labels=labels)


def augment_view(
    image: NDArray[np.uint8],  # [S, S, 3] RGB
    alpha: NDArray[np.uint8],  # [S, S]
    rng: np.random.Generator,
    config: AugmentConfig | None = None,
    labels: NDArray[np.uint8] | None = None,  # [S, S] FaRL classes
) -> AugmentedView:
    """Draw one augmentation; the same generator state gives the same result."""
    config = config or AugmentConfig()
    size = image.shape[0]
    matte: FloatImage = alpha.astype(np.float32) / 255
    picture: FloatImage = image.astype(np.float32) / 255
    mirrored = bool(rng.random() < config.mirror)
    if mirrored:
        picture, matte = picture[:, ::-1], matte[:, ::-1]
        labels = None if labels is None else MIRRORED[labels[:, ::-1]]
    if rng.random() < config.background:
        picture = _replace_background(picture, matte, _background(size, rng))
    tint = rng.normal(0, config.tint, 3)
    gain = np.exp(rng.normal(0, config.gain) + tint)
    light = np.append(gain, np.exp(rng.normal(0, config.gamma))).astype(np.float32)
    picture = apply_light(np.clip(picture, 0, 1), light)
    transform = _affine(size, rng, config)
    # No number is drawn where it is never used, so that older caches stay what they were.
    beyond = config.beyond > 0 and bool(rng.random() < config.beyond)
    picture = _warped(picture, transform, cv2.BORDER_REFLECT, 0.5 if beyond else None)
    matte = _warped(matte, transform, cv2.BORDER_REPLICATE, 0.0 if beyond else None)
    if labels is not None:
        labels = _warped_labels(labels, transform, beyond)
    picture = _optics(picture, rng, config)
    return AugmentedView(
        (np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8),
        _matte_error(matte, rng, config.matte_error),
        light,
        mirrored,
        labels,
        transform,
    )


def _warped(
    picture: FloatImage, transform: NDArray[np.float64], border: int, outside: float | None
) -> FloatImage:
    """Move a picture; beyond it comes its own border or, if given, a value."""
    size = picture.shape[:2]
    if outside is None:
        return cv2.warpAffine(picture, transform, size, borderMode=border)
    return cv2.warpAffine(picture, transform, size, borderValue=(outside,) * 3)


def _warped_labels(
    labels: NDArray[np.uint8], transform: NDArray[np.float64], beyond: bool
) -> NDArray[np.uint8]:
    """Move a map as its picture was moved."""
    border = cv2.BORDER_CONSTANT if beyond else cv2.BORDER_REFLECT
    moved = cv2.warpAffine(
        np.ascontiguousarray(labels),
        transform,
        labels.shape,
        flags=cv2.INTER_NEAREST,
        borderMode=border,
        borderValue=BEYOND,
    )
    return np.asarray(moved, np.uint8)


def _background(size: int, rng: np.random.Generator) -> FloatImage:
    """A plain colour, or soft blotches."""
    if rng.random() < 0.4:
        return np.tile((rng.random(3) ** 0.7).astype(np.float32), (size, size, 1))
    cells = rng.random((int(rng.integers(2, 12)), int(rng.integers(2, 12)), 3))
    blotches = cv2.resize(cells.astype(np.float32), (size, size), interpolation=cv2.INTER_CUBIC)
    contrast, base = rng.random(), rng.random() * 0.5
    return np.clip(blotches * contrast + base, 0, 1).astype(np.float32)


def _replace_background(
    picture: FloatImage, matte: FloatImage, background: FloatImage
) -> FloatImage:
    """Composite with a matte that is a little eroded, so that no old background shines through."""
    tight = cv2.GaussianBlur(cv2.erode(matte, np.ones((2, 2), np.uint8)), (0, 0), 0.8)[..., None]
    return picture * tight + background * (1 - tight)


def _affine(size: int, rng: np.random.Generator, config: AugmentConfig) -> NDArray[np.float64]:
    zoom = float(np.exp(rng.normal(0, config.zoom)))
    transform: FloatImage = cv2.getRotationMatrix2D(
        (size / 2, size / 2), float(rng.normal(0, config.turn)), zoom
    )
    transform[:, 2] += rng.normal(0, config.shift * size, 2)
    return np.asarray(transform, np.float64)


def _optics(picture: FloatImage, rng: np.random.Generator, config: AugmentConfig) -> FloatImage:
    """Blur, noise and JPEG."""
    if rng.random() < config.blur:
        picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.3, config.blur_sigma))
    if rng.random() < config.noise:
        noise = rng.standard_normal(picture.shape, dtype=np.float32)
        picture = picture + noise * rng.uniform(0, config.noise_sd)
    if rng.random() < config.jpeg:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(30, 90))]
        encoded = cv2.imencode(".jpg", (np.clip(picture, 0, 1) * 255).astype(np.uint8), quality)[1]
        decoded: FloatImage = np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR), np.float32)
        picture = decoded / 255
    return np.asarray(picture, np.float32)


def _matte_error(matte: FloatImage, rng: np.random.Generator, largest: int) -> FloatImage:
    """Shrink or grow the matte, as a network that finds the foreground errs."""
    amount = int(rng.integers(-largest, largest + 1))
    if amount == 0:
        return np.asarray(matte, np.float32)
    kernel = np.ones((abs(amount) + 1,) * 2, np.uint8)
    change = cv2.dilate if amount > 0 else cv2.erode
    return np.asarray(change(matte, kernel), np.float32)
