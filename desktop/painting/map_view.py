"""Where the map lies in its pane: fitted, zoomed at a point, panned. Knows no widget."""

from dataclasses import dataclass, replace

from inference.face_map.document import SIZE

MOST = 24.0  # widget pixels a map pixel
MARGIN = 12.0  # widget pixels around the fitted map


@dataclass(frozen=True)
class Placement:
    """A square map in a pane.

    Attributes:
        width, height: of the pane, pixels.
        zoom: 1 shows the whole map.
        centre_x, centre_y: the point of the map in the middle of the pane.
    """

    width: float
    height: float
    zoom: float = 1.0
    centre_x: float = SIZE / 2
    centre_y: float = SIZE / 2

    @property
    def fitted(self) -> float:
        """Pane pixels a map pixel when the whole map is shown."""
        return max(min(self.width, self.height) - 2 * MARGIN, 16.0) / SIZE

    @property
    def scale(self) -> float:
        """Pane pixels a map pixel."""
        return self.fitted * self.zoom

    def to_pane(self, x: float, y: float) -> tuple[float, float]:
        """A point of the map in the pane."""
        return (
            self.width / 2 + (x - self.centre_x) * self.scale,
            self.height / 2 + (y - self.centre_y) * self.scale,
        )

    def to_map(self, x: float, y: float) -> tuple[float, float]:
        """A point of the pane on the map."""
        return (
            self.centre_x + (x - self.width / 2) / self.scale,
            self.centre_y + (y - self.height / 2) / self.scale,
        )

    def resized(self, width: float, height: float) -> "Placement":
        """The same part of the map in another pane."""
        return replace(self, width=width, height=height)._limited()

    def zoomed(self, factor: float, x: float, y: float) -> "Placement":
        """Nearer by a factor; the point of the map under a point of the pane stays there."""
        zoom = min(max(self.zoom * factor, 1.0), max(MOST / self.fitted, 1.0))
        before = self.to_map(x, y)
        nearer = replace(self, zoom=zoom)
        after = nearer.to_map(x, y)
        return replace(
            nearer,
            centre_x=self.centre_x + before[0] - after[0],
            centre_y=self.centre_y + before[1] - after[1],
        )._limited()

    def panned(self, dx: float, dy: float) -> "Placement":
        """Moved by pane pixels."""
        return replace(
            self,
            centre_x=self.centre_x - dx / self.scale,
            centre_y=self.centre_y - dy / self.scale,
        )._limited()

    def _limited(self) -> "Placement":
        """Never so far away that the map is lost: a pane is filled, or the map in its middle."""

        def limit(centre: float, extent: float) -> float:
            half = (extent / 2 - MARGIN) / self.scale
            return SIZE / 2 if half >= SIZE / 2 else min(max(centre, half), SIZE - half)

        return replace(
            self,
            centre_x=limit(self.centre_x, self.width),
            centre_y=limit(self.centre_y, self.height),
        )
