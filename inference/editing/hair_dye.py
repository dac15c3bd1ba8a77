"""A new hair colour on a photograph's hair: the new tone, with the photograph's light and shade.

Adding the difference of two tones does for small ones. White hair minus what makes it brown is
black where the photograph had a shadow, and maroon where the model saw skin.
"""

import numpy as np
from numpy.typing import NDArray

from inference.editing.kinds import HAIR, SKIN
from inference.editing.smoothing import ramp, smoothed
from inference.features.style_blocks import difference
from inference.head.gaussians import FloatArray

_OTHER = (0.15, 0.5)  # difference of unit vectors from which on a style asks for another colour
_ROUNDS = 6
_ALONE, _AMONG = 0.3, 0.75
"""Share of hair among an anchor's neighbours up to which it is none, and from which it is hair."""
_SHADE = 0.7  # exponent of the photograph's shades, which strands of another colour have fewer of
_DARKEST, _BRIGHTEST = 0.55, 1.6
_GLOSS = 0.05  # what a highlight adds to hair of any tone: black hair shines too
_BLACK = 0.02
_IN_SIGHT, _WHITEST = 1.25, 0.82
"""How much brighter hair that a photograph shows is than hair in all, which is dark within and
below (1.2 to 1.5 in pictures of the training heads), and how bright that makes it at most."""
"""All our choice, looking at three portraits from 0, 45 and 90 degrees."""


def other_hair(
    look: FloatArray,  # [W] completed
    own: FloatArray,  # [W] completed
) -> float:
    """0..1 how surely a style asks for another colour of hair than a portrait's own style.

    What the model takes the photograph's colour for is not asked: it may be wrong.
    """
    return ramp(_OTHER, difference(look, own, "hair colour"))


def dyed(
    colours: FloatArray,  # [N, 3] of the head so far
    edited: FloatArray,  # [N, 3] what the model makes of the edit
    real: NDArray[np.bool_],  # [N] hair to the model, then and now
    fitted: FloatArray,  # [N, 3] the photograph's
    hair: NDArray[np.bool_],  # [N] hair in the photograph
    share: FloatArray,  # [N] of share_of_hair
    amount: float,  # 0..1 of other_hair
) -> FloatArray:
    """Colours [N, 3] in which hair has its new tone."""
    both = real & hair
    if amount == 0 or not both.any():
        return colours
    who = np.flatnonzero(share > 0)
    shade = (_grey(fitted[who]) / _grey(fitted[both]).mean()) ** _SHADE
    shade = np.clip(shade, _DARKEST, _BRIGHTEST)[:, None] * _strands(edited, real, who)
    tone = edited[real].mean(0)
    tone = tone * float(np.clip(_WHITEST / tone.max(), 1, _IN_SIGHT))
    target = tone * shade + _GLOSS * (shade - 1)
    made = colours.copy()
    made[who] += (amount * share[who])[:, None] * (target - colours[who])
    return np.asarray(made, np.float32)


def share_of_hair(
    hair: NDArray[np.bool_],  # [N] hair in the photograph
    kinds: NDArray[np.int64],  # [N] of the edit
    neighbours: NDArray[np.int32],  # [N, 8]
) -> FloatArray:
    """[N] 0..1 how far an anchor is hair: it ends softly, and a few among skin are none."""
    could = (kinds == HAIR) | (kinds == SKIN)
    share = smoothed((hair & could).astype(np.float32), neighbours, _ROUNDS)
    return np.asarray(np.clip((share - _ALONE) / (_AMONG - _ALONE), 0, 1) * could, np.float32)


def _strands(edited: FloatArray, real: NDArray[np.bool_], who: NDArray[np.int64]) -> FloatArray:
    """[n, 1] how much brighter the model's hair is than its mean: curls and strands."""
    brightness = _grey(edited[who]) / _grey(edited[real]).mean()
    return np.where(real[who], np.clip(brightness, _DARKEST, _BRIGHTEST), 1.0)[:, None]


def _grey(colours: FloatArray) -> FloatArray:
    return np.asarray(colours.mean(1) + _BLACK, np.float32)
