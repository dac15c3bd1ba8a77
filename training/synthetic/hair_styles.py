"""The table of hair styles and natural hair colours, and who wears which."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class HairStyle:
    """How hair grows and lies (all our choice, found by looking).

    Attributes:
        name: for captions.
        lengths: metres on top, at the sides and at the back.
        lift: 0 lies flat on the skin, 1 stands on it.
        comb: where it is combed to: "none", "part", "back", "front", "fringe" or "down".
        gravity: 0 stiff to 1 hangs.
        curl: radius of curls in units of 6 mm.
        wavelength: of curls along the strand, metres.
        count: strands.
        segments: straight pieces of a strand.
        undercoat: 0..1, how far hair colour covers the skin below.
        women, men: how often relative to other styles.
        cling: 0..1, how strongly it is held to the head.
        tie: "", "bun" or "ponytail": hair is combed to the back of the head and tied there.
        clump: 0..1, how far the hairs of a lock run together at their tips.
        flyaway: share of hairs that leave their lock.
    """

    name: str
    lengths: tuple[float, float, float]
    lift: float
    comb: str
    gravity: float
    curl: float
    wavelength: float = 0.035
    count: int = 24000
    segments: int = 12
    undercoat: float = 0.95
    women: float = 1.0
    men: float = 1.0
    cling: float = 0.0
    tie: str = ""
    clump: float = 0.45
    flyaway: float = 0.03


BALD = HairStyle("bald", (0, 0, 0), 0, "none", 0, 0, count=0, undercoat=0.0, women=0.05, men=0.8)
STYLES = (
    BALD,
    HairStyle(
        "buzz cut", (0.009, 0.006, 0.006), 0.7, "down", 0.0, 0.0, 0.035, 24000, 3, 0.85, 0.15, 1.2
    ),
    HairStyle(
        "short side part",
        (0.06, 0.018, 0.018),
        0.35,
        "part",
        0.15,
        0.1,
        0.035,
        24000,
        8,
        0.95,
        0.3,
        2.2,
    ),
    HairStyle(
        "crew cut", (0.03, 0.012, 0.012), 0.6, "front", 0.05, 0.1, 0.035, 26000, 6, 0.95, 0.15, 2.0
    ),
    HairStyle(
        "swept back",
        (0.085, 0.05, 0.035),
        0.3,
        "back",
        0.25,
        0.12,
        0.035,
        24000,
        10,
        0.97,
        0.8,
        1.2,
        0.25,
    ),
    HairStyle(
        "tight back",
        (0.13, 0.10, 0.05),
        0.05,
        "back",
        0.1,
        0.03,
        0.035,
        24000,
        12,
        0.98,
        1.6,
        0.3,
        0.8,
    ),
    HairStyle(
        "short tousled",
        (0.055, 0.035, 0.035),
        0.6,
        "front",
        0.1,
        0.6,
        0.03,
        24000,
        9,
        0.95,
        0.7,
        1.3,
    ),
    HairStyle("bob", (0.20, 0.15, 0.13), 0.2, "part", 0.9, 0.12, 0.035, 24000, 13, 0.97, 2.0, 0.3),
    HairStyle(
        "long straight",
        (0.36, 0.32, 0.30),
        0.18,
        "part",
        0.9,
        0.08,
        0.035,
        26000,
        15,
        0.97,
        2.4,
        0.35,
    ),
    HairStyle(
        "long wavy", (0.34, 0.30, 0.30), 0.22, "part", 0.85, 0.7, 0.045, 26000, 15, 0.97, 2.2, 0.25
    ),
    HairStyle(
        "fringe", (0.20, 0.17, 0.15), 0.2, "fringe", 0.85, 0.08, 0.035, 24000, 13, 0.97, 1.3, 0.25
    ),
    HairStyle(
        "curly", (0.10, 0.09, 0.09), 0.7, "part", 0.22, 1.1, 0.02, 24000, 12, 0.97, 1.3, 0.25
    ),
    HairStyle(
        "short curly", (0.05, 0.035, 0.035), 0.8, "none", 0.05, 0.9, 0.018, 24000, 9, 0.97, 0.5, 1.0
    ),
    HairStyle(
        "bun",
        (0.2, 0.2, 0.2),
        0.05,
        "back",
        0.1,
        0.03,
        count=26000,
        segments=16,
        women=1.5,
        men=0.12,
        tie="bun",
        flyaway=0.02,
    ),
    HairStyle(
        "ponytail",
        (0.22, 0.2, 0.2),
        0.05,
        "back",
        0.1,
        0.05,
        count=26000,
        segments=16,
        women=1.6,
        men=0.15,
        tie="ponytail",
        flyaway=0.02,
    ),
    HairStyle("afro", (0.065, 0.06, 0.06), 1.0, "none", 0.0, 1.6, 0.018, 26000, 10, 0.97, 0.9, 0.7),
)

HAIR_COLOURS: dict[str, tuple[float, float, float]] = {  # linear RGB
    "black": (0.016, 0.014, 0.013),
    "dark brown": (0.040, 0.024, 0.015),
    "brown": (0.085, 0.047, 0.026),
    "light brown": (0.17, 0.098, 0.054),
    "blond": (0.40, 0.27, 0.135),
    "red": (0.22, 0.070, 0.024),
    "grey": (0.20, 0.195, 0.19),
    "white": (0.60, 0.59, 0.56),
}
_COLOUR_CHANCES = {
    "african": (0.75, 0.17, 0.05, 0.01, 0.0, 0.0, 0.01, 0.01),
    "asian": (0.62, 0.26, 0.07, 0.02, 0.01, 0.0, 0.01, 0.01),
    "caucasian": (0.09, 0.22, 0.25, 0.16, 0.18, 0.07, 0.02, 0.01),
}
_TEXTURED = {"curly", "short curly", "afro", "buzz cut", "bald"}
_SLEEK = {"long straight", "bob", "fringe", "short side part"}


def style_chances(male: float, race: str, age: float) -> NDArray[np.float64]:
    """How often such a person wears each of STYLES, relative numbers; age as in Person."""
    chances = []
    for style in STYLES:
        chance = style.women * (1 - male) + style.men * male
        if race == "african":
            chance *= 4.0 if style.name in _TEXTURED else 0.5 if style.name in _SLEEK else 0.8
        elif style.name == "afro":
            chance *= 0.12
        if style is BALD and (age < 0.35 or male < 0.5):
            chance *= 0.2
        chances.append(chance)
    return np.array(chances)


def sample_colour(
    rng: np.random.Generator, race: str, age: float
) -> tuple[str, NDArray[np.float64]]:
    """Name and linear RGB of a natural hair colour; the old are mostly grey."""
    names = list(HAIR_COLOURS)
    p = np.array(_COLOUR_CHANCES[race]) ** 0.7  # more even than in life
    p[-2:] *= age > 0.45  # the young are not grey
    name = str(rng.choice(names, p=p / p.sum()))
    if rng.random() < 0.6 * np.clip((age - 0.62) / 0.3, 0, 1):
        name = str(rng.choice(["grey", "white"], p=[0.65, 0.35]))
    tone = np.array(HAIR_COLOURS[name]) * np.exp(rng.normal(0, 0.15))
    return name, np.clip(tone * np.exp(rng.normal(0, 0.05, 3)), 0.008, 0.8)


def sample_grey(rng: np.random.Generator, age: float, colour: str) -> float:
    """Share of hairs that have turned grey, 0..1; age as in Person."""
    if colour in ("grey", "white"):
        return float(rng.uniform(0.2, 0.6))
    most = float(np.clip((age - 0.45) / 0.45, 0, 1))
    return float(rng.random() ** 2.5 * most * 0.7)
