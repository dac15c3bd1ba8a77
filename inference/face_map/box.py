"""A rectangle of pixels, so that only what changed is worked on."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Box:
    """Columns left..right and rows top..bottom, the ends not included.

    Attributes:
        left, top, right, bottom: pixels; empty where right <= left or bottom <= top.
    """

    left: int
    top: int
    right: int
    bottom: int

    @property
    def empty(self) -> bool:
        """Whether no pixel is in it."""
        return self.right <= self.left or self.bottom <= self.top

    @property
    def slices(self) -> tuple[slice, slice]:
        """(rows, columns) to index an array [H, W] with."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    def grown(self, pixels: int) -> "Box":
        """Larger on every side."""
        return Box(self.left - pixels, self.top - pixels, self.right + pixels, self.bottom + pixels)

    def within(self, size: int) -> "Box":
        """What of it lies in a square picture."""
        return Box(
            max(self.left, 0), max(self.top, 0), min(self.right, size), min(self.bottom, size)
        )

    def united(self, other: "Box | None") -> "Box":
        """The smallest box around both."""
        if other is None or other.empty:
            return self
        if self.empty:
            return other
        return Box(
            min(self.left, other.left),
            min(self.top, other.top),
            max(self.right, other.right),
            max(self.bottom, other.bottom),
        )
