"""A brush stroke, on one or on both halves of the face."""

from inference.face_map.document import SIZE, FaceMapDocument
from inference.face_map.footprint import Point, swept_disc
from inference.face_map.inks import Ink
from inference.face_map.symmetry import Axis


class BrushStroke:
    """Paints along the way of the mouse; begin the document's stroke before, finish it after.

    Args:
        document: what is painted on, with a stroke begun.
        ink: what the brush leaves.
        radius: of the brush, pixels of the map.
        axis: paint on the other side of it too.
    """

    def __init__(
        self, document: FaceMapDocument, ink: Ink, radius: float, axis: Axis | None = None
    ) -> None:
        self._document, self._ink, self._radius, self._axis = document, ink, radius, axis
        self._other = ink.mirrored()
        self._last: Point | None = None

    def to(self, x: float, y: float) -> None:
        """Go on to a point of the map, or put the brush down there."""
        start = self._last or (x, y)
        self._last = (x, y)
        if self._axis is not None:  # first, so that this side wins where both meet
            self._sweep(self._axis.reflected(*start), self._axis.reflected(x, y), self._other)
        self._sweep(start, (x, y), self._ink)

    def _sweep(self, start: Point, end: Point, ink: Ink) -> None:
        box, mask = swept_disc(start, end, self._radius, SIZE)
        if not box.empty:
            self._document.paint(box, mask, ink.at(box))
