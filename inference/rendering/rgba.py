"""Frames as eight-bit pictures."""

import numpy as np
from numpy.typing import NDArray

from inference.rendering.protocol import Background, Frame


def to_rgba8(frame: Frame, background: Background | None) -> NDArray[np.uint8]:
    """Quantise a frame to [H, W, 4] RGBA, premultiplied, over a colour or transparent (None)."""
    if background is None:
        rgb, alpha = np.clip(frame.colour, 0, 1), frame.alpha
    else:
        rgb, alpha = frame.over(background), np.ones_like(frame.alpha)
    picture = np.concatenate([rgb, alpha[..., None]], axis=-1)
    return (picture * 255 + 0.5).astype(np.uint8)
