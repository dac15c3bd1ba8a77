"""A head onto which is painted what its face map shows."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.editing.spread import EDGE
from inference.head.gaussians import FloatArray
from inference.head.template import HeadTemplate
from inference.rendering.camera import Camera


@dataclass(frozen=True)
class PaintedHead:
    """What painters change, in place, and what they look at.

    Attributes:
        means: [N, 3] metres; may change.
        colours: [N, 3]; may change.
        kinds: [N] see inference.editing.kinds; may change.
        seen: [N] which anchors are in sight of the map's camera.
        labels: [S, S] the face map.
        camera: of the map.
        template: of the head.
    """

    means: FloatArray
    colours: FloatArray
    kinds: NDArray[np.int64]
    seen: NDArray[np.bool_]
    labels: NDArray[np.uint8]
    camera: Camera
    template: HeadTemplate

    def small_map(self) -> NDArray[np.uint8]:
        """The face map [EDGE, EDGE]."""
        resized = cv2.resize(self.labels, (EDGE, EDGE), interpolation=cv2.INTER_NEAREST)
        return np.asarray(resized, np.uint8)
