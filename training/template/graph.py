"""Which anchors lie beside which on the surface, not merely in space."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from training.template.hm08 import HeadMesh
from training.template.labels import ByteArray, Label
from training.template.patches import FloatArray, IntArray

NEIGHBOURS = 8
_CANDIDATES = 128
_SAME_SIDE = 0.2  # cosine between normals below which two anchors face different ways; our choice


def components(mesh: HeadMesh) -> IntArray:
    """Connected component of each quad, [Q]: skin, each eyeball, each row of teeth, ..."""
    first, second = mesh.quads, np.roll(mesh.quads, -1, 1)
    count = len(mesh.vertices)
    edges = coo_matrix((np.ones(first.size), (first.ravel(), second.ravel())), (count, count))
    _, of_vertex = connected_components(edges, directed=False)
    of_quad: IntArray = of_vertex[mesh.quads[:, 0]].astype(np.int64)
    return of_quad


def surface_neighbours(
    anchors: FloatArray, normals: FloatArray, labels: ByteArray, pieces: IntArray
) -> NDArray[np.uint16]:
    """The nearest anchors of each anchor that lie on the same piece of surface.

    Upper and lower lip, skin and eyeball, the two sides of an ear are close in space but no
    neighbours.

    Args:
        anchors: [N, 3] metres.
        normals: [N, 3] unit.
        labels: [N] FaRL order.
        pieces: [N] connected component of the mesh each anchor lies on.

    Returns:
        [N, 8], nearest first, never the anchor itself.
    """
    count = len(anchors)
    chosen = np.zeros((count, NEIGHBOURS), np.uint16)
    distances, found = cKDTree(anchors).query(anchors, _CANDIDATES)
    order = np.lexsort((found, distances.round(7)))  # ties by index, whatever the tree did
    found = np.take_along_axis(found, order, 1)
    facing = np.einsum("nc,nkc->nk", normals, normals[found]) > _SAME_SIDE
    lips = np.zeros(count, np.int64)
    lips[labels == Label.UPPER_LIP], lips[labels == Label.LOWER_LIP] = 1, -1
    together = (pieces[found] == pieces[:, None]) & (lips[found] * lips[:, None] >= 0)
    other = found != np.arange(count)[:, None]
    # Ranks: true neighbours first, then those of the piece, then whatever is near.
    rank = np.where(facing & together, 0, np.where(together, 1, 2)) + np.where(other, 0, 3)
    best = np.argsort(rank, axis=1, kind="stable")[:, :NEIGHBOURS]
    chosen[:] = np.take_along_axis(found, best, 1)
    return chosen
