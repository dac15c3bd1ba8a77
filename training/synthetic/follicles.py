"""Where hairs of the face grow, and short hairs that bend from one direction to another."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.synthetic.strands import Strands
from training.synthetic.surface import Surface

Float = NDArray[np.float64]
_PIECES = 4


@dataclass(frozen=True)
class Skin:
    """The skin of one head that hairs grow from.

    Attributes:
        surface: the shared mesh.
        rest: [V1, 3] refined average head.
        points: [V1, 3] refined head, metres.
        normals: [V1, 3] its unit normals.
    """

    surface: Surface
    rest: Float
    points: Float
    normals: Float


@dataclass(frozen=True)
class Follicles:
    """Roots of hairs.

    Attributes:
        points, normals: [N, 3] on the head.
        rest: [N, 3] on the average head.
    """

    points: Float
    normals: Float
    rest: Float


def unit(x: Float) -> Float:
    """Vectors [..., 3] of length 1."""
    length: Float = np.linalg.norm(x, axis=-1, keepdims=True)
    return x / np.maximum(length, 1e-9)


def sample_follicles(
    rng: np.random.Generator, skin: Skin, density: Callable[[Float], Float], count: int
) -> Follicles:
    """At most `count` roots, as dense as `density` [N] 0..1 says at average-head points [N, 3]."""
    quads = skin.surface.quads[skin.surface.skin_quads]
    quads = quads[density(skin.rest[quads].reshape(-1, 3)).reshape(-1, 4).max(1) > 0]
    if not len(quads):
        return Follicles(np.zeros((0, 3)), np.zeros((0, 3)), np.zeros((0, 3)))
    corner = skin.points[quads]
    area = np.linalg.norm(
        np.cross(corner[:, 2] - corner[:, 0], corner[:, 3] - corner[:, 1]), axis=1
    )
    wanted = 3 * count
    quad = quads[rng.choice(len(quads), wanted, p=area / area.sum())]
    u, w = rng.random((2, wanted, 1))
    weights = ((1 - u) * (1 - w), u * (1 - w), u * w, (1 - u) * w)

    def blend(x: Float) -> Float:
        total: Float = sum(x[quad[:, k]] * weights[k] for k in range(4))
        return total

    rest = blend(skin.rest)
    keep = rng.random(wanted) < density(rest)
    keep &= np.cumsum(keep) <= count
    return Follicles(blend(skin.points)[keep], unit(blend(skin.normals)[keep]), rest[keep])


def bent_hairs(
    roots: Follicles, first: Float, last: Float, lengths: Float, tones: Float, half_width: float
) -> Strands:
    """Hairs that leave along one direction and end along another.

    Args:
        roots: N roots.
        first: [N, 3] direction at the root.
        last: [N, 3] direction at the tip.
        lengths: [N] metres.
        tones: [N, 3] linear RGB.
        half_width: metres at the root; tips are thinner.
    """
    t = np.linspace(0, 1, _PIECES + 1)
    directions = unit(first[:, None] * (1 - t[:-1, None]) + last[:, None] * t[:-1, None])
    steps = directions * (lengths / _PIECES)[:, None, None]
    points = np.concatenate([roots.points[:, None], steps], 1).cumsum(1)
    tangents = np.concatenate([directions, directions[:, -1:]], 1)
    single = np.float32
    return Strands(
        points=points.astype(single),
        tangents=tangents.astype(single),
        colours=np.repeat(tones[:, None], len(t), 1).astype(single),
        half_widths=np.broadcast_to(half_width * (1 - 0.6 * t), points.shape[:2]).astype(single),
        normals=roots.normals.astype(single),
        gloss=0.25,
    )
