"""Beyond the photograph's border goes on what it shows there.

A tight photograph ends at the shoulder or in the hair, and the head's crop does not: what is
beyond is neither background nor bare skin, it is not known.
"""

from dataclasses import replace

import numpy as np

from inference.fitting.regions import Regions
from inference.head.gaussians import FloatArray
from inference.portrait.types import PreparedPortrait

INSET_PX = 2
"""Pixels at 512 along the border that have been mixed with what is beyond (our choice)."""


def carry_beyond(
    portrait: PreparedPortrait, regions: Regions
) -> tuple[PreparedPortrait, Regions, FloatArray | None]:
    """Continue photograph, matte and face map beyond its border, each pixel as the nearest within.

    Returns:
        Portrait and map as they are then, and 1 at each pixel [S, S] that the photograph shows;
        None where it shows the whole crop.
    """
    inside = portrait.inside
    if inside is None or inside.min() > 0:
        return portrait, regions, None
    rows, columns = np.flatnonzero(inside.any(1)), np.flatnonzero(inside.any(0))
    size, inset = len(inside), max(1, round(INSET_PX * portrait.size / 512))
    if len(rows) <= 2 * inset + 1 or len(columns) <= 2 * inset + 1:
        return portrait, regions, None
    # The crop's own border is none of the photograph's.
    first, last = (
        np.array([0 if ends[0] == 0 else ends[0] + inset for ends in (rows, columns)]),
        np.array(
            [size - 1 if ends[-1] == size - 1 else ends[-1] - inset for ends in (rows, columns)]
        ),
    )
    row, column = (np.clip(np.arange(size), first[axis], last[axis]) for axis in (0, 1))
    known = np.zeros_like(inside)
    known[first[0] : last[0] + 1, first[1] : last[1] + 1] = 1

    def carried(values: FloatArray) -> FloatArray:
        return values[row][:, column]

    maps = {name: carried(map_) for name, map_ in vars(regions).items() if map_ is not None}
    whole = replace(portrait, image=carried(portrait.image), alpha=carried(portrait.alpha))
    return whole, Regions(**maps), known
