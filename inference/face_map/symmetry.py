"""The line that a face is symmetric about in its picture."""

from dataclasses import dataclass

import numpy as np

from inference.portrait.types import FaceLandmarks

PAIRS = (
    (33, 263), (133, 362), (159, 386), (145, 374), (70, 300), (105, 334), (107, 336),
    (61, 291), (37, 267), (84, 314), (98, 327), (48, 278),
)  # fmt: skip
"""The person's right and left: corners and lids of the eyes, brows, mouth, nostrils (our choice:
inner features, since the outline of a turned face is no mirror image)."""


@dataclass(frozen=True)
class Axis:
    """A line in the picture.

    Attributes:
        x, y: a point of it, pixels.
        along_x, along_y: its direction, a unit vector that points down the face.
    """

    x: float
    y: float
    along_x: float
    along_y: float

    def reflected(self, x: float, y: float) -> tuple[float, float]:
        """The point on the other side."""
        dx, dy = x - self.x, y - self.y
        twice = 2 * (dx * self.along_x + dy * self.along_y)
        return self.x + twice * self.along_x - dx, self.y + twice * self.along_y - dy


def symmetry_axis(landmarks: FaceLandmarks | None, size: int) -> Axis:
    """The axis of a face, or the middle of a picture of `size` pixels without one.

    The least-squares line through the middles of pairs of landmarks; where these lie too close
    together to give a direction, the perpendicular to the line between the eyes.
    """
    if landmarks is None:
        return Axis(size / 2, size / 2, 0.0, 1.0)
    right, left = (landmarks.points[[pair[side] for pair in PAIRS]] for side in (0, 1))
    middles = (right + left) / 2
    centre = middles.mean(0)
    across = (left - right).mean(0)
    down = np.array([-across[1], across[0]]) / max(float(np.hypot(*across)), 1e-9)
    _, spread, directions = np.linalg.svd(middles - centre)
    along = directions[0] * (1.0 if directions[0] @ down >= 0 else -1.0)
    if spread[0] < 3 * spread[1] or along @ down < 0.8:
        along = down
    return Axis(float(centre[0]), float(centre[1]), float(along[0]), float(along[1]))
