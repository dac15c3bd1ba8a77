"""Where on a face beards grow, how thick they are there, and how their strands fall.

All told of the template, where every anchor has its place on the face whatever head it makes.
"""

import numpy as np

from inference.editing.smoothing import smoothstep
from inference.head.gaussians import FloatArray

_CHEEK = ((0, 24, 34, 50, 66, 76, 84, 100), (-26, -26, -31, -23, -9, 6, 24, 34))
"""Degrees from the middle of the face, and how high a beard then grows, in millimetres."""
_THROAT = ((0, 30, 60, 80, 100), (-100, -97, -82, -60, -32))
"""The same for where it ends below the jaw."""
_STAND_OFF = ((0, 35, 70, 95), (1.0, 0.75, 0.4, 0.2))
"""Degrees from the middle, and the share of a beard's length that it stands off there."""
_MOUTH, _SLOPE = (0.0125, -0.038, 0.0103), 0.018
"""Half the length, height and radius of the stadium that lips fill, and how far round it a beard
grows thick, in metres."""
_ROUND = 0.08  # metres from the middle of the head to the jaw
_WIDTHS = np.geomspace(0.0035, 0.009, 6)  # metres from strand to strand
_LEAN = 0.35  # how much strands cross each other
_SEED = 11
"""All our choice, looking at heads from 0, 45 and 90 degrees."""


def in_reach(
    rest: FloatArray,  # [n, 3] metres
) -> FloatArray:
    """[n] 0 or 1: which points of the template a beard could cover at all."""
    x, y, z = np.abs(rest[:, 0]), rest[:, 1], rest[:, 2]
    inside = (y < 0.035) & (y > -0.112) & (z > -0.012)
    # What is above both the cheeks' line and the upper lip.
    inside &= (y < -0.014) | (x > 0.045)
    return np.asarray(inside, np.float32)


def beard_zones(
    rest: FloatArray,  # [n, 3] metres, points of the template
) -> FloatArray:
    """[n, 3] 0..1 upper lip, chin, cheeks and jaw."""
    x, y, z = np.abs(rest[:, 0]), rest[:, 1], rest[:, 2]
    degrees = _degrees(rest)
    face = smoothstep(0.03, 0.05, z)
    top = (y + 0.5 * np.maximum(x - 0.012, 0)).astype(np.float32)
    lip = (1 - smoothstep(0.027, 0.037, x)) * smoothstep(-0.044, -0.037, y) * face
    lip = lip * (1 - smoothstep(-0.020, -0.015, top))
    corner = smoothstep(0.020, 0.024, x) * (1 - smoothstep(0.029, 0.036, x))
    corner = corner * smoothstep(-0.070, -0.055, y) * (1 - smoothstep(-0.036, -0.028, y))
    chin = (1 - smoothstep(0.020, 0.033, x)) * (1 - smoothstep(-0.053, -0.046, y))
    chin = np.maximum(chin * smoothstep(-0.105, -0.088, y), corner) * face
    jaw = 1 - smoothstep(-0.005, 0.004, y - _line(degrees, _CHEEK))
    jaw = jaw * smoothstep(-0.012, 0.012, y - _line(degrees, _THROAT))
    return np.stack([lip, chin, jaw * smoothstep(-0.012, 0.0, z)], 1)


def thickness(
    rest: FloatArray,  # [n, 3] metres, points of the template
) -> FloatArray:
    """[n, 2] 0..1 of a beard's length that it stands off, of chin beards and of those on cheeks.

    Nothing along the lips and the cheeks' line, most on the chin.
    """
    degrees = _degrees(rest)
    deep = smoothstep(0.0, 0.030, _line(degrees, _CHEEK) - rest[:, 1])
    # A steep step beside the lips would tear the skin open.
    aside = np.maximum(np.abs(rest[:, 0]) - _MOUTH[0], 0)
    slope = smoothstep(0.0, _SLOPE, np.hypot(aside, rest[:, 1] - _MOUTH[1]) - _MOUTH[2])
    sides = np.interp(degrees, *_STAND_OFF).astype(np.float32)
    return np.stack([slope, slope * deep * sides], 1)


def strands(
    rest: FloatArray,  # [n, 3] metres, points of the template
) -> FloatArray:
    """[n] about -1 to 1: streaks that fall from lips and cheeks, as waves of random phase."""
    rng = np.random.default_rng(_SEED)
    around = np.arctan2(rest[:, 0], rest[:, 2]) * np.float32(_ROUND)
    found = np.zeros(len(rest), np.float32)
    for width in _WIDTHS:
        lean, phase = rng.uniform(-_LEAN, _LEAN), rng.uniform(0, 2 * np.pi)
        across = around + np.float32(lean) * rest[:, 1]
        found += np.sin(np.float32(2 * np.pi / width) * across + np.float32(phase))
    return np.asarray((found / np.sqrt(len(_WIDTHS))).clip(-1.5, 1.5), np.float32)


def _degrees(rest: FloatArray) -> FloatArray:
    """[n] from the middle of the face round the head."""
    return np.asarray(np.degrees(np.arctan2(np.abs(rest[:, 0]), rest[:, 2])), np.float32)


def _line(degrees: FloatArray, corners: tuple[tuple[int, ...], tuple[int, ...]]) -> FloatArray:
    """[n] metres: the height of a line round the head."""
    return np.asarray(np.interp(degrees, *corners) / 1000, np.float32)
