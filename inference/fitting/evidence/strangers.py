"""Who stands beside or behind the person is no part of the head.

The matte tells people from what is none; the face map tells the person from other people.
"""

from dataclasses import replace

import cv2
import numpy as np

from inference.fitting.evidence.regions import Regions, disc
from inference.portrait.types import PreparedPortrait

SURE = 0.8
"""Chance of background from which on the face map is believed against the matte (our choice)."""

LEAST_PX = 6.0
"""Pieces narrower than twice this are the outline's own doubt, pixels at 512 (our choice)."""

SOFT_PX = 1.5
"""Blur of the new outline, pixels at 512 (our choice)."""


def without_strangers(portrait: PreparedPortrait, regions: Regions) -> PreparedPortrait:
    """The portrait with a matte of what the face map calls head or body."""
    if regions.head is None or regions.body is None:
        return portrait
    scale = portrait.size / 512
    nobody = (regions.head + regions.body < 1 - SURE).astype(np.uint8)
    nobody[portrait.alpha < 0.1] = 0
    wide = cv2.morphologyEx(nobody, cv2.MORPH_OPEN, disc(LEAST_PX * scale))
    if not wide.any():
        return portrait
    soft = cv2.GaussianBlur(wide.astype(np.float32), (0, 0), SOFT_PX * scale)
    alpha = portrait.alpha * (1 - np.maximum(soft, wide))
    return replace(portrait, alpha=alpha.astype(np.float32))
