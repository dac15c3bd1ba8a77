"""Clothes: a shell over the shoulders with a neckline, one or two colours and a pattern."""

import colorsys
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]


@dataclass(frozen=True)
class ClothLook:
    """What is worn.

    Attributes:
        first, second: linear RGB.
        pattern: 0 plain, 1 stripes across, 2 stripes along, 3 check.
        neckline: height of the collar on the average head, metres.
        depth: how deep the neckline is cut in front, 0 round to 1 deep.
    """

    first: Float
    second: Float
    pattern: int
    neckline: float
    depth: float


def _colour(rng: np.random.Generator) -> Float:
    value = float(rng.choice([0.05, 0.14, 0.35, 0.72], p=[0.25, 0.25, 0.25, 0.25]))
    saturation = float(rng.random() ** 1.5 * 0.8)
    return np.array(colorsys.hsv_to_rgb(rng.random(), saturation, value))


def sample_cloth(rng: np.random.Generator) -> ClothLook:
    """Draw clothes."""
    return ClothLook(
        first=_colour(rng),
        second=_colour(rng),
        pattern=int(rng.choice([0, 1, 2, 3], p=[0.72, 0.1, 0.06, 0.12])),
        neckline=float(rng.uniform(-0.135, -0.098)),
        depth=float(rng.choice([0.0, 0.45, 0.9], p=[0.5, 0.25, 0.25])),
    )


def shell_offset(rest: Float) -> Float:
    """Distance in metres of the cloth from the skin at points [N, 3] of the average head."""
    offset: Float = 0.006 + 0.010 * np.clip((-0.10 - rest[:, 1]) / 0.08, 0, 1)
    return offset
