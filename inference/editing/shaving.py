"""Takes a photograph's own beard off its head, where a style asks for another one or for none.

The editing model knows only roughly what beard a photograph shows, and that is all that the
difference of two heads could take away. So the photograph's colours tell: what lies where beards
grow and does not look like the face above it is beard.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from inference.editing.beard_shape import beard_zones
from inference.editing.identity import ShapedHead
from inference.editing.kinds import SKIN
from inference.editing.smoothing import mean_beside, ramp, smoothstep
from inference.face_map.labels import Label
from inference.features.style_blocks import difference
from inference.head.gaussians import FloatArray, Gaussians
from inference.head.template import HeadTemplate

_OTHER = (0.2, 0.6)  # difference of unit vectors from which on a style asks for another beard
_UNLIKE = (0.045, 0.12)  # mean difference from skin from which on a colour may be, and is, beard
_TONES = 7  # of the face, from its shadow to its light
_SURE = (0.05, 0.15)  # share of a zone that is unlike skin from which on that is no shadow
_ROUNDS = 3  # of spreading: between hairs skin shines through
_LOWEST = -0.15  # metres: long beards hang before the throat
_FEW = 100  # anchors of a face from which on it has a tone


def other_beard(
    look: FloatArray,  # [W] completed
    own: FloatArray,  # [W] completed
) -> float:
    """0..1 how surely a style asks for another beard than a portrait's own style."""
    return ramp(_OTHER, difference(look, own, "beard"))


def shaved(
    fitted: Gaussians,
    before: ShapedHead,
    template: HeadTemplate,
    amount: float,
) -> Gaussians:
    """A portrait's head without its beard.

    Args:
        fitted: the portrait's head.
        before: what the editing model makes of the portrait's own map and style.
        template: of both.
        amount: 0..1.

    Returns:
        With 0, or without a beard, the portrait's head itself.
    """
    place, skin = template.anchors, before.kinds == SKIN
    could = skin & _chin_and_throat(template)
    face = skin & (template.labels == Label.FACE) & (place[:, 1] > 0) & (place[:, 2] > 0.03)
    if amount == 0 or face.sum() < _FEW:
        return fitted
    order = np.argsort(fitted.colours[face].mean(1))
    parts = np.array_split(fitted.colours[face][order], _TONES)
    tones = np.stack([np.median(part, axis=0) for part in parts])
    away = np.abs(fitted.colours[could][:, None] - tones[None]).mean(2).min(1)
    beard = np.zeros(len(place), np.float32)
    beard[could] = smoothstep(*_UNLIKE, away)
    zones = beard_zones(place) * (could & (template.labels == Label.FACE))[:, None]
    sure = float(((zones * beard[:, None]).sum(0) / zones.sum(0).clip(1)).max())
    amount *= ramp(_SURE, sure)
    if amount == 0:
        return fitted
    for _ in range(_ROUNDS):
        spread = smoothstep(0.1, 0.4, mean_beside(beard, template.neighbours))
        beard = np.where(could, np.maximum(beard, spread), 0)
    usual = np.median((fitted.colours - before.colours)[face], axis=0)
    bare = np.clip(before.colours + (1 - _column(before.grown, len(place))) * usual, 0, 1)
    share = (amount * beard)[:, None]
    colours = fitted.colours + share * (bare - fitted.colours)
    return replace(fitted, colours=colours.astype(np.float32))


def _column(values: FloatArray | float, count: int) -> FloatArray:
    """[N, 1] of one value or of [N]."""
    return np.broadcast_to(np.asarray(values, np.float32), count)[:, None]


def _chin_and_throat(template: HeadTemplate) -> NDArray[np.bool_]:
    """[N] where beards grow or hang."""
    place, labels = template.anchors, template.labels
    x, y, z = np.abs(place[:, 0]), place[:, 1], place[:, 2]
    there = (labels == Label.FACE) | (labels == Label.NECK)
    below = (y < -0.014) | ((x > 0.045) & (y < 0.02))
    return np.asarray(there & below & (z > -0.015) & (y > _LOWEST))
