"""The collar of a shirt: a stand round the neck, folded over, with points in front."""

import numpy as np
from numpy.typing import NDArray

from training.synthetic.accessories import Accessory, Finish, worn
from training.synthetic.cloth import ClothLook
from training.synthetic.meshes import sheet, unit
from training.synthetic.wearer import Wearer
from training.template.labels import Label

Float = NDArray[np.float64]
_OPENING = 0.30  # radians of azimuth between the middle and each front edge
_STAND, _FALL, _POINT = 0.024, 0.030, 0.026  # metres: height, fold, and how far the points reach


def make_collar(cloth: ClothLook, wearer: Wearer) -> Accessory:
    """The collar of a shirt whose neckline is "shirt collar"."""
    azimuth = np.linspace(_OPENING, 2 * np.pi - _OPENING, 61)
    back = (1 - np.cos(azimuth)) / 2
    level = cloth.height + 0.016 * back - 0.012
    foot, out = wearer.neck(azimuth, level)
    flat = unit(out * np.array([1.0, 0.15, 1.0]))
    up = np.array([0.0, 1.0, 0.0])
    tip = np.clip(1 - np.minimum(azimuth, 2 * np.pi - azimuth) / 1.3, 0, 1) ** 1.5
    stand = _STAND * (0.72 + 0.28 * back)
    fall = _FALL * (0.85 + 0.15 * back) + _POINT * tip
    rows = []
    for t in np.linspace(0, 1, 5):
        rows.append(foot + flat * (0.004 + 0.003 * t) + up * (stand * t)[:, None])
    top = rows[-1]
    for t in np.linspace(0.12, 1, 8):
        bulge = 0.0035 * np.sin(np.pi * min(1.0, t * 3) / 2) + 0.010 * t
        lean = flat * (bulge + 0.016 * tip * t)[:, None]
        rows.append(top + lean - up * (fall * t - 0.002 * np.sin(np.pi * min(1.0, t * 4)))[:, None])
    grid = np.stack(rows)
    grid[5:] = wearer.pushed_out(grid[5:].reshape(-1, 3), 0.012).reshape(grid[5:].shape)
    grid[1:5] = wearer.pushed_out(grid[1:5].reshape(-1, 3), 0.0025).reshape(grid[1:5].shape)
    colour = (float(cloth.first[0]), float(cloth.first[1]), float(cloth.first[2]))
    outward = np.concatenate([np.tile(-flat, (5, 1, 1)), np.tile(flat, (8, 1, 1))])
    return worn("collar", Label.CLOTH, sheet(grid, outward), Finish(colour, roughness=0.9))
