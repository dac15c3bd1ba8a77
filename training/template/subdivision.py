"""Catmull-Clark subdivision of quad meshes as sparse matrices.

Catmull and Clark 1978, "Recursively generated B-spline surfaces on arbitrary topological meshes";
boundary edges follow the cubic B-spline rule. Every step is linear in the vertices:
refined = operator @ vertices, so it is computed once and serves every identity and expression.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class Subdivision:
    """One or more refinement steps.

    Attributes:
        operator: sparse [V', V], rows sum to 1.
        quads: [Q * 4^levels, 4] refined quads; quad q of the parent owns a contiguous run, its
            four children being those at its corners 0, 1, 2, 3, each with that corner first.
    """

    operator: sp.csr_matrix
    quads: IntArray


@dataclass(frozen=True)
class _Edges:
    """Unique edges of a quad mesh: ends [E, 2], edge id of each quad side [Q, 4], use count [E]."""

    ends: IntArray
    of_quad: IntArray
    uses: IntArray

    @classmethod
    def of(cls, quads: IntArray) -> "_Edges":
        sides = np.stack([quads, np.roll(quads, -1, 1)], -1).reshape(-1, 2)
        ends, inverse, uses = np.unique(
            np.sort(sides, 1), axis=0, return_inverse=True, return_counts=True
        )
        return cls(ends, inverse.reshape(len(quads), 4), uses)

    def children(self, quads: IntArray, vertex_count: int) -> IntArray:
        """Refined quads [4Q, 4] over (old vertices, edge points, face points)."""
        edge = vertex_count + self.of_quad
        face = vertex_count + len(self.ends) + np.arange(len(quads))
        corners = [np.stack([quads[:, k], edge[:, k], face, edge[:, k - 1]], 1) for k in range(4)]
        return np.stack(corners, 1).reshape(-1, 4)


def _incidence(rows: IntArray, columns: IntArray, shape: tuple[int, int]) -> sp.csr_matrix:
    """A 0/1 matrix with ones at (rows, columns)."""
    return sp.csr_matrix((np.ones(rows.size), (rows.ravel(), columns.ravel())), shape)


def _step(quads: IntArray, vertex_count: int) -> Subdivision:
    edges = _Edges.of(quads)
    quad_count, edge_count = len(quads), len(edges.ends)
    quad_of_side = np.repeat(np.arange(quad_count), 4)
    edge_of_end = np.repeat(np.arange(edge_count), 2)
    face_points = 0.25 * _incidence(quad_of_side, quads, (quad_count, vertex_count))
    edge_to_quad = _incidence(edges.of_quad, quad_of_side, (edge_count, quad_count))
    midpoints = 0.5 * _incidence(edge_of_end, edges.ends, (edge_count, vertex_count))
    inner = (edges.uses == 2).astype(np.float64)
    edge_points = (
        sp.diags(0.5 * inner) @ midpoints
        + sp.diags(0.25 * inner) @ (edge_to_quad @ face_points)
        + sp.diags(1 - inner) @ midpoints
    )
    vertex_to_edge = _incidence(edges.ends, edge_of_end, (vertex_count, edge_count))
    vertex_to_quad = _incidence(quads, quad_of_side, (vertex_count, quad_count))
    border = inner == 0
    on_border = np.zeros(vertex_count)
    on_border[edges.ends[border]] = 1
    faces = np.asarray(vertex_to_quad.sum(1)).ravel()
    used = (faces > 0).astype(np.float64)
    n = np.maximum(faces, 1)
    spokes = np.maximum(np.asarray(vertex_to_edge.sum(1)).ravel(), 1)
    smooth = (
        sp.diags(1 / n**2) @ (vertex_to_quad @ face_points)
        + sp.diags(2 / (n * spokes)) @ (vertex_to_edge @ midpoints)
        + sp.diags((n - 3) / n)
    )
    border_edges = sp.diags(border.astype(np.float64))
    border_spokes = np.asarray((vertex_to_edge @ border_edges).sum(1)).ravel()
    crease = sp.diags(0.5 / np.maximum(border_spokes, 1)) @ (
        vertex_to_edge @ border_edges @ midpoints
    ) + 0.5 * sp.identity(vertex_count)
    vertex_points = (
        sp.diags(used * (1 - on_border)) @ smooth
        + sp.diags(used * on_border) @ crease
        + sp.diags(1 - used)
    )
    operator = sp.vstack([vertex_points, edge_points, face_points]).tocsr()
    operator.eliminate_zeros()
    return Subdivision(operator, edges.children(quads, vertex_count))


def _linear_step(quads: IntArray, vertex_count: int) -> Subdivision:
    edges = _Edges.of(quads)
    edge_of_end = np.repeat(np.arange(len(edges.ends)), 2)
    quad_of_side = np.repeat(np.arange(len(quads)), 4)
    midpoints = 0.5 * _incidence(edge_of_end, edges.ends, (len(edges.ends), vertex_count))
    centres = 0.25 * _incidence(quad_of_side, quads, (len(quads), vertex_count))
    operator = sp.vstack([sp.identity(vertex_count), midpoints, centres]).tocsr()
    return Subdivision(operator, edges.children(quads, vertex_count))


def catmull_clark(quads: IntArray, vertex_count: int, levels: int = 1) -> Subdivision:
    """Smooth refinement of a quad mesh.

    Args:
        quads: [Q, 4] vertex indices; vertices that no quad uses stay where they are.
        vertex_count: number of vertices V.
        levels: number of steps, each splits every quad into four.

    Returns:
        The operator [V', V] (the first V rows move the old vertices) and the refined quads.
    """
    return _repeat(_step, quads, vertex_count, levels)


def bilinear(quads: IntArray, vertex_count: int, levels: int = 1) -> Subdivision:
    """Refinement without smoothing, for texture coordinates; same quad order as catmull_clark."""
    return _repeat(_linear_step, quads, vertex_count, levels)


def _repeat(
    step: Callable[[IntArray, int], Subdivision], quads: IntArray, vertex_count: int, levels: int
) -> Subdivision:
    if levels < 1:
        raise ValueError("levels must be at least 1")
    result = step(quads, vertex_count)
    for _ in range(levels - 1):
        finer = step(result.quads, result.operator.shape[0])
        result = Subdivision((finer.operator @ result.operator).tocsr(), finer.quads)
    return result
