"""Brows: where they lie on the average head, and their hairs."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.synthetic.follicles import Skin, bent_hairs, sample_follicles, unit
from training.synthetic.strands import Strands

Float = NDArray[np.float64]


@dataclass(frozen=True)
class BrowLook:
    """A pair of brows.

    Attributes:
        tone: linear RGB [3].
        thickness: half of it, metres.
        lift: metres by which they lie higher than usual.
        density: 0 thin to 1 thick.
    """

    tone: Float
    thickness: float
    lift: float
    density: float


def smoothstep(low: float, high: float, x: Float) -> Float:
    """GLSL's smoothstep, also with low above high."""
    t = np.clip((x - low) / (high - low), 0, 1)
    result: Float = t * t * (3 - 2 * t)
    return result


def sample_brows(rng: np.random.Generator, male: float, hair_tone: Float, age: float) -> BrowLook:
    """Draw brows that suit hair of a tone [3]; brows stay dark longer than hair."""
    man = male > 0.5
    tone = np.clip(hair_tone * rng.uniform(0.5, 0.9), 0.010, 0.14)
    if age > 0.75 and hair_tone.mean() > 0.2:
        tone = np.clip(hair_tone * 0.6, 0.02, 0.25)
    return BrowLook(
        tone=tone,
        thickness=float(rng.uniform(0.0026, 0.0041) * (1.12 if man else 0.85)),
        lift=float(rng.normal(0, 0.0008)),
        density=float(rng.uniform(0.55, 1.0) * (1.0 if man else 0.85)),
    )


def brow_cover(rest: Float, look: BrowLook) -> Float:
    """How much of a brow is at points [N, 3] of the average head, [N] 0..1; as the shader's."""
    x, y = np.abs(rest[:, 0]), rest[:, 1]
    t = np.clip((x - 0.011) / 0.043, 0, 1)
    middle = 0.0505 + 0.0020 * t + 0.0055 * np.sin(np.pi * t**1.25) + look.lift
    half = look.thickness * (1 - 0.65 * smoothstep(0.35, 1.0, t))
    ends = smoothstep(0.007, 0.018, x) * (1 - smoothstep(0.044, 0.056, x))
    cover = (1 - smoothstep(0.25, 1.35, np.abs(y - middle) / half)) * ends
    result: Float = cover * ((rest[:, 2] > 0.02) & (y > 0.035) & (y < 0.075))
    return result


def grow_brows(rng: np.random.Generator, look: BrowLook, skin: Skin) -> Strands:
    """Hairs of both brows: they rise near the nose and lie outward and down at the ends."""
    roots = sample_follicles(
        rng, skin, lambda rest: brow_cover(rest, look), int(650 * look.density)
    )
    count = len(roots.rest)
    side = np.sign(roots.rest[:, 0])
    t = np.clip((np.abs(roots.rest[:, 0]) - 0.011) / 0.043, 0, 1)
    out = np.interp(t, [0, 0.25, 1], [0.25, 0.8, 1.0]) * side
    up = np.interp(t, [0, 0.25, 0.6, 1], [1.0, 0.6, 0.1, -0.45])
    first = np.stack([out, up, np.zeros(count)], 1) + rng.normal(0, 0.16, (count, 3))
    first = first - roots.normals * (first * roots.normals).sum(1, keepdims=True)
    first = unit(unit(first) + 0.30 * roots.normals)
    last = first + np.stack([0.35 * side, np.full(count, -0.25), np.zeros(count)], 1)
    last = unit(last - 0.25 * roots.normals)
    lengths = np.interp(t, [0, 0.4, 1], [0.0065, 0.0095, 0.007]) * rng.uniform(0.7, 1.15, count)
    tones = look.tone * np.exp(rng.normal(0, 0.2, (count, 1)))
    return bent_hairs(roots, first, last, lengths, tones, 0.00015)
