"""Samples on the level-2 Catmull-Clark surface as a sparse matrix over the mesh's vertices."""

from functools import cached_property

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from training.template.hm08 import HeadMesh
from training.template.labels import Part
from training.template.patches import FloatArray, IntArray, Samples
from training.template.subdivision import catmull_clark

_LEVELS = 2
_CELLS = 2**_LEVELS


def _lattice() -> tuple[IntArray, IntArray]:
    """Where the (cells + 1)^2 lattice points of a quad are among its refined quads.

    Returns:
        child [5, 5] and corner [5, 5]: point (row v, column u) is that corner of that child.
    """
    squares = [np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float64)]
    for _ in range(_LEVELS):
        finer = []
        for q in squares:
            middles = [(q[k] + q[(k + 1) % 4]) / 2 for k in range(4)]
            finer += [np.array([q[k], middles[k], q.mean(0), middles[k - 1]]) for k in range(4)]
        squares = finer
    child = np.zeros((_CELLS + 1, _CELLS + 1), np.int64)
    corner = np.zeros_like(child)
    for number, square in enumerate(squares):
        for k, (x, y) in enumerate((square * _CELLS).round().astype(int)):
            child[y, x], corner[y, x] = number, k
    return child, corner


class Surface:
    """The refined surface of a head mesh, made once for all samples and shapes."""

    def __init__(self, mesh: HeadMesh) -> None:
        self.mesh = mesh
        refined = catmull_clark(mesh.quads, len(mesh.vertices), _LEVELS)
        child, corner = _lattice()
        per_quad = refined.quads.reshape(len(mesh.quads), _CELLS**2, 4)
        self._lattice_vertices = per_quad[:, child, corner]  # [Q, 5, 5]
        self._refined_quads = refined.quads
        self._operator = self._round_eyeballs(refined.operator)

    def _round_eyeballs(self, operator: sp.csr_matrix) -> sp.csr_matrix:
        """Undo what refinement shrinks: an eyeball keeps the radius of its control points.

        Each refined point p of an eyeball becomes centre + s (p - centre), which is linear too.
        """
        mesh = self.mesh
        for side in range(2):
            control = mesh.eye_vertices[:, side]
            owned = np.isin(mesh.quads, control).all(1)
            points = np.unique(self._lattice_vertices[owned])
            centre = mesh.vertices[control].mean(0)
            radius = np.linalg.norm(mesh.vertices[control] - centre, axis=1).mean()
            refined = operator[points] @ mesh.vertices
            scale = radius / np.linalg.norm(refined - centre, axis=1).mean()
            mean_row = sp.csr_matrix(
                (np.full(len(control), 1 / len(control)), (np.zeros(len(control), int), control)),
                (1, operator.shape[1]),
            )
            change = sp.csr_matrix(
                (np.full(len(points), scale - 1), (points, points)), (operator.shape[0],) * 2
            )
            picked = sp.csr_matrix(
                (np.full(len(points), 1 - scale), (points, np.zeros(len(points), int))),
                (operator.shape[0], 1),
            )
            operator = (operator + change @ operator + picked @ mean_row).tocsr()
        return operator

    def sampling(self, samples: Samples) -> sp.csr_matrix:
        """Sparse [P * 16, V]: positions of samples = matrix @ vertices; rows sum to 1."""
        return (self._cells(samples) @ self._operator).tocsr()

    def _cells(self, samples: Samples) -> sp.csr_matrix:
        """Sparse [P * 16, refined vertices]: bilinear inside the refined cell of each sample."""
        quads, uv = samples.quads.ravel(), samples.uv.reshape(-1, 2) * _CELLS
        low = np.clip(uv.astype(int), 0, _CELLS - 1)
        fu, fv = (uv - low).T
        columns, values = [], []
        for dv, du in ((0, 0), (0, 1), (1, 0), (1, 1)):
            columns.append(self._lattice_vertices[quads, low[:, 1] + dv, low[:, 0] + du])
            values.append((fu if du else 1 - fu) * (fv if dv else 1 - fv))
        rows = np.tile(np.arange(len(quads)), 4)
        return sp.csr_matrix(
            (np.concatenate(values), (rows, np.concatenate(columns))),
            (len(quads), self._operator.shape[0]),
        )

    def normals(self, samples: Samples, vertices: FloatArray) -> FloatArray:
        """Unit outward normals [P * 16, 3] of samples for the shape `vertices` [V, 3]."""
        points = self._operator @ vertices
        corners = points[self._refined_quads]
        faces = np.cross(corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1])
        summed = np.zeros_like(points)
        for k in range(4):
            np.add.at(summed, self._refined_quads[:, k], faces)
        length = np.linalg.norm(summed, axis=1, keepdims=True)
        normals = self._cells(samples) @ (summed / np.maximum(length, 1e-20))
        normals /= np.linalg.norm(normals, axis=1, keepdims=True)
        normals[self._inward(samples)] *= -1
        unit: FloatArray = normals
        return unit

    @cached_property
    def _flipped_parts(self) -> list[int]:
        """Parts whose quads turn the wrong way round (signed volume below zero)."""
        flipped = []
        for part in (Part.EYEBALL, Part.TEETH, Part.TONGUE):
            corners = self.mesh.vertices[self.mesh.quads[self.mesh.parts == part]]
            corners = corners - corners.mean((0, 1))
            normal = np.cross(corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1])
            if np.einsum("ij,ij->", normal, corners.mean(1)) < 0:
                flipped.append(int(part))
        return flipped

    def _inward(self, samples: Samples) -> NDArray[np.bool_]:
        inward: NDArray[np.bool_] = np.isin(
            self.mesh.parts[samples.quads.ravel()], self._flipped_parts
        )
        return inward
