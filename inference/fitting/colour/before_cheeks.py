"""What hangs before the side of a cheek is not the cheek's colour.

A turned view would show a few pixels of a lock, an earring or a strap as a broad spot, since the
camera sees the side of a cheek from far aslant.
"""

import cv2
import numpy as np

from inference.fitting.evidence.kinds import FACE
from inference.fitting.evidence.landmark_groups import LEFT_EYE, RIGHT_EYE
from inference.fitting.evidence.trust import View, smoothstep
from inference.fitting.solvers.blending import Blending
from inference.head.gaussians import FloatArray
from inference.head.template import HeadTemplate

SLANT_DEGREES = (60.0, 75.0)
"""Angles between normal and view from which on a cheek is believed only where it looks like the
rest of it, a little and in full (our choice)."""

REACH_PX = 14.0
"""How far away the rest of it is looked for, pixels at 512 (our choice)."""

UNLIKE = (0.12, 0.24)
"""RGB differences from it that are still believed, and no more (our choice)."""


def without_what_hangs_before(
    weight: FloatArray,  # [H, W]
    image: FloatArray,  # [H, W, 3]
    blending: Blending,
    view: View,
    template: HeadTemplate,
) -> FloatArray:
    """Pixel weights [H, W], less where the side of a cheek is unlike the cheek beside it.

    Args:
        weight: 0..1, how far each pixel is believed so far.
        image: the photograph.
        blending: of the head at the photograph's camera.
        view: how the Gaussians lie in it.
        template: labels.
    """
    near, far = np.cos(np.radians(SLANT_DEGREES))
    facing = smoothstep((view.cosine - far) / (near - far))
    cheek = _cheeks(template)
    shares = blending.picture(np.stack([cheek * facing, cheek * (1 - facing)], 1))
    clear, slanted = np.moveaxis(shares, -1, 0)
    known = clear * weight
    sigma = REACH_PX * blending.width / 512
    around = cv2.GaussianBlur(np.dstack([image * known[..., None], known]), (0, 0), sigma)
    told = around[..., 3]
    unlike = np.linalg.norm(image - around[..., :3] / np.maximum(told, 1e-6)[..., None], axis=-1)
    low, high = UNLIKE
    doubt = smoothstep((unlike - low) / (high - low)) * (told > 1e-3)
    return (weight * (1 - np.clip(slanted, 0, 1) * doubt)).astype(np.float32)


def _cheeks(template: HeadTemplate) -> FloatArray:
    """[N] 1 on the face below the eyes: above them a fringe may lie on the skin, and stays."""
    eyes = template.anchors[template.landmark_anchors[[*RIGHT_EYE, *LEFT_EYE]], 1].mean()
    return ((template.labels == FACE) & (template.anchors[:, 1] < eyes)).astype(np.float32)
