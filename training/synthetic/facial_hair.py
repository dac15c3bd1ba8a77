"""Brows, lashes and beard of one person together."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.synthetic.beard import BeardLook, grow_beard, sample_beard
from training.synthetic.brows import BrowLook, grow_brows, sample_brows
from training.synthetic.follicles import Skin
from training.synthetic.identity import Person
from training.synthetic.lashes import grow_lashes
from training.synthetic.strands import Strands, joined

Float = NDArray[np.float64]


@dataclass(frozen=True)
class FacialHair:
    """Hair of a face.

    Attributes:
        brows, beard: how they look.
        strands: all hairs.
    """

    brows: BrowLook
    beard: BeardLook
    strands: Strands


def grow_facial_hair(
    rng: np.random.Generator,
    person: Person,
    hair_tone: Float,
    skin: Skin,
    lashes: tuple[NDArray[np.int64], Float, Float],
) -> FacialHair:
    """Draw looks and grow them.

    Args:
        rng: source of randomness.
        person: whose face.
        hair_tone: linear RGB [3].
        skin: what it grows from.
        lashes: lashes.lash_roots, posed vertices [V, 3] and eyeball centres [2, 3].
    """
    brows = sample_brows(rng, person.male, hair_tone, person.age)
    beard = sample_beard(rng, person.male, person.age, hair_tone)
    edges, posed, centres = lashes
    parts = [grow_brows(rng, brows, skin), grow_lashes(rng, edges, posed, centres, person.male)]
    hairs = grow_beard(rng, beard, skin)
    return FacialHair(brows, beard, joined(parts if hairs is None else [*parts, hairs]))
