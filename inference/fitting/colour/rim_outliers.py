"""Pixels at the edge of the foreground that are not of the thing they lie on.

Backlight, the background shining through the matte, an ear in front of hair: a few pixels
along the rim that a turned view would show as broad streaks.
"""

import cv2
import numpy as np

from inference.fitting.evidence.kinds import (
    EAR_LABELS,
    HAIR_LABELS,
    STRICT_LABELS,
    Kinds,
    distance_from,
)
from inference.fitting.solvers.blending import Blending
from inference.head.gaussians import FloatArray

RIM_PX = (6.0, 16.0)
"""Pixels at 512 to which the rim counts in full, and not at all (our choice)."""

USUAL = 0.95
"""Share of a thing's own pixels, well inside, that are no outliers (our choice)."""

LEAST_DISTANCE = 4.0
"""Squared Mahalanobis distance that is never an outlier (our choice)."""

STRENGTH = 2.0
"""How quickly belief falls beyond (our choice)."""

LEAST_PIXELS = 200
"""Fewer tell nothing about a thing."""


def without_rim_outliers(
    weight: FloatArray,  # [H, W]
    image: FloatArray,  # [H, W, 3]
    alpha: FloatArray,  # [H, W]
    blending: Blending,
    kinds: Kinds,
) -> FloatArray:
    """Pixel weights [H, W], less where the rim of skin, ears or hair is unlike the rest of it.

    Args:
        weight: 0..1, how far each pixel is believed so far.
        image: the photograph.
        alpha: its foreground 0..1.
        blending: of the head at the photograph's camera.
        kinds: what the Gaussians are made of.
    """
    size = blending.width
    depth = cv2.distanceTransform((alpha > 0.5).astype(np.uint8), cv2.DIST_L2, 3) * (512 / size)
    inner, outer = RIM_PX
    rim = np.clip((outer - depth) / (outer - inner), 0, 1)
    skin = np.isin(kinds.labels, STRICT_LABELS)
    groups = np.stack(
        [skin | np.isin(kinds.labels, EAR_LABELS), np.isin(kinds.labels, HAIR_LABELS)], 1
    )
    shares = blending.picture(groups.astype(np.float32))
    belief = np.ones_like(weight)
    for share in np.moveaxis(shares, -1, 0):
        own = (share > 0.8) & (weight > 0.5) & (rim <= 0)
        at = (share > 0.05) & (rim > 0) & (weight > 0)
        if own.sum() < LEAST_PIXELS or not at.any():
            continue
        sample = image[own]
        limit = max(float(np.quantile(distance_from(sample, sample), USUAL)), LEAST_DISTANCE)
        excess = np.maximum(distance_from(image[at], sample) / limit - 1, 0)
        belief[at] -= share[at] * (1 - 1 / (1 + STRENGTH * rim[at] * excess))
    return (weight * np.clip(belief, 0, 1)).astype(np.float32)
