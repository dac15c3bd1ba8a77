"""Sex, age, skin tone and hair, spread evenly over the seeds so that no group is rare.

The seeds walk through the unit cube along Kronecker's additive recurrence with the steps of
M. Roberts, "The Unreasonable Effectiveness of Quasirandom Sequences" (2018): any run of
neighbouring seeds is spread more evenly than chance would.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

from training.synthetic.hair_styles import STYLES, HairStyle, style_chances
from training.synthetic.reserved import RESERVED_HAIR_STYLES, is_reserved_seed

Float = NDArray[np.float64]

RACES = ("african", "asian", "caucasian")
_TONE_RANGE = {"african": (2.8, 4.9), "asian": (0.5, 3.2), "caucasian": (0.0, 2.1)}
_DARKEST = 4.9
_CHILDREN, _CHILD_AGES, _ADULT_AGES = 0.06, (0.15, 0.30), (0.33, 0.95)
_AXES = 4
_POPULATION, _ROUNDS = 400, 60


@dataclass(frozen=True)
class Traits:
    """What the balance is about.

    Attributes:
        male: 0 woman to 1 man, mostly near one of them.
        age: 0 child, about 0.4 young adult, 1 old.
        skin_tone: 0 lightest to 5 darkest.
        race: weights of RACES, sum 1.
        hair: 0..1, which of the hair styles that suit.
    """

    male: float
    age: float
    skin_tone: float
    race: tuple[float, float, float]
    hair: float

    @property
    def main_race(self) -> str:
        return RACES[int(np.argmax(self.race))]


def spread(seed: int) -> Float:
    """A point [4] of the unit cube; neighbouring seeds lie far apart."""
    root = 2.0
    for _ in range(40):  # the positive root of x^(d+1) = x + 1
        root = (1 + root) ** (1 / (_AXES + 1))
    steps = root ** -np.arange(1.0, _AXES + 1)
    point: Float = (0.31 + (seed % 2**32) * steps) % 1
    return point


def _race(rng: np.random.Generator, tone: float) -> tuple[float, float, float]:
    """A mixture whose skin may have such a tone."""
    for _ in range(200):
        race = rng.dirichlet([0.45] * 3)
        low, high = (
            sum(w * _TONE_RANGE[r][k] for w, r in zip(race, RACES, strict=True)) for k in (0, 1)
        )
        if low <= tone <= high:
            return float(race[0]), float(race[1]), float(race[2])
    return (1.0, 0.0, 0.0) if tone > 2.5 else (0.0, 0.0, 1.0)


def sample_traits(seed: int) -> Traits:
    """The traits of a seed's person."""
    sex, years, tone, hair = spread(seed)
    rng = np.random.default_rng([seed, 23])
    if years < _CHILDREN:
        age = float(np.interp(years, (0, _CHILDREN), _CHILD_AGES))
    else:
        age = float(np.interp(years, (_CHILDREN, 1), _ADULT_AGES))
    skin_tone = float(tone * _DARKEST)
    return Traits(
        male=float(np.clip(beta.ppf(sex, 0.25, 0.25), 0.02, 0.98)),
        age=age,
        skin_tone=skin_tone,
        race=_race(rng, skin_tone),
        hair=float(hair),
    )


def _chances(traits: Traits) -> Float:
    return style_chances(traits.male, traits.main_race, traits.age)


@cache
def _even_factors(names: tuple[str, ...]) -> tuple[float, ...]:
    """Factors on the styles' chances that let all heads together wear each equally often."""
    worn = np.array([style.name in names for style in STYLES])
    people = np.stack([_chances(sample_traits(seed)) for seed in range(_POPULATION)]) * worn
    factors = worn.astype(np.float64)
    for _ in range(_ROUNDS):
        share = people * factors
        share /= share.sum(1, keepdims=True)
        factors[worn] *= (1 / worn.sum()) / share.mean(0)[worn]
        factors = np.clip(factors, 0, 8 * np.median(factors[worn]))
    return tuple(float(x) for x in factors)


def choose_style(seed: int, traits: Traits) -> HairStyle:
    """The hair style of a seed: all equally often, each by those whom it suits.

    Seeds below the held-out ones never wear the styles that are reserved for them.
    """
    reserved = () if is_reserved_seed(seed) else RESERVED_HAIR_STYLES
    names = tuple(style.name for style in STYLES if style.name not in reserved)
    chances = np.cumsum(_chances(traits) * np.array(_even_factors(names)))
    return STYLES[int(np.searchsorted(chances, traits.hair * chances[-1], side="right"))]
