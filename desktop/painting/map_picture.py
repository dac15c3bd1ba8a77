"""The map as a QImage that is coloured anew only where it changed."""

from collections.abc import Collection

import numpy as np
from PySide6.QtGui import QImage

from desktop.painting.state import MapView
from inference.face_map.box import Box
from inference.face_map.colouring import Pixels, colour_table, outlined
from inference.face_map.document import EVERYTHING, SIZE
from inference.face_map.labels import ByteArray

LINE = 1  # width of outlines inside each class, pixels of the map
OUTLINE_OPACITY = 1.0


class MapPicture:
    """Colours of a map in memory that Qt paints from."""

    def __init__(self) -> None:
        self._pixels: Pixels = np.zeros((SIZE, SIZE), np.uint32)
        # Qt reads the array in place.
        self.image = QImage(
            self._pixels.data, SIZE, SIZE, 4 * SIZE, QImage.Format.Format_ARGB32_Premultiplied
        )
        self._table = colour_table(0.55)
        self._view = MapView.OVERLAY

    def dress(self, view: MapView, opacity: float, hidden: Collection[int]) -> None:
        """Choose how classes look; colour everything afterwards."""
        self._view = view
        if view is MapView.OUTLINE:
            self._table = colour_table(OUTLINE_OPACITY, hidden, ground=True)
        elif view is MapView.SIDE_BY_SIDE:
            self._table = colour_table(1.0, hidden, ground=True)
        else:
            self._table = colour_table(opacity, hidden)

    def colour(self, labels: ByteArray, box: Box = EVERYTHING) -> Box:
        """Colour a box of the map [512, 512]; returns where pixels may differ now."""
        if self._view is not MapView.OUTLINE:
            self._pixels[box.slices] = self._table[labels[box.slices]]
            return box
        # A border moves the lines of both its sides.
        changed = box.grown(LINE).within(SIZE)
        around = changed.grown(LINE).within(SIZE)
        lines = outlined(labels[around.slices], self._table, LINE)
        top, left = changed.top - around.top, changed.left - around.left
        height, width = changed.bottom - changed.top, changed.right - changed.left
        self._pixels[changed.slices] = lines[top : top + height, left : left + width]
        return changed
