"""Clothes: a shell over the shoulders with one of several necklines, colours and patterns."""

import colorsys
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]

NECKLINES = ("crew neck", "V-neck", "scoop neck", "turtleneck", "shirt collar")
_HEIGHT = {  # metres on the average head, lowest and highest
    "crew neck": (-0.125, -0.105),
    "V-neck": (-0.130, -0.115),
    "scoop neck": (-0.150, -0.130),
    "turtleneck": (-0.090, -0.078),
    "shirt collar": (-0.122, -0.112),
}
_THICKNESS, _THICK_BELOW = 0.006, 0.010  # metres off the skin: at the neck, and more below


@dataclass(frozen=True)
class ClothLook:
    """What is worn.

    Attributes:
        first, second: linear RGB.
        pattern: 0 plain, 1 stripes across, 2 stripes along, 3 check.
        neckline: one of NECKLINES.
        height: height of the neckline at the sides on the average head, metres.
    """

    first: Float
    second: Float
    pattern: int
    neckline: str
    height: float

    def cover(self, rest: Float) -> Float:
        """Metres below the neckline at points [N, 3] of the average head; bare where negative."""
        x, y, z = np.asarray(rest, np.float64).T
        front = np.clip((z + 0.05) / 0.07, 0, 1)
        front = front * front * (3 - 2 * front)
        if self.neckline == "V-neck":
            dip = 0.062 * np.clip(1 - np.abs(x) / 0.055, 0, 1)
        elif self.neckline == "shirt collar":
            dip = 0.045 * np.clip(1 - np.abs(x) / 0.03, 0, 1)
        elif self.neckline == "scoop neck":
            dip = 0.045 * np.exp(-((x / 0.075) ** 4))
        else:
            dip = 0.010 * np.exp(-((x / 0.042) ** 2))
        # Round the neck rather than level: higher on the shoulders and behind.
        away = np.hypot(x, z + 0.03) - 0.075
        line: Float = self.height - front * dip - y + 0.45 * np.clip(away, -0.02, 0.05)
        return line + 0.015 * (1 - front)

    def offset(self, rest: Float) -> Float:
        """Metres of the cloth off the skin at points [N, 3] of the average head; thin hems."""
        depth = self.cover(rest)
        y = np.asarray(rest, np.float64)[:, 1]
        full = _THICKNESS + _THICK_BELOW * np.clip((-0.10 - y) / 0.08, 0, 1)
        hem: Float = np.clip(0.4 + depth / 0.008, 0.25, 1)
        return full * hem


def _colour(rng: np.random.Generator) -> Float:
    value = float(rng.choice([0.05, 0.14, 0.35, 0.72], p=[0.25, 0.25, 0.25, 0.25]))
    saturation = float(rng.random() ** 1.5 * 0.8)
    return np.array(colorsys.hsv_to_rgb(rng.random(), saturation, value))


def sample_cloth(rng: np.random.Generator) -> ClothLook:
    """Draw clothes."""
    neckline = str(rng.choice(NECKLINES, p=[0.34, 0.2, 0.14, 0.12, 0.2]))
    return ClothLook(
        first=_colour(rng),
        second=_colour(rng),
        pattern=int(rng.choice([0, 1, 2, 3], p=[0.72, 0.1, 0.06, 0.12])),
        neckline=neckline,
        height=float(rng.uniform(*_HEIGHT[neckline])),
    )
