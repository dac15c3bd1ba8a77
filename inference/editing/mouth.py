"""An open mouth where the face map has one: what lies before it is dark there.

Lips that stay closed over a painted opening cannot be moved away, since only their place and size
follow the map (inference.editing.feature_fit). Teeth and tongue keep their own colours.
"""

import numpy as np

from inference.editing.kinds import SKIN
from inference.editing.painted_head import PaintedHead
from inference.editing.spread import pixels_of, sampled
from inference.face_map.labels import Label

_BEFORE = (Label.UPPER_LIP, Label.LOWER_LIP, Label.FACE)
_DARK = np.array([0.22, 0.14, 0.14], np.float32)  # of the brightness that lips have
_SOFT = 0.8  # pixels of the grid over which the opening begins


def open_mouth(head: PaintedHead) -> None:
    """Darken what lies before the inside of the mouth, if the map shows that."""
    if not (head.labels == Label.INNER_MOUTH).any():
        return
    before = np.isin(head.template.labels, _BEFORE)
    who = np.flatnonzero(head.seen & (head.kinds == SKIN) & before)
    pixels = pixels_of(head.means[who], head.camera)
    inside = sampled(head.small_map() == Label.INNER_MOUTH, pixels, _SOFT)
    head.colours[who] *= 1 + inside[:, None] * (_DARK - 1)
