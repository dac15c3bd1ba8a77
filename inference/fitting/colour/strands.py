"""Strands for hair that nobody photographed: a calm pattern that falls from the crown.

Value noise (Perlin 1985's lattice noise without gradients) on the meridians around the crown:
narrow across them, long along them. Copies of photographed patches looked worse: a patch holds
deep shadow, and deep shadow away from where it belongs is a hole.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.head.gaussians import FloatArray

Points = NDArray[np.float64]


@dataclass(frozen=True)
class StrandConfig:
    """How strands look; all values are our choice.

    Attributes:
        crown: direction of the whorl from the middle of the hair; any length.
        widths: of single strands and of locks, metres; the narrowest that the anchors hold.
        lengths: over which they change, metres.
        shares: how much of the contrast each carries.
        wave: how far a strand strays from its meridian, as a share of its width.
        limit: standard deviations that the pattern may reach.
        seed: of the noise.
    """

    crown: tuple[float, float, float] = (0.0, 0.9, -0.45)
    widths: tuple[float, ...] = (0.005, 0.009, 0.02)
    lengths: tuple[float, ...] = (0.05, 0.08, 0.1)
    shares: tuple[float, ...] = (1.2, 0.6, 0.2)
    wave: float = 1.0
    limit: float = 1.8
    seed: int = 0


def strand_pattern(
    positions: FloatArray,  # [N, 3]
    config: StrandConfig,
) -> FloatArray:
    """Brightness of strands [N], mean 0 and standard deviation about 1.

    Args:
        positions: of the hair's Gaussians, metres; their mean is the middle of the hair.
        config: see StrandConfig.
    """
    if len(positions) == 0:
        return np.zeros(0, np.float32)
    azimuth, down, radius = meridians(positions, config.crown)
    pattern = np.zeros(len(positions))
    random = np.random.default_rng(config.seed)
    for width, length, share in zip(config.widths, config.lengths, config.shares, strict=True):
        # Lattices of 2^level strands around; between two levels as the ring's length asks.
        level = np.log2(np.maximum(2 * np.pi * radius / width, 1))
        lattices = int(level.max()) + 2
        rows = int(down.max() / length) + 3
        stray = random.uniform(-1, 1, (rows, 16))
        bend = config.wave * _lattice(stray, azimuth, down / length)
        values = np.stack(
            [
                _lattice(random.uniform(-1, 1, (rows, 2**k)), azimuth + bend / 2**k, down / length)
                for k in range(lattices)
            ]
        )
        lower = level.astype(int)
        rest = level - lower
        each = np.arange(len(positions))
        mixed = (1 - rest) * values[lower, each] + rest * values[lower + 1, each]
        pattern += share * mixed / np.sqrt((1 - rest) ** 2 + rest**2)
    pattern = (pattern - pattern.mean()) / max(float(pattern.std()), 1e-9)
    return np.clip(pattern, -config.limit, config.limit).astype(np.float32)


def meridians(
    positions: FloatArray, crown: tuple[float, float, float]
) -> tuple[Points, Points, Points]:
    """Turns around the crown 0..1, metres from it along the head, metres from its axis, [N]."""
    axis = np.array(crown) / np.linalg.norm(crown)
    side = np.cross(axis, [0.0, 0.0, 1.0])
    side /= np.linalg.norm(side)
    offsets = positions.astype(np.float64) - positions.mean(0)
    across, ahead = offsets @ side, offsets @ np.cross(side, axis)
    radius = np.hypot(across, ahead)
    azimuth = np.arctan2(across, ahead) / (2 * np.pi) + 0.5
    down = np.arctan2(radius, offsets @ axis) * np.linalg.norm(offsets, axis=1)
    return azimuth, down, radius


def _lattice(values: Points, azimuth: Points, rows: Points) -> Points:
    """Lattice values [R, C] at turns (they go around) and rows, smooth in between, [N]."""
    columns = values.shape[1]
    x, y = (azimuth % 1) * columns, np.clip(rows, 0, len(values) - 1.001)
    left, top = x.astype(int), y.astype(int)
    u, v = x - left, y - top
    u, v = u * u * (3 - 2 * u), v * v * (3 - 2 * v)
    left, right = left % columns, (left + 1) % columns
    upper = (1 - u) * values[top, left] + u * values[top, right]
    lower = (1 - u) * values[top + 1, left] + u * values[top + 1, right]
    return (1 - v) * upper + v * lower
