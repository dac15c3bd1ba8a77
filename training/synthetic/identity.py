"""Who it is: random body macros, local face morphs, scan modes and an expression."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.synthetic.traits import RACES, Traits

_GLOBAL = ("macro/", "build/", "expression/")
_OPPOSITES = (
    ("decr", "incr"),
    ("down", "up"),
    ("in", "out"),
    ("backward", "forward"),
    ("concave", "convex"),
    ("compress", "uncompress"),
)


@dataclass(frozen=True)
class IdentityPrior:
    """How much people differ (our choice after looking at many)."""

    local_sd: float = 0.11  # standard deviation of local morph weights; 0.24 is a caricature
    asymmetry_sd: float = 0.2  # of the asymmetry morphs
    scan_sd: float = 0.75  # of the optional scan modes, in their own standard deviations
    scan_limit: float = 2.0  # scan modes are clipped to this many standard deviations


@dataclass(frozen=True)
class Person:
    """One random person.

    Attributes:
        weights: morph name -> weight of the neutral face.
        expression_weights: morph name -> weight of the expression on top.
        male: 0 woman to 1 man.
        age: 0 child, about 0.4 young adult, 1 old.
        race: weights of RACES, sum 1.
        skin_tone: 0 lightest to 5 darkest.
        expression: name of the expression.
    """

    weights: dict[str, float]
    expression_weights: dict[str, float]
    male: float
    age: float
    race: tuple[float, float, float]
    expression: str
    skin_tone: float = 1.5

    @property
    def main_race(self) -> str:
        return RACES[int(np.argmax(self.race))]


def _triangle(x: float) -> tuple[float, float, float]:
    """Weights of low, middle, high for x in 0..1."""
    return max(0.0, 1 - 2 * x), 1 - abs(2 * x - 1), max(0.0, 2 * x - 1)


def _modifiers(names: set[str]) -> dict[str, list[tuple[str | None, str]]]:
    """Pairs (minus, plus) of local morphs; left and right share a key, so they move together."""
    groups: dict[str, list[tuple[str | None, str]]] = {}
    seen: set[str] = set()
    for name in sorted(n for n in names if not n.startswith(_GLOBAL)):
        if name in seen:
            continue
        pair: tuple[str | None, str] | None = None
        for low, high in _OPPOSITES:
            if name.endswith(f"-{low}") and name[: -len(low)] + high in names:
                pair = (name, name[: -len(low)] + high)
            elif name.endswith(f"-{high}") and name[: -len(high)] + low in names:
                pair = (name[: -len(high)] + low, name)
        pair = pair or (None, name)
        seen.update(n for n in pair if n)
        key = pair[1].replace("/l-", "/*-").replace("/r-", "/*-")
        groups.setdefault(key, []).append(pair)
    return groups


def _add(weights: dict[str, float], name: str, value: float) -> None:
    weights[name] = weights.get(name, 0.0) + float(value)


def _macros(
    rng: np.random.Generator,
    names: set[str],
    weights: dict[str, float],
    male: float,
    age: float,
    race: NDArray[np.float64],
) -> None:
    ages = {"child": max(0.0, 1 - age / 0.35), "old": max(0.0, (age - 0.45) / 0.55)}
    ages["young"] = 1 - ages["child"] - ages["old"]
    muscle = _triangle(rng.uniform(0.2, 0.85))
    weight = _triangle(float(np.clip(rng.normal(0.5, 0.2), 0, 1)))
    for sex, sex_weight in (("female", 1 - male), ("male", male)):
        for age_name, age_weight in ages.items():
            for r, race_name in enumerate(RACES):
                _add(
                    weights,
                    f"macro/{race_name}-{sex}-{age_name}",
                    sex_weight * age_weight * race[r],
                )
            for m, muscle_name in enumerate(("minmuscle", "averagemuscle", "maxmuscle")):
                for w, weight_name in enumerate(("minweight", "averageweight", "maxweight")):
                    name = f"build/{sex}-{age_name}-{muscle_name}-{weight_name}"
                    if name in names:
                        _add(weights, name, sex_weight * age_weight * muscle[m] * weight[w])


def _local(
    rng: np.random.Generator, names: set[str], weights: dict[str, float], prior: IdentityPrior
) -> None:
    for key, pairs in _modifiers(names).items():
        if "-age-" in key:
            continue
        gentle = key.startswith(("head/", "neck/")) or "trans" in key
        sd = (
            prior.asymmetry_sd
            if key.startswith("asym/")
            else prior.local_sd * (0.5 if gentle else 1)
        )
        common = float(np.clip(rng.normal(0, sd), -1, 1))
        for minus, plus in pairs:
            x = float(np.clip(common + rng.normal(0, 0.04), -1, 1))
            if minus is None:
                _add(weights, plus, max(0.0, x) * (0.5 if gentle else 1))
            else:
                _add(weights, plus if x > 0 else minus, abs(x))


def _expression(rng: np.random.Generator, names: set[str]) -> tuple[dict[str, float], str]:
    """Mostly neutral or smiling, eyes open, a gaze near the camera."""
    weights: dict[str, float] = {}

    def both(stem: str, x: float) -> None:
        for side in ("Left", "Right"):
            _add(weights, f"expression/{stem}{side}", x * rng.uniform(0.9, 1.1))

    kinds = ("neutral", "smile", "smile with teeth", "talking", "surprise", "frown", "pucker")
    kind = str(rng.choice(kinds, p=[0.3, 0.24, 0.22, 0.1, 0.05, 0.06, 0.03]))
    if kind == "smile":
        x = rng.uniform(0.2, 0.8)
        both("mouthSmile", x)
        both("cheekSquint", 0.4 * x)
    elif kind == "smile with teeth":
        x = rng.uniform(0.45, 0.95)
        both("mouthSmile", x)
        both("cheekSquint", 0.45 * x)
        both("mouthUpperUp", x * rng.uniform(0.35, 0.7))
        both("mouthLowerDown", x * rng.uniform(0.1, 0.4))
        _add(weights, "expression/jawOpen", rng.uniform(0.03, 0.2))
    elif kind == "talking":
        _add(weights, "expression/jawOpen", rng.uniform(0.1, 0.4))
        _add(weights, "expression/mouthFunnel", rng.uniform(0, 0.3))
    elif kind == "surprise":
        _add(weights, "expression/browInnerUp", rng.uniform(0.2, 0.7))
        both("browOuterUp", rng.uniform(0.2, 0.6))
        both("eyeWide", rng.uniform(0.2, 0.6))
        _add(weights, "expression/jawOpen", rng.uniform(0.05, 0.35))
    elif kind == "frown":
        both("mouthFrown", rng.uniform(0.2, 0.6))
        both("browDown", rng.uniform(0.2, 0.7))
    elif kind == "pucker":
        _add(weights, "expression/mouthPucker", rng.uniform(0.2, 0.7))
    if kind != "surprise":  # the base mesh's lids hang a little
        both("eyeWide", rng.uniform(0.05, 0.45))
    both("eyeBlink", rng.choice([0.0, rng.uniform(0, 0.18)], p=[0.85, 0.15]))
    across, up = rng.normal(0, 0.15), rng.normal(0, 0.1)
    _add(
        weights,
        "expression/eyeLookOutLeft" if across > 0 else "expression/eyeLookInLeft",
        abs(across),
    )
    _add(
        weights,
        "expression/eyeLookInRight" if across > 0 else "expression/eyeLookOutRight",
        abs(across),
    )
    for side in ("Left", "Right"):
        _add(weights, f"expression/eyeLook{'Up' if up > 0 else 'Down'}{side}", abs(up))
    return {name: x for name, x in weights.items() if name in names}, kind


def sample_person(
    rng: np.random.Generator,
    names: set[str],
    traits: Traits,
    prior: IdentityPrior | None = None,
) -> Person:
    """Draw a person.

    Args:
        rng: source of randomness.
        names: the morphs there are: "macro/...", "build/...", "expression/..." and those of
            regions, such as "nose/...".
        traits: sex, age and skin tone.
        prior: how much people differ.
    """
    prior = prior or IdentityPrior()
    race = np.array(traits.race)
    weights: dict[str, float] = {}
    _macros(rng, names, weights, traits.male, traits.age, race)
    _local(rng, names, weights, prior)
    expression_weights, expression = _expression(rng, names)
    return Person(
        weights={name: x for name, x in weights.items() if name in names and x != 0},
        expression_weights=expression_weights,
        male=traits.male,
        age=traits.age,
        race=traits.race,
        expression=expression,
        skin_tone=traits.skin_tone,
    )
