"""Where to look at splats that may come from anywhere."""

from dataclasses import dataclass

import numpy as np

from inference.head.gaussians import Gaussians
from inference.rendering.camera import HEAD_CENTRE, PORTRAIT_HALF_EXTENT

_NEAR_HEAD = 0.1  # metres between a cloud's middle and a head's
_HEAD_RADII = (0.07, 0.35)  # metres; 98 % of a head with its shoulders lie within
_MARGIN = 1.3  # how much farther than the cloud the view reaches


@dataclass(frozen=True)
class Framing:
    """What a view shows.

    Attributes:
        target: the point in its middle, metres.
        half_extent: half of what it shows at the target, from top to bottom, metres.
    """

    target: tuple[float, float, float] = HEAD_CENTRE
    half_extent: float = PORTRAIT_HALF_EXTENT

    def distance(self, fov_degrees: float) -> float:
        """How far the camera stands for a vertical field of view."""
        return self.half_extent / float(np.tan(np.radians(fov_degrees) / 2))


def frame_splats(gaussians: Gaussians) -> Framing:
    """The usual framing for a head in its place, else one that shows the whole cloud."""
    centre = np.median(gaussians.means.astype(np.float64), axis=0)
    radius = float(np.percentile(np.linalg.norm(gaussians.means - centre, axis=1), 98))
    low, high = _HEAD_RADII
    if np.linalg.norm(centre - HEAD_CENTRE) < _NEAR_HEAD and low <= radius <= high:
        return Framing()
    x, y, z = centre.tolist()
    return Framing((x, y, z), max(radius * _MARGIN, 1e-3))
