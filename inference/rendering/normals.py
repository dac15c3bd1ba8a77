"""Normals of the surface that a cloud of Gaussians lies on (Hoppe et al. 1992).

"Surface reconstruction from unorganized points", https://doi.org/10.1145/133994.134011: the
normal is the direction in which a point's neighbourhood is thinnest (section 3.2), and signs
spread along the tree that joins the most parallel neighbours (section 3.3).
"""

import numpy as np
from numpy.typing import NDArray

from inference.head.gaussians import FloatArray

_NEIGHBOURS = 16
"""Besides the point itself (our choice): about two rings."""

_CHUNK = 65_536  # points at once, so that large clouds fit in memory

_Double = NDArray[np.float64]
_Index = NDArray[np.int64]


def surface_normals(
    means: FloatArray,  # [N, 3] any unit
) -> FloatArray:
    """Unit normals [N, 3], outward; of fewer than three points, towards +z."""
    points = np.asarray(means, np.float64)
    if len(points) < 3:
        return np.tile(np.array([0, 0, 1], np.float32), (len(points), 1))
    around = _neighbours(points)
    parts = [
        _thinnest(points[around[first : first + _CHUNK]]) for first in range(0, len(points), _CHUNK)
    ]
    normals = np.concatenate(parts)
    return (normals * _signs(points, normals, around)[:, None]).astype(np.float32)


def _neighbours(points: _Double) -> _Index:
    """Indices [N, K] of the nearest points, the point itself first."""
    from scipy.spatial import cKDTree

    count = min(1 + _NEIGHBOURS, len(points))
    return np.asarray(cKDTree(points).query(points, k=count)[1], np.int64)


def _thinnest(clouds: _Double) -> _Double:
    """Of [M, K, 3] points, the direction [M, 3] in which each cloud spreads least."""
    apart = clouds - clouds.mean(axis=1, keepdims=True)
    direction: _Double = np.linalg.eigh(np.einsum("nki,nkj->nij", apart, apart))[1][:, :, 0]
    return direction


def _signs(points: _Double, normals: _Double, around: _Index) -> _Double:
    """1 or -1 [N]: neighbours agree, and the outermost point of each piece looks outward."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import (
        breadth_first_order,
        connected_components,
        minimum_spanning_tree,
    )

    count = len(points)
    start = np.repeat(np.arange(count), around.shape[1] - 1)
    end = around[:, 1:].ravel()
    # A sparse matrix has no edges of weight 0.
    bend = 1.001 - np.abs(np.einsum("ni,ni->n", normals[start], normals[end]))
    tree = minimum_spanning_tree(coo_matrix((bend, (start, end)), (count, count)).tocsr())
    pieces, piece = connected_components(tree, directed=False)
    outward = points - np.median(points, axis=0)
    order = np.argsort(np.einsum("ni,ni->n", outward, outward))
    seeds = np.empty(pieces, np.int64)
    seeds[piece[order]] = order  # the last one, the outermost, stays
    signs = np.ones(count)
    signs[seeds] = np.where(np.einsum("ni,ni->n", normals[seeds], outward[seeds]) < 0, -1, 1)
    # One more node joins the pieces, so that one walk reaches all.
    edges = tree.tocoo()
    joined = coo_matrix(
        (
            np.ones(len(edges.data) + pieces),
            (np.append(edges.row, np.full(pieces, count)), np.append(edges.col, seeds)),
        ),
        (count + 1, count + 1),
    ).tocsr()
    walk, before = breadth_first_order(joined, count, directed=False)
    agree = np.einsum("ni,ni->n", normals, normals[np.minimum(before[:count], count - 1)]) >= 0
    parents, same, result = before.tolist(), agree.tolist(), signs.tolist()
    for node in walk[1:].tolist():
        if parents[node] != count:
            result[node] = result[parents[node]] * (1 if same[node] else -1)
    return np.array(result)
