"""An open mouth where the face map has one: what lies before it is dark there.

Lips that stay closed over a painted opening cannot be moved away, since only their place and size
follow the map (inference.editing.feature_fit). Teeth and tongue keep their own colours.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.editing.kinds import SKIN
from inference.editing.spread import EDGE, pixels_of, sampled
from inference.face_map.labels import Label
from inference.head.gaussians import FloatArray
from inference.head.template import HeadTemplate
from inference.rendering.camera import Camera

_BEFORE = (Label.UPPER_LIP, Label.LOWER_LIP, Label.FACE)
_DARK = np.array([0.22, 0.14, 0.14], np.float32)  # of the brightness that lips have
_SOFT = 0.8  # pixels of the grid over which the opening begins


def open_mouth(
    colours: FloatArray,  # [N, 3]; changed
    means: FloatArray,  # [N, 3] metres
    seen: NDArray[np.bool_],  # [N] which anchors are in sight
    kinds: NDArray[np.int64],  # [N]
    labels: NDArray[np.uint8],  # [S, S] the face map
    camera: Camera,
    template: HeadTemplate,
) -> None:
    """Darken what lies before the inside of the mouth, if the map shows that."""
    if not (labels == Label.INNER_MOUTH).any():
        return
    wide = cv2.resize(labels, (EDGE, EDGE), interpolation=cv2.INTER_NEAREST)
    who = np.flatnonzero(seen & (kinds == SKIN) & np.isin(template.labels, _BEFORE))
    inside = sampled(wide == Label.INNER_MOUTH, pixels_of(means[who], camera), _SOFT)
    colours[who] *= 1 + inside[:, None] * (_DARK - 1)
