"""Skin: its tone, its marks, stubble and brows, and optionally a photographed texture."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.synthetic.identity import Person
from training.synthetic.traits import RACES

Float = NDArray[np.float64]

# Linear RGB albedo from light to dark, Person.skin_tone 0 to 5; those between are interpolated.
_TONES = np.array(
    [
        [0.68, 0.475, 0.375],
        [0.59, 0.385, 0.285],
        [0.47, 0.285, 0.195],
        [0.33, 0.185, 0.115],
        [0.20, 0.105, 0.064],
        [0.105, 0.055, 0.036],
    ]
)


@dataclass(frozen=True)
class SkinTexture:
    """A photographed skin on hm08's texture coordinates.

    Attributes:
        image: [S, S, 3] uint8 sRGB, first row at the bottom.
        race, sex, age: from the file's name.
    """

    image: NDArray[np.uint8]
    race: str
    sex: str
    age: str


@dataclass(frozen=True)
class SkinLook:
    """How one person's skin looks.

    Attributes:
        tone: linear RGB albedo [3] of the procedural skin.
        texture: photographed skin, or None.
        gain: [3] factor on the photographed skin.
        lip_tint: [3] factor on the lips.
        marks: freckles, blotches, pore depth, unused; 0 is none.
        oil: 0 dull to 1 shiny.
    """

    tone: Float
    texture: SkinTexture | None
    gain: Float
    lip_tint: Float
    marks: Float
    oil: float


def load_skins(folder: Path) -> list[SkinTexture]:
    """Skins named age_race_sex*.jpg or .png in a folder, for example MakeHuman's CC0 ones."""
    import cv2

    found = []
    for path in sorted(folder.iterdir()):
        words = path.stem.lower().split("_")
        if path.suffix.lower() not in (".jpg", ".png") or len(words) < 3 or words[1] not in RACES:
            continue
        image = np.asarray(cv2.imread(str(path), cv2.IMREAD_COLOR), np.uint8)
        small = cv2.resize(image, (1024, 1024), interpolation=cv2.INTER_AREA)
        flipped = np.ascontiguousarray(small[::-1, :, ::-1], np.uint8)
        sex = "female" if words[2].startswith("female") else "male"
        found.append(SkinTexture(flipped, words[1], sex, words[0]))
    return found


def _choose(
    rng: np.random.Generator, person: Person, skins: list[SkinTexture]
) -> SkinTexture | None:
    """A skin that suits the person's race, sex and age, or None; half stay procedural."""
    if not skins or rng.random() < 0.4:
        return None
    sex = "male" if person.male > 0.5 else "female"
    age = "young" if person.age < 0.6 else "middleage" if person.age < 0.8 else "old"
    same = [s for s in skins if s.race == person.main_race]
    if not same:
        return None
    score = np.array([3.0 * (s.sex == sex) + 1.0 * (s.age == age) for s in same])
    # A bearded man's skin on a woman looks wrong, the other way round does not.
    if sex == "female" and score.max() < 3:
        return None
    best = [s for s, x in zip(same, score, strict=True) if x >= score.max() - 1.0]
    return best[int(rng.integers(len(best)))]


def sample_skin(rng: np.random.Generator, person: Person, skins: list[SkinTexture]) -> SkinLook:
    """Draw a look that suits the person."""
    steps = np.arange(len(_TONES))
    tone = np.array([np.interp(person.skin_tone, steps, _TONES[:, c]) for c in range(3)])
    tone = tone * np.exp(rng.normal(0, 0.03, 3))
    texture = _choose(rng, person, skins)
    gain = 0.85 * np.exp(rng.normal(0, 0.12)) * np.exp(rng.normal(0, 0.025, 3))
    gain = gain * np.array([1.0, 0.98, 0.98])
    man = person.male > 0.5
    if man or rng.random() < 0.4:
        lips = np.array([1.0, 0.74, 0.74]) * np.exp(rng.normal(0, 0.06, 3))
    else:
        lips = np.array([1.0, 0.55, 0.58]) * np.exp(rng.normal(0, 0.14, 3))
    freckles = max(0.0, rng.normal(-0.1, 0.4)) if person.main_race == "caucasian" else 0.0
    return SkinLook(
        tone=tone,
        texture=texture,
        gain=np.clip(gain, 0.5, 1.1),
        lip_tint=np.clip(lips, 0.2, 1.1),
        marks=np.array([freckles, rng.uniform(0.4, 1.1), rng.uniform(0.4, 1.0), 0.0]),
        oil=float(rng.random()),
    )
