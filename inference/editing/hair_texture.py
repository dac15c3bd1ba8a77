"""Curls, waves and strands: what hair of a kind looks like from near, which no average tells.

Curls are cells of noise (Worley 1996, https://doi.org/10.1145/237170.237267): each bulges and
shines, and it is dark between them. Waves are bands across the fall of the hair, strands are
streaks along it. The same place always gets the same, so that nothing flickers between edits.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from inference.editing.kinds import HAIR
from inference.editing.smoothing import smoothstep
from inference.head.gaussians import FloatArray
from inference.rendering.camera import HEAD_CENTRE

_CELL = 0.013  # metres from curl to curl
_CURL_SHADE, _CURL_RELIEF = 0.75, 0.005  # of the brightness; metres
_WAVE = 0.03  # metres from crest to crest
_WAVE_SHADE, _WAVE_RELIEF = 0.22, 0.003
_STREAKS, _STREAK_SHADE = 90, 0.16  # round the head; of the brightness
_SEED = 7
_ALIKE = 0.05  # difference of amounts below which hair is of the same kind
"""All our choice, looking at heads from 0, 45 and 90 degrees."""


@dataclass(frozen=True)
class HairKind:
    """How much of each kind, 0..1; what is left is straight."""

    curly: float
    wavy: float


@dataclass(frozen=True)
class HairTexture:
    """What hair of a kind was given.

    Attributes:
        kind: of the hair.
        relief: [N, 3] metres that anchors were moved by.
        shade: [N] logarithm of what their brightness was multiplied by.
    """

    kind: HairKind
    relief: FloatArray
    shade: FloatArray

    def like(self, other: "HairTexture") -> bool:
        """Whether both are of the same kind, wherever their hair lies."""
        mine, its = self.kind, other.kind
        return max(abs(mine.curly - its.curly), abs(mine.wavy - its.wavy)) < _ALIKE

    def where_near(
        self,
        other: "HairTexture",
        share: FloatArray,  # [N, 1] 0..1
    ) -> "HairTexture":
        """This one by its share, the other elsewhere."""
        relief = other.relief + share * (self.relief - other.relief)
        shade = other.shade + share[:, 0] * (self.shade - other.shade)
        return HairTexture(self.kind, relief, shade)


def texture_hair(
    means: FloatArray,  # [N, 3] metres; changed
    colours: FloatArray,  # [N, 3]; changed
    kinds: NDArray[np.int64],  # [N]
    kind: HairKind,
) -> HairTexture:
    """Give anchors of hair the relief and the shades of that kind, and say which."""
    given = HairTexture(kind, np.zeros_like(means), np.zeros(len(means), np.float32))
    who = np.flatnonzero(kinds == HAIR)
    if len(who) == 0:
        return given
    places = means[who]
    out = places - np.array(HEAD_CENTRE, np.float32)
    out[:, 1] = np.maximum(out[:, 1], 0)  # below the crown hair stands off sideways
    out /= np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-6)
    # Every stroke comes by here, and finding curls takes as long as all the rest.
    curls = _curls(places) if kind.curly > 0 else np.zeros(len(who), np.float32)
    bands = _waves(places)
    straight = max(0.0, 1 - kind.curly)
    relief = kind.curly * _CURL_RELIEF * curls + kind.wavy * _WAVE_RELIEF * bands
    shade = (
        kind.curly * _CURL_SHADE * curls
        + kind.wavy * _WAVE_SHADE * bands
        + straight * _STREAK_SHADE * _strands(places)
    )
    given.relief[who] = relief[:, None] * out
    given.shade[who] = shade
    means[who] = places + given.relief[who]
    colours[who] = np.clip(colours[who] * np.exp(shade)[:, None], 0, 1)
    return given


def _curls(places: FloatArray) -> FloatArray:
    """[n] from -0.5 between curls to 0.5 on them."""
    low = np.floor(places.min(0) / _CELL).astype(int) - 1
    high = np.ceil(places.max(0) / _CELL).astype(int) + 1
    grid = np.stack(np.meshgrid(*(np.arange(a, b) for a, b in zip(low, high, strict=True))), -1)
    cells = grid.reshape(-1, 3)
    middle = (cells + _hashed(cells)) * _CELL
    near, _ = cKDTree(middle).query(places, 2)
    return (np.clip(1.6 * (near[:, 1] - near[:, 0]) / _CELL, 0, 1) - 0.5).astype(np.float32)


def _waves(places: FloatArray) -> FloatArray:
    """[n] from -1 to 1: bands that rise and fall round the head."""
    around = np.arctan2(places[:, 0], places[:, 2] - HEAD_CENTRE[2])
    phase = 2 * np.pi * places[:, 1] / _WAVE + 1.3 * np.sin(5 * around) + 0.9 * np.sin(11 * around)
    return np.asarray(np.sin(phase), np.float32)


def _strands(places: FloatArray) -> FloatArray:
    """[n] from -1 to 1: streaks from the crown down."""
    around = np.arctan2(places[:, 0], places[:, 2] - HEAD_CENTRE[2])
    column = (around / (2 * np.pi) + 0.5) * _STREAKS
    tones = np.random.default_rng(_SEED).uniform(-1, 1, _STREAKS).astype(np.float32)
    left = np.floor(column).astype(int)
    share = smoothstep(0, 1, (column - left).astype(np.float32))
    mixed = (1 - share) * tones[left % _STREAKS] + share * tones[(left + 1) % _STREAKS]
    return np.asarray(mixed, np.float32)


def _hashed(cells: NDArray[np.int64]) -> FloatArray:
    """[n, 3] 0..1: the same for the same cell, whatever the others are."""
    found = np.empty(cells.shape, np.float32)
    for axis in range(3):
        mixed = (cells * np.array([73856093, 19349663, 83492791])).sum(1) + 8191 * axis
        mixed = (mixed ^ (mixed >> 13)) * 1274126177 & 0x7FFFFFFF
        found[:, axis] = ((mixed ^ (mixed >> 16)) % 10007) / 10007
    return found
