"""Backlight along the rim of head and face, which a turned view would show as broad bands.

A lamp or a window behind the person lights a few pixels where the surface turns away: brighter
than the rest of the skin or hair and of the lamp's colour. Such places keep their brightness up
to what is usual and take the usual colour.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.fitting.evidence.trust import View
from inference.head.gaussians import FloatArray

SLANT_COSINE = (0.5, 0.2)
"""Cosines of normal and view between which a place begins and ends to be slanted (our choice)."""

RIM_PX = (12.0, 24.0)
"""Nearer to the end of the foreground than the first is slanted too, beyond the second not,
pixels at 512: hair stands off the surface whose normals are known (our choice)."""

LEAST = 100
"""Fewer well-seen Gaussians tell nothing about a kind."""


@dataclass(frozen=True)
class UsualLook:
    """What backlight is held to; all values are our choice.

    Attributes:
        hue: how far what is lit takes the usual colour, 0..1.
        brightest: quantile of the brightness of what is seen well that it may reach.
    """

    hue: float
    brightest: float


SKIN_LOOK = UsualLook(hue=0.8, brightest=0.9)
HAIR_LOOK = UsualLook(hue=0.3, brightest=0.99)
"""Hair varies more."""


def seen_slanted(view: View) -> FloatArray:
    """0..1, how far the photograph sees each Gaussian at a slant or at its rim, [N]."""
    well, badly = SLANT_COSINE
    slant = np.clip((well - view.cosine) / (well - badly), 0, 1)
    inner, outer = RIM_PX
    rim = np.clip((outer - view.depth) / (outer - inner), 0, 1)
    return np.maximum(slant, rim).astype(np.float32)


def without_backlight(
    colours: FloatArray,  # [N, 3]
    members: NDArray[np.bool_],  # [N]
    sample: NDArray[np.bool_],  # [N]
    slanted: FloatArray,  # [N] 0..1
    look: UsualLook,
) -> FloatArray:
    """The colours [N, 3] with less backlight where they are slanted.

    Args:
        colours: of the fit.
        members: Gaussians of one kind, skin or hair.
        sample: those of them that the photograph shows plainly.
        slanted: of seen_slanted.
        look: of the kind.
    """
    known = sample & (slanted < 0.5)
    if known.sum() < LEAST:
        return colours
    brightness = colours.mean(1)
    limit = float(np.quantile(brightness[known], look.brightest))
    usual = np.median(colours[known], axis=0)
    usual /= max(float(usual.mean()), 1e-3)
    excess = np.maximum(brightness - limit, 0)
    # Only what is too bright is backlight; shadow keeps its own colour.
    lit = np.clip(brightness / max(limit, 1e-3) - 0.5, 0, 0.5) * 2
    amount = slanted * members
    own = colours / np.maximum(brightness, 1e-3)[:, None]
    hue = own + (look.hue * amount * lit)[:, None] * (usual - own)
    result = np.where((amount > 0)[:, None], hue * (brightness - amount * excess)[:, None], colours)
    return np.clip(result, 0, 1).astype(np.float32)
