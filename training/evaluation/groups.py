"""Who is in which group of the bias table."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

LIGHT_FROM, DARK_BELOW = 41.0, 10.0
"""Degrees of the individual typology angle; dermatology's borders between light, intermediate
and tan, and brown and dark skin (Del Bino and Bernerd 2013, https://doi.org/10.1111/bjd.12529),
joined to three groups so that each has enough heads."""


def groups_of(attributes: Mapping[str, Any]) -> dict[str, str]:
    """Sex and skin tone of a synthetic head, from what the generator noted."""
    return {
        "sex": "male" if float(attributes["male"]) > 0.5 else "female",
        "skin tone": tone_name(typology_angle(np.asarray(attributes["skin_tone"], np.float64))),
    }


def typology_angle(
    linear_rgb: NDArray[np.float64],  # [3] 0..1
) -> float:
    """Individual typology angle in degrees, atan2(L* - 50, b*) in CIELAB under D65."""
    to_xyz = np.array(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    )
    relative = (to_xyz @ linear_rgb) / to_xyz.sum(1)
    f = np.where(
        relative > (6 / 29) ** 3, np.cbrt(relative), relative / (3 * (6 / 29) ** 2) + 4 / 29
    )
    lightness, yellow = 116 * f[1] - 16, 200 * (f[1] - f[2])
    return float(np.degrees(np.arctan2(lightness - 50, yellow)))


def tone_name(angle: float) -> str:
    """The group of a typology angle."""
    if angle > LIGHT_FROM:
        return "light"
    return "medium" if angle >= DARK_BELOW else "dark"
