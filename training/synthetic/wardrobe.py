"""What a person wears besides clothes, and putting it on."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.synthetic.accessories import Accessory
from training.synthetic.cloth import ClothLook
from training.synthetic.collar import make_collar
from training.synthetic.glasses import GlassesLook, make_glasses, sample_glasses
from training.synthetic.hats import Hat, HatLook, make_hat, sample_hat
from training.synthetic.jewellery import (
    EarringLook,
    NecklaceLook,
    make_earrings,
    make_necklace,
    sample_earrings,
    sample_necklace,
)
from training.synthetic.wearer import Wearer

Float = NDArray[np.float64]


@dataclass(frozen=True)
class Wardrobe:
    """What is worn; None where a thing is not."""

    glasses: GlassesLook | None = None
    hat: HatLook | None = None
    earrings: EarringLook | None = None
    necklace: NecklaceLook | None = None


@dataclass(frozen=True)
class WardrobePrior:
    """How often things are worn (our choice: more often than in life, so that models see them)."""

    glasses: float = 0.25
    hat: float = 0.12
    earrings: tuple[float, float] = (0.45, 0.10)  # women, men
    necklace: tuple[float, float] = (0.25, 0.06)  # women, men


def sample_wardrobe(
    rng: np.random.Generator, male: float, prior: WardrobePrior | None = None
) -> Wardrobe:
    """Draw what a woman (0) or man (1) wears."""
    prior = prior or WardrobePrior()
    man = int(male > 0.5)
    draws = rng.random(4)
    glasses, hat = sample_glasses(rng, male), sample_hat(rng)
    earrings, necklace = sample_earrings(rng), sample_necklace(rng)
    return Wardrobe(
        glasses if draws[0] < prior.glasses else None,
        hat if draws[1] < prior.hat else None,
        earrings if draws[2] < prior.earrings[man] else None,
        necklace if draws[3] < prior.necklace[man] else None,
    )


def dress(
    wardrobe: Wardrobe, cloth: ClothLook, wearer: Wearer
) -> tuple[tuple[Accessory, ...], Hat | None]:
    """All worn meshes, lenses last, and the hat if there is one."""
    pieces: list[Accessory] = []
    hat = make_hat(wardrobe.hat, wearer) if wardrobe.hat else None
    if hat is not None:
        pieces += hat.pieces
    if cloth.neckline == "shirt collar":
        pieces.append(make_collar(cloth, wearer))
    if wardrobe.earrings:
        pieces.append(make_earrings(wardrobe.earrings, wearer))
    if wardrobe.necklace:
        pieces.append(make_necklace(wardrobe.necklace, wearer, cloth))
    if wardrobe.glasses:
        pieces += make_glasses(wardrobe.glasses, wearer)
    return tuple(pieces), hat
