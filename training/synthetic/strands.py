"""Hairs ready to be drawn."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Strands:
    """Hairs of one kind.

    Attributes:
        points: [S, K, 3] metres.
        tangents: [S, K, 3] unit.
        colours: [S, K, 3] linear RGB.
        half_widths: [S, K] metres.
        normals: [S, 3] unit normals of the skin at the roots.
        gloss: 0 dull to 1 shiny.
    """

    points: NDArray[np.float32]
    tangents: NDArray[np.float32]
    colours: NDArray[np.float32]
    half_widths: NDArray[np.float32]
    normals: NDArray[np.float32]
    gloss: float


def joined(parts: list[Strands]) -> Strands:
    """Hairs of equal K as one; the gloss is the first's."""
    return Strands(
        np.concatenate([p.points for p in parts]),
        np.concatenate([p.tangents for p in parts]),
        np.concatenate([p.colours for p in parts]),
        np.concatenate([p.half_widths for p in parts]),
        np.concatenate([p.normals for p in parts]),
        parts[0].gloss,
    )
