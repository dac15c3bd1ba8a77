"""Moving, sizing and drawing the crop box by hand. Knows no widget."""

from dataclasses import dataclass
from enum import Enum, auto

import numpy as np

from inference.portrait.types import CropBox

SMALLEST_SIDE = 32.0  # pixels of the photograph; less shows no face
LARGEST = 3.0  # sides of the photograph; more shows no head


class Grip(Enum):
    """What of the box is held."""

    INSIDE = auto()
    TOP_LEFT = auto()
    TOP_RIGHT = auto()
    BOTTOM_LEFT = auto()
    BOTTOM_RIGHT = auto()
    OUTSIDE = auto()


_CORNERS = {
    Grip.TOP_LEFT: (-1, -1),
    Grip.TOP_RIGHT: (1, -1),
    Grip.BOTTOM_LEFT: (-1, 1),
    Grip.BOTTOM_RIGHT: (1, 1),
}


def grip_at(crop: CropBox, x: float, y: float, reach: float) -> Grip:
    """What is held at a point of the photograph; `reach` is a corner's catch in pixels."""
    half = crop.side / 2
    reach = min(reach, half * 0.6)
    for grip, (sign_x, sign_y) in _CORNERS.items():
        corner_x, corner_y = crop.centre_x + sign_x * half, crop.centre_y + sign_y * half
        if abs(x - corner_x) <= reach and abs(y - corner_y) <= reach:
            return grip
    if abs(x - crop.centre_x) <= half and abs(y - crop.centre_y) <= half:
        return Grip.INSIDE
    return Grip.OUTSIDE


def limited(crop: CropBox, image_size: tuple[int, int]) -> CropBox:
    """The box with a sensible side and its centre within the photograph."""
    width, height = image_size
    largest = LARGEST * max(width, height)
    return CropBox(
        float(np.clip(crop.centre_x, 0, width)),
        float(np.clip(crop.centre_y, 0, height)),
        float(np.clip(crop.side, min(SMALLEST_SIDE, largest), largest)),
    )


@dataclass(frozen=True)
class CropDrag:
    """A drag that began at a point of the photograph.

    Attributes:
        grip: what is held.
        start: the box before.
        x, y: where it was grabbed, pixels of the photograph.
        image_size: (width, height) of the photograph.
    """

    grip: Grip
    start: CropBox
    x: float
    y: float
    image_size: tuple[int, int]

    def to(self, x: float, y: float) -> CropBox:
        """The box when the mouse is at a point of the photograph."""
        start = self.start
        if self.grip is Grip.INSIDE:
            moved = CropBox(start.centre_x + x - self.x, start.centre_y + y - self.y, start.side)
            return limited(moved, self.image_size)
        if self.grip is Grip.OUTSIDE:  # a new box from where the mouse went down
            return self._from_corner(self.x, self.y, x, y)
        sign_x, sign_y = _CORNERS[self.grip]
        fixed_x = start.centre_x - sign_x * start.side / 2
        fixed_y = start.centre_y - sign_y * start.side / 2
        side = max((x - fixed_x) * sign_x, (y - fixed_y) * sign_y, SMALLEST_SIDE)
        return self._square(fixed_x, fixed_y, sign_x, sign_y, side)

    def _from_corner(self, fixed_x: float, fixed_y: float, x: float, y: float) -> CropBox:
        sign_x = 1 if x >= fixed_x else -1
        sign_y = 1 if y >= fixed_y else -1
        side = max(abs(x - fixed_x), abs(y - fixed_y), SMALLEST_SIDE)
        return self._square(fixed_x, fixed_y, sign_x, sign_y, side)

    def _square(
        self, fixed_x: float, fixed_y: float, sign_x: int, sign_y: int, side: float
    ) -> CropBox:
        square = CropBox(fixed_x + sign_x * side / 2, fixed_y + sign_y * side / 2, side)
        return limited(square, self.image_size)
