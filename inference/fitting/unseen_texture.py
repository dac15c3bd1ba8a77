"""Hair that nobody photographed gets the texture of the hair that was photographed.

Islands of a few centimetres are copied from well-seen hair on to the rest, turned so that
"down along the head" stays down, and overlapped. That keeps strands together, unlike copies
patch by patch; after the patch-based texture synthesis of Efros and Freeman 2001, on a
surface. Overlaps are divided by the root of the summed squared weights, which keeps contrast.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from inference.head.gaussians import FloatArray
from inference.progress import CancelToken

FALL = np.array([0.0, -1.0, 0.2])
"""Where hair falls to: down, and from the crown to the forehead."""

PROBES = 16
"""Points of an island that are looked at to judge a place for it."""


@dataclass(frozen=True)
class TextureConfig:
    """How texture is borrowed; all values are our choice.

    Attributes:
        clear: detail seen better than this may be lent.
        least: with fewer lenders than this nothing is borrowed.
        radius: of an island, metres.
        near: a lender may lie as far as this from where its island wants it, metres.
        candidates: places that are tried for every island.
        clip: robust deviations that lent detail may have.
        seed: of the candidates.
    """

    clear: float = 0.6
    least: int = 300
    radius: float = 0.022
    near: float = 0.003
    candidates: int = 12
    clip: float = 2.2
    seed: int = 0


def borrow_texture(
    detail: FloatArray,  # [N, 3]
    clear: FloatArray,  # [N] 0..1
    positions: FloatArray,  # [N, 3]
    normals: FloatArray,  # [N, 3]
    mirror: NDArray[np.integer],  # [N]
    config: TextureConfig,
    cancel: CancelToken,
) -> FloatArray:
    """Detail [N, 3] for every Gaussian that lacks its own, 0 where there is none to lend.

    The other side of the head lends first, then islands from anywhere.

    Args:
        detail: what each Gaussian's colour differs from its surroundings.
        clear: how far that was seen.
        positions: metres, y up.
        normals: unit, outward.
        mirror: index of the Gaussian on the other side.
        config: see TextureConfig.
        cancel: checked for every island.
    """
    lenders = np.flatnonzero(clear > config.clear)
    borrowed = np.zeros_like(detail)
    if len(lenders) < config.least:
        return borrowed
    spread = 1.4826 * np.median(np.linalg.norm(detail[lenders], axis=1))
    size = np.linalg.norm(detail, axis=1, keepdims=True)
    limit = max(config.clip * float(spread), 1e-4)
    calm = (detail * np.minimum(1, limit / np.maximum(size, 1e-6))).astype(np.float32)
    own = np.clip(clear / config.clear, 0, 1)
    need = np.flatnonzero(own < 1)
    islands = _islands(calm, lenders, need, positions, normals, config, cancel)
    other = np.clip((clear[mirror] - own) / config.clear, 0, 1)[:, None]
    mixed = np.sqrt(1 - other**2) * islands + other * calm[mirror]
    borrowed[need] = mixed[need]
    return borrowed


def _islands(
    detail: FloatArray,
    lenders: NDArray[np.intp],
    need: NDArray[np.intp],
    positions: FloatArray,
    normals: FloatArray,
    config: TextureConfig,
    cancel: CancelToken,
) -> FloatArray:
    """Detail of overlapping islands at `need`, [N, 3]."""
    random = np.random.default_rng(config.seed)
    lent = cKDTree(positions[lenders])
    centres = need[spread_points(positions[need], config.radius)]
    islands = cKDTree(positions[need]).query_ball_point(positions[centres], config.radius)
    places = random.choice(lenders, (len(centres), config.candidates))
    from_frames, to_frames = frames(normals[places]), frames(normals[centres])
    total = np.zeros_like(detail)
    squares = np.zeros((len(detail), 1), np.float32)
    for k, around in enumerate(islands):
        cancel.check()
        members = need[around]
        offsets = (positions[members] - positions[centres[k]]) @ to_frames[k]
        probe = offsets[:: max(1, len(offsets) // PROBES)]
        tried = positions[places[k], None] + probe @ from_frames[k].transpose(0, 2, 1)
        misses = np.minimum(lent.query(tried)[0], 2 * config.near).mean(1)
        best = int(misses.argmin())
        there = positions[places[k, best]] + offsets @ from_frames[k, best].T
        distance, nearest = lent.query(there)
        inside = 1.05 - np.linalg.norm(offsets, axis=1) / config.radius
        weight = np.clip(inside, 0.01, 1) ** 2 * np.clip(2 - distance / config.near, 0.01, 1)
        weight = weight[:, None].astype(np.float32)
        total[members] += weight * detail[lenders[nearest]]
        squares[members] += weight**2
    return (total / np.sqrt(np.maximum(squares, 1e-12))).astype(np.float32)


def frames(normals: FloatArray) -> NDArray[np.float64]:
    """[..., 3, 3] of normals [..., 3]; columns: along the surface sideways, down, normal."""
    unit = normals.astype(np.float64)
    down = FALL - unit * (unit @ FALL)[..., None]
    down /= np.maximum(np.linalg.norm(down, axis=-1, keepdims=True), 1e-6)
    return np.stack([np.cross(unit, down), down, unit], axis=-1)


def spread_points(points: FloatArray, distance: float) -> NDArray[np.intp]:
    """Index of one point in every cell of a grid, [M]."""
    cells = np.floor(points / distance).astype(np.int64)
    return np.unique(cells, axis=0, return_index=True)[1]
