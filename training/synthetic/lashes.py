"""Lashes, rooted where the base mesh has its own on the lids' edges."""

import numpy as np
from numpy.typing import NDArray

from training.synthetic.follicles import Follicles, bent_hairs, unit
from training.synthetic.strands import Strands
from training.template.hm08 import AVERAGE_ADULT, HeadMesh
from training.template.labels import Part

Float = NDArray[np.float64]
Int = NDArray[np.int64]
_ON_LID = 0.0158  # metres from the eyeball's centre: lash cards that are nearer hold the roots


def lash_roots(mesh: HeadMesh) -> Int:
    """Edges [E, 2] of the base mesh's lash cards that lie on the lids."""
    average = mesh.canonical(mesh.identity(AVERAGE_ADULT))
    quads = mesh.quads[mesh.parts == Part.LASHES]
    centres = np.stack([average[eye].mean(0) for eye in mesh.eye_vertices.T])
    corner = average[quads]
    own = centres[(corner[:, :, 0].mean(1) < 0).astype(int)]
    reach = np.linalg.norm(corner - own[:, None], axis=-1)
    order = np.argsort(reach, 1)[:, :2]
    near = np.take_along_axis(reach, order, 1).mean(1) < _ON_LID
    edges: Int = np.take_along_axis(quads, order, 1)[near]
    return edges


def grow_lashes(
    rng: np.random.Generator, edges: Int, posed: Float, centres: Float, male: float
) -> Strands:
    """Lashes of both eyes.

    Args:
        rng: source of randomness.
        edges: [E, 2] from lash_roots.
        posed: [V, 3] base mesh with expression, metres.
        centres: [2, 3] of the left and right eyeball, metres.
        male: 0 woman to 1 man; women wear some mascara.
    """
    painted = male < 0.5 and rng.random() < 0.6
    each = 7
    a, b = posed[edges[:, 0]], posed[edges[:, 1]]
    t = rng.random((len(edges), each, 1))
    points = (a[:, None] * (1 - t) + b[:, None] * t).reshape(-1, 3)
    own = centres[(points[:, 0] < 0).astype(int)]
    away = unit(points - own)
    middle = np.repeat(0.5 * (a + b), each, 0)
    upper = middle[:, 1] > own[:, 1] - 0.0022
    keep = upper | (rng.random(len(points)) < 0.5)
    points, own, away, upper = points[keep], own[keep], away[keep], upper[keep]
    count = len(points)
    rise = np.where(upper, 1.0, -1.0)[:, None]
    first = unit(away + np.array([0, 0.1, 0.25]) * np.array([1, 1, 1]) + 0.05 * rise)
    first = unit(first + rng.normal(0, 0.12, (count, 3)))
    last = unit(first + rise * np.array([0, 0.9, 0]))
    length = np.where(upper, 0.0078, 0.0045) * (1.15 if painted else 0.9)
    lengths = length * rng.uniform(0.7, 1.15, count)
    tones = np.full((count, 3), 0.008 if painted else 0.018)
    roots = Follicles(points, unit(away + np.array([0, 0, 0.6])), points)
    return bent_hairs(roots, first, last, lengths, tones, 0.00016 if painted else 0.00012)
