"""Beards: stubble, moustache, goatee and full ones, as zones of the face and as hairs."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.synthetic.brows import smoothstep
from training.synthetic.follicles import Skin, bent_hairs, sample_follicles, unit
from training.synthetic.strands import Strands

Float = NDArray[np.float64]


@dataclass(frozen=True)
class BeardLook:
    """A beard.

    Attributes:
        kind: "none", "shadow", "stubble", "moustache", "goatee", "short" or "full".
        tone: linear RGB [3].
        zones: how dense on the upper lip, round the mouth and chin, on cheeks and jaw, 0..1.
        length: metres on the chin.
        paint: 0..1 how far its shadow colours the skin.
    """

    kind: str
    tone: Float
    zones: tuple[float, float, float]
    length: float
    paint: float


_KINDS = {  # zones, length range in metres, paint range
    "none": ((0.0, 0.0, 0.0), (0.0, 0.0), (0.0, 0.0)),
    "shadow": ((1.0, 1.0, 1.0), (0.0004, 0.0008), (0.15, 0.3)),
    "stubble": ((1.0, 1.0, 0.9), (0.0010, 0.0025), (0.35, 0.6)),
    "moustache": ((1.0, 0.0, 0.0), (0.006, 0.010), (0.7, 0.9)),
    "goatee": ((1.0, 1.0, 0.0), (0.006, 0.016), (0.7, 0.9)),
    "short": ((1.0, 1.0, 1.0), (0.004, 0.008), (0.6, 0.85)),
    "full": ((1.0, 1.0, 1.0), (0.012, 0.035), (0.8, 0.95)),
}
_CHANCES = (0.34, 0.16, 0.17, 0.06, 0.07, 0.11, 0.09)


def sample_beard(rng: np.random.Generator, male: float, age: float, hair_tone: Float) -> BeardLook:
    """Draw a beard for a grown man, else none; age as in Person."""
    kind = str(rng.choice(list(_KINDS), p=_CHANCES))
    zones, length, paint = _KINDS[kind]
    draw = rng.random(3)
    if male < 0.5 or age < 0.33:
        kind, (zones, length, paint) = "none", _KINDS["none"]
    tone = np.clip(hair_tone * (0.6 + 0.25 * draw[2]) + 0.004, 0.008, 0.5)
    return BeardLook(
        kind,
        tone,
        zones,
        float(length[0] + (length[1] - length[0]) * draw[0]),
        # Grey stubble lets the skin through; as paint it would look like powder.
        float(paint[0] + (paint[1] - paint[0]) * draw[1]) * (0.35 if tone.mean() > 0.1 else 1.0),
    )


def beard_zones(rest: Float) -> Float:
    """Upper lip, chin, cheeks at points [N, 3] of the average head, [N, 3] 0..1; as the shader's.

    Lips are not excluded: hairs do not grow on their quads.
    """
    x, y, z = np.abs(rest[:, 0]), rest[:, 1], rest[:, 2]
    front = smoothstep(0.045, 0.055, z)
    lip = (1 - smoothstep(0.024, 0.033, x)) * smoothstep(-0.036, -0.030, y)
    top = y + 0.4 * np.maximum(x - 0.012, 0)
    lip = lip * (1 - smoothstep(-0.018, -0.012, top)) * front
    corner = smoothstep(0.019, 0.023, x) * (1 - smoothstep(0.029, 0.035, x))
    corner = corner * smoothstep(-0.070, -0.055, y) * (1 - smoothstep(-0.034, -0.028, y))
    chin = (1 - smoothstep(0.020, 0.032, x)) * (1 - smoothstep(-0.058, -0.051, y))
    chin = np.maximum(chin * smoothstep(-0.105, -0.090, y), corner) * front
    jaw = 1 - smoothstep(-0.040, -0.018, y - 0.30 * x)
    jaw = jaw * smoothstep(-0.112, -0.094, y) * smoothstep(-0.03, 0.005, z)
    return np.stack([lip, chin, jaw], 1)


def grow_beard(rng: np.random.Generator, look: BeardLook, skin: Skin) -> Strands | None:
    """Hairs of a beard, None for a shaved face."""
    if look.length <= 0:
        return None
    zones = np.array(look.zones)

    def density(rest: Float) -> Float:
        cover: Float = (beard_zones(rest) * zones).max(1)
        return np.where(cover > 0.05, cover, 0.0)

    short = look.length < 0.003
    area = float(zones @ np.array([0.12, 0.2, 0.68]))
    count = int((3200 if short else 5200) * max(area, 0.15))
    roots = sample_follicles(rng, skin, density, count)
    if not len(roots.rest):
        return None
    count = len(roots.rest)
    x, y = roots.rest[:, 0], roots.rest[:, 1]
    lip = beard_zones(roots.rest)[:, 0] > 0.3
    down = np.stack([0.3 * np.sign(x), np.full(count, -1.0), np.full(count, 0.1)], 1)
    down[lip] = np.stack([np.sign(x) * 0.7, np.full(count, -1.0), np.zeros(count)], 1)[lip]
    down = down - roots.normals * (down * roots.normals).sum(1, keepdims=True)
    loose = rng.normal(0, 0.22, (count, 3))
    first = unit(unit(down) + 0.55 * roots.normals + loose)
    hang = np.array([0.0, -1.0, 0.15]) + 0.15 * roots.normals
    last = unit(unit(down) + hang * np.clip(look.length / 0.012, 0, 1) + loose * 1.3)
    last = np.where(lip[:, None], unit(unit(down) + 0.1 * roots.normals + loose), last)
    share = np.interp(y, [-0.07, -0.045, 0.0], [1.0, 0.75, 0.4])
    share = np.where(lip, np.minimum(1.0, 0.009 / look.length) * 0.8, share)
    lengths = look.length * share * rng.uniform(0.6, 1.1, count)
    tones = look.tone * np.exp(rng.normal(0, 0.28, (count, 1)))
    return bent_hairs(roots, first, last, lengths, tones, 0.00012 if short else 0.00022)
