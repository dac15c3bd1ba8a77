"""A region that was lifted off the map, to be put down elsewhere or at another size."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.face_map.box import Box
from inference.face_map.labels import ByteArray
from inference.face_map.regions import box_of
from inference.face_map.uncovering import Uncovered

SMALLEST, LARGEST = 0.1, 8.0  # of the region's own width and height


@dataclass(frozen=True)
class Placement:
    """Where a region is put: scaled about its middle, then moved.

    Attributes:
        dx, dy: pixels to the right and down.
        scale_x, scale_y: 1 keeps the size; limited to SMALLEST..LARGEST.
    """

    dx: float = 0.0
    dy: float = 0.0
    scale_x: float = 1.0
    scale_y: float = 1.0


class FloatingRegion:
    """The classes of a region and the map without them.

    Args:
        labels: [S, S] the map.
        parsed: [S, S] the parsed map, which shows where the region was if it differs there.
        mask: [S, S] the region, not empty.
    """

    def __init__(self, labels: ByteArray, parsed: ByteArray, mask: NDArray[np.bool_]) -> None:
        size = labels.shape[0]
        around = box_of(mask)
        if around is None:
            raise ValueError("an empty region cannot be lifted")
        self.box = around
        self._lifted = np.where(mask, labels + 1, 0).astype(np.uint8)
        everything = Box(0, 0, size, size)
        beneath = Uncovered(labels, parsed, taken=mask).under(everything)
        self._ground = np.where(mask, beneath, labels)

    def placed(self, placement: Placement) -> ByteArray:
        """The map [S, S] with the region put down."""
        left, top, right, bottom = self.box
        scale = np.clip([placement.scale_x, placement.scale_y], SMALLEST, LARGEST)
        # From a pixel of the result to one of the region, both counted at their centres.
        centre = np.array([left + right, top + bottom]) / 2 - 0.5
        moved = centre + np.array([placement.dx, placement.dy])
        matrix = np.zeros((2, 3))
        matrix[0, 0], matrix[1, 1] = 1 / scale
        matrix[:, 2] = centre - moved / scale
        flags = cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
        size = self._lifted.shape[0]
        lifted = cv2.warpAffine(self._lifted, matrix, (size, size), flags=flags)
        return np.where(lifted > 0, lifted - 1, self._ground).astype(np.uint8)
