"""The size of heads: all have the template's, because a photograph does not show it."""

import numpy as np
from numpy.typing import NDArray

from training.synthetic.assets import Assets
from training.template.hm08 import AVERAGE_ADULT, MID_EYE

Float = NDArray[np.float64]

_FACE_LABELS = (2, 4, 5, 6, 7, 8, 9, 10, 12, 13)  # skin, ears, brows, eyes, nose, lips


def size_factor(
    neutral: Float,  # [V, 3] metres, mid-eye in its place
    assets: Assets,
) -> float:
    """What makes the face as large as the template's, seen from the middle of the eyes.

    Near and small looks like far and large, and the crops of real portraits are scaled by the
    face. Without this the network would have to guess sizes: measured over 700 heads, a
    quarter of the mean distance of face anchors from the mean head (5.4 against 4.1 mm).
    """
    face = np.isin(assets.anchors.labels, _FACE_LABELS)
    weights = assets.anchors.weights[face]
    average = assets.mesh.canonical(assets.mesh.identity(AVERAGE_ADULT))
    own, wanted = weights @ neutral - MID_EYE, weights @ average - MID_EYE
    return float((own * wanted).sum() / (own**2).sum())
