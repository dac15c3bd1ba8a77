"""Beyond the photograph's border goes on what it shows there.

A tight photograph ends at the shoulder or in the hair, and the head's crop does not: what is
beyond is neither background nor bare skin, it is not known.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from inference.fitting.evidence.regions import Regions
from inference.head.gaussians import FloatArray
from inference.portrait.types import PreparedPortrait

INSET_PX = 2
"""Pixels at 512 along the border that have been mixed with what is beyond (our choice)."""


@dataclass(frozen=True)
class Photograph:
    """What a photograph shows, continued beyond its border.

    Attributes:
        portrait: crop, matte and landmarks.
        regions: of its face map.
        inside: [S, S] 1 at each pixel that the photograph itself shows; None where it shows the
            whole crop.
    """

    portrait: PreparedPortrait
    regions: Regions
    inside: FloatArray | None

    @property
    def person(self) -> NDArray[np.bool_]:
        """[S, S] where the photograph itself shows the person."""
        foreground = self.portrait.alpha > 0.5
        return foreground if self.inside is None else foreground & (self.inside > 0)


def carry_beyond(portrait: PreparedPortrait, regions: Regions) -> Photograph:
    """Continue photograph, matte and face map, each pixel beyond the border as the nearest one."""
    inside = portrait.inside
    if inside is None or inside.min() > 0:
        return Photograph(portrait, regions, None)
    rows, columns = np.flatnonzero(inside.any(1)), np.flatnonzero(inside.any(0))
    size, inset = len(inside), max(1, round(INSET_PX * portrait.size / 512))
    if min(len(rows), len(columns)) <= 2 * inset + 1:
        return Photograph(portrait, regions, None)
    top, bottom = _ends(rows, size, inset)
    left, right = _ends(columns, size, inset)
    row, column = (np.clip(np.arange(size), *ends) for ends in ((top, bottom), (left, right)))
    known = np.zeros_like(inside)
    known[top : bottom + 1, left : right + 1] = 1

    def carried(values: FloatArray) -> FloatArray:
        return values[row][:, column]

    maps = {name: carried(map_) for name, map_ in vars(regions).items() if map_ is not None}
    whole = replace(portrait, image=carried(portrait.image), alpha=carried(portrait.alpha))
    return Photograph(whole, Regions(**maps), known)


def _ends(shown: NDArray[np.intp], size: int, inset: int) -> tuple[int, int]:
    """First and last row or column that are purely the photograph's.

    The crop's own border is none of the photograph's.
    """
    first, last = int(shown[0]), int(shown[-1])
    return first + inset * (first > 0), last - inset * (last < size - 1)
