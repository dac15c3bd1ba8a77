"""Geometry of triangle meshes: pieces, borders, normals, closest points."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

Points = NDArray[np.float64]
Indices = NDArray[np.int64]


@dataclass(frozen=True)
class TriangleMesh:
    """Vertices [V, 3] and counter-clockwise triangles [F, 3]."""

    vertices: Points
    faces: Indices

    @cached_property
    def edge_graph(self) -> csr_matrix:
        """Symmetric sparse [V, V] of edge lengths."""
        first, second = self.faces.ravel(), np.roll(self.faces, -1, 1).ravel()
        ends = np.unique(np.sort(np.stack([first, second], 1), 1), axis=0)
        ends = ends[ends[:, 0] != ends[:, 1]]
        lengths = np.linalg.norm(self.vertices[ends[:, 0]] - self.vertices[ends[:, 1]], axis=1)
        shape = (len(self.vertices),) * 2
        graph = coo_matrix((np.maximum(lengths, 1e-9), (ends[:, 0], ends[:, 1])), shape)
        return (graph + graph.T).tocsr()

    def pieces(self) -> list["TriangleMesh"]:
        """Connected pieces that have faces, largest first; vertices stay shared and complete."""
        count, of_vertex = connected_components(self.edge_graph, directed=False)
        of_face = of_vertex[self.faces[:, 0]]
        sizes = np.bincount(of_face, minlength=count)
        order = np.argsort(-sizes, kind="stable")
        return [
            TriangleMesh(self.vertices, self.faces[of_face == n]) for n in order if sizes[n] > 0
        ]

    @property
    def used(self) -> Indices:
        """Vertices that a face uses, sorted."""
        return np.unique(self.faces)

    @property
    def border(self) -> Indices:
        """Vertices on edges that only one face uses, sorted."""
        sides = np.stack([self.faces, np.roll(self.faces, -1, 1)], -1).reshape(-1, 2)
        edges, uses = np.unique(np.sort(sides, 1), axis=0, return_counts=True)
        return np.unique(edges[uses == 1])

    @cached_property
    def vertex_normals(self) -> Points:
        """Unit normals [V, 3], weighted by area; zero for unused vertices."""
        corners = self.vertices[self.faces]
        normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        summed = np.zeros_like(self.vertices)
        for k in range(3):
            np.add.at(summed, self.faces[:, k], normals)
        length = np.linalg.norm(summed, axis=1, keepdims=True)
        unit: Points = summed / np.maximum(length, 1e-20)
        return unit

    @property
    def volume(self) -> float:
        """Signed volume against the mean vertex; negative if the faces turn inwards."""
        corners = self.vertices[self.faces] - self.vertices[self.used].mean(0)
        return (
            float(np.einsum("ij,ij->", corners[:, 0], np.cross(corners[:, 1], corners[:, 2]))) / 6
        )

    def flipped(self) -> "TriangleMesh":
        """The same surface turned inside out."""
        return TriangleMesh(self.vertices, self.faces[:, ::-1])

    def interpolate(self, values: Points, faces: Indices, weights: Points) -> Points:
        """Values [N, C] at surface points from values [V, C] at the vertices.

        Args:
            values: [V, C].
            faces: [N] row of `self.faces`.
            weights: [N, 3] barycentric.
        """
        mixed: Points = np.einsum("nk,nkc->nc", weights, values[self.faces[faces]])
        return mixed

    def closest(
        self, points: Points, normals: Points | None = None, candidates: int = 12
    ) -> tuple[Indices, Points]:
        """The closest surface point of each point.

        Args:
            points: [N, 3].
            normals: [N, 3] unit or None; faces that look another way (cosine under 0.3) are
                taken only where no candidate looks the same way.
            candidates: how many of the faces with the nearest centres are looked at.

        Returns:
            Face [N] and barycentric weights [N, 3].
        """
        centres = self.vertices[self.faces].mean(1)
        candidates = min(candidates, len(centres))
        near = cKDTree(centres).query(points, candidates)[1].reshape(len(points), candidates)
        facing = self._face_normals if normals is not None else None
        best_face = np.zeros(len(points), np.int64)
        best_weights = np.zeros((len(points), 3))
        best_cost = np.full(len(points), np.inf)
        for k in range(candidates):
            faces = near[:, k]
            weights = _barycentric_of_closest(
                points, *self.vertices[self.faces[faces]].swapaxes(0, 1)
            )
            reached = np.einsum("nk,nkc->nc", weights, self.vertices[self.faces[faces]])
            cost = np.linalg.norm(points - reached, axis=1)
            if normals is not None and facing is not None:
                cost = cost + 1e3 * (np.einsum("nc,nc->n", normals, facing[faces]) < 0.3)
            better = cost < best_cost
            best_face[better], best_weights[better] = faces[better], weights[better]
            best_cost[better] = cost[better]
        return best_face, best_weights

    @cached_property
    def _face_normals(self) -> Points:
        corners = self.vertices[self.faces]
        normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        unit: Points = normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-20)
        return unit


def _barycentric_of_closest(p: Points, a: Points, b: Points, c: Points) -> Points:
    """Barycentric weights [N, 3] of the point of triangle a b c closest to p (all [N, 3]).

    The projection into the plane, or the best of the three edges where that falls outside.
    """
    ab, ac, ap = b - a, c - a, p - a
    d00, d01, d11 = (np.einsum("nc,nc->n", x, y) for x, y in ((ab, ab), (ab, ac), (ac, ac)))
    d20, d21 = np.einsum("nc,nc->n", ap, ab), np.einsum("nc,nc->n", ap, ac)
    area = d00 * d11 - d01 * d01
    flat = area <= 1e-9 * d00 * d11  # a triangle without area has only edges
    denominator = np.where(flat, 1, area)
    v = (d11 * d20 - d01 * d21) / denominator
    w = (d00 * d21 - d01 * d20) / denominator
    weights = np.stack([1 - v - w, v, w], 1)
    outside = (weights < 0).any(1) | flat
    if not outside.any():
        return weights
    corners = np.stack([a, b, c], 1)[outside]
    point = p[outside]
    best = np.full(len(point), np.inf)
    edge_weights = np.zeros((len(point), 3))
    for k in range(3):
        start, end = corners[:, k], corners[:, (k + 1) % 3]
        side = end - start
        length = np.maximum(np.einsum("nc,nc->n", side, side), 1e-30)
        t = np.clip(np.einsum("nc,nc->n", point - start, side) / length, 0, 1)
        distance = np.linalg.norm(point - start - t[:, None] * side, axis=1)
        better = distance < best
        best[better] = distance[better]
        edge_weights[better] = 0
        edge_weights[better, k], edge_weights[better, (k + 1) % 3] = 1 - t[better], t[better]
    weights[outside] = edge_weights
    return weights
