"""Earrings, at the lobes of the ears that can be seen."""

import numpy as np

from inference.face_map.document import SIZE
from inference.face_map.face_frame import FaceFrame
from inference.face_map.labels import ByteArray, Label
from inference.face_map.shapes import covered, superellipse
from inference.face_map.uncovering import without


def with_earrings(frame: FaceFrame, labels: ByteArray, parsed: ByteArray) -> ByteArray:
    """The map [S, S] with an earring on each visible lobe instead of any others."""
    result = without(labels, parsed, Label.EARRING)
    for side, ear in ((-1, Label.RIGHT_EAR), (1, Label.LEFT_EAR)):
        if side * frame.rotation[2, 0] > 0.45:  # behind the head
            continue
        lobe = frame.project(np.array([[side * 0.073, -0.018, -0.010]]))[0]
        seen = np.argwhere(labels == ear)
        if len(seen) > 12:  # the parsed ear knows better
            lowest = seen[:, 0].max()
            column = seen[seen[:, 0] >= lowest - 3, 1].mean()
            found = np.array([column, lowest - 1.0])
            if np.hypot(*(found - lobe)) < 0.04 * frame.scale:
                lobe = found
        drop = superellipse(0.011, 0.022, 2.0) * frame.scale
        down = -frame.rotation[:2, 1] / max(float(np.hypot(*frame.rotation[:2, 1])), 1e-9)
        across = np.array([down[1], -down[0]])
        shape = lobe + down * 0.010 * frame.scale + drop[:, :1] * across + drop[:, 1:] * down
        result[covered(shape, SIZE)] = Label.EARRING
    return result
