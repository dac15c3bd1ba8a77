"""Colours of hairs in a head's light, the same from everywhere as the anchors' colours are.

Kajiya and Kay's diffuse term and two soft lobes (Marschner's R and TRT, as in Scheuermann's
hair shading, 2004), seen from where a portrait would see each hair.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from training.synthetic.lighting import Light

Single = NDArray[np.float32]


@dataclass(frozen=True)
class Film:
    """How radiance becomes sRGB.

    Attributes:
        exposure: factor from radiance.
        contrast: 0 plain to 1 an S curve.
    """

    exposure: float
    contrast: float


@njit(parallel=True, cache=True, fastmath=True)
def _shade(
    points: Single,
    tangents: Single,
    tones: Single,
    field: Single,
    key: Single,
    towards: Single,
    gloss: np.float32,
    exposure: np.float32,
    contrast: np.float32,
) -> Single:
    count = len(points)
    result = np.empty((count, 3), np.float32)
    for i in prange(count):
        tx, ty, tz = tangents[i, 0], tangents[i, 1], tangents[i, 2]
        px, py, pz = points[i, 0], points[i, 1], points[i, 2] + np.float32(0.03)
        py = np.float32(0.2) * (py - min(max(py, np.float32(-0.25)), np.float32(0.03)))
        ahead = 1 / np.sqrt(px * px + py * py + pz * pz + np.float32(1e-9))
        vx, vy, vz = px * ahead, py * ahead, pz * ahead
        hx, hy, hz = vx + towards[0], vy + towards[1], vz + towards[2]
        half = 1 / np.sqrt(hx * hx + hy * hy + hz * hz + np.float32(1e-9))
        tl = tx * towards[0] + ty * towards[1] + tz * towards[2]
        th = (tx * hx + ty * hy + tz * hz) * half
        sd = np.sqrt(max(1 - tl * tl, np.float32(0)))
        first = np.exp(-(((th + np.float32(0.07)) / np.float32(0.16)) ** 2))
        second = np.exp(-(((th - np.float32(0.11)) / np.float32(0.30)) ** 2))
        f = field[i]
        light = np.float32(0.2126) * f[0] + np.float32(0.7152) * f[1] + np.float32(0.0722) * f[2]
        along = tx * tx * f[3] + ty * ty * f[4] + tz * tz * f[5]
        along += 2 * (tx * ty * f[6] + ty * tz * f[7] + tz * tx * f[8])
        side = max(1 - np.float32(0.75) * along / max(light, np.float32(1e-6)), np.float32(0.15))
        # Light that comes from behind shines through the rim only a little.
        back = np.float32(0.55) + np.float32(0.45) * (
            vx * towards[0] + vy * towards[1] + vz * towards[2]
        )
        for c in range(3):
            tone = tones[i, c]
            ambient = f[c] * side
            lamp = key[c] * f[9] * sd
            radiance = tone * (np.float32(0.75) * ambient + np.float32(0.62) * lamp * back)
            radiance += gloss * lamp * (first * np.float32(0.030) + second * tone * 0.55)
            radiance += gloss * ambient * (np.float32(0.008) + tone * np.float32(0.10))
            film = 1 - np.exp(-1.5 * radiance / np.pi * exposure)
            film = film ** np.float32(1 / 2.2)
            curve = film * film * (3 - 2 * film)
            result[i, c] = film + contrast * (curve - film)
    return result


def shade_strands(
    points: Single,
    tangents: Single,
    tones: Single,
    field: Single,
    light: Light,
    gloss: float,
    film: Film,
) -> Single:
    """Colours [N, 3] 0..1 sRGB of points on hairs.

    Args:
        points: [N, 3] metres.
        tangents: [N, 3] unit.
        tones: [N, 3] linear RGB of the hair.
        field: [N, 10] light that arrives, see strand_light.HairVolume.
        light: what shines.
        gloss: 0 dull to 1 shiny.
        film: how radiance becomes colour.
    """
    shaded: Single = _shade(
        np.ascontiguousarray(points, np.float32),
        np.ascontiguousarray(tangents, np.float32),
        np.ascontiguousarray(tones, np.float32),
        field,
        light.key_colour.astype(np.float32),
        light.key_direction.astype(np.float32),
        np.float32(gloss),
        np.float32(film.exposure),
        np.float32(film.contrast),
    )
    return shaded
