"""What the fit wants to know of a portrait's face map."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.head.gaussians import FloatArray


@dataclass(frozen=True)
class Regions:
    """Chances 0..1 at each pixel of the crop, [S, S] each; None where nobody can tell.

    Attributes:
        hair: of hair or a hat; without it hair is what is unlike skin.
        cloth: of cloth; without it the network's head tells where a neck is bare.
        ears: of either ear; without it ears are where the network puts them.
        mouth: of the inside of the mouth; without it teeth are where the network puts them.
        head: of anything above the neck; without it and
        body: of neck and cloth, outlines may be anybody's.
    """

    hair: FloatArray | None = None
    cloth: FloatArray | None = None
    ears: FloatArray | None = None
    mouth: FloatArray | None = None
    head: FloatArray | None = None
    body: FloatArray | None = None

    def shrunk(self, edge: int) -> "Regions":
        """The same in a smaller picture."""
        maps = {name: shrunk(map_, edge) for name, map_ in vars(self).items() if map_ is not None}
        return Regions(**maps)


def shrunk(
    chance: FloatArray,  # [S, S]
    edge: int,
) -> FloatArray:
    """Means over what becomes one pixel of a smaller picture, [edge, edge]."""
    small = cv2.resize(chance, (edge, edge), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32)


def disc(radius_px: float) -> NDArray[np.uint8]:
    """A structuring element of so many pixels to each side, at least one."""
    edge = 2 * max(1, round(radius_px)) + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (edge, edge)), np.uint8)


def widened(
    chance: FloatArray,  # [S, S]
    radius_px: float,
) -> FloatArray:
    """The highest chance within so many pixels of each, [S, S]."""
    return np.asarray(cv2.dilate(chance, disc(radius_px)), np.float32)
