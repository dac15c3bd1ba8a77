"""The once-refined head mesh that is drawn, and the fields that tell the shader what is where."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from training.synthetic.labels import Surface as Material
from training.template.labels import Label
from training.template.subdivision import bilinear, catmull_clark

Float = NDArray[np.float64]
Int = NDArray[np.int64]


@dataclass(frozen=True)
class CoarseMesh:
    """The quads of the base mesh that are drawn (no lashes, no hidden eye sockets).

    Attributes:
        rest: [V, 3] the average head, metres, world frame.
        quads: [Q, 4] vertex indices.
        uvs: [T, 2] texture coordinates, v upwards.
        uv_quads: [Q, 4] indices into `uvs`.
        labels: [Q] FaRL class.
        parts: [Q] SKIN, EYE, TEETH, TONGUE or MOUTH_CAVITY.
    """

    rest: Float
    quads: Int
    uvs: Float
    uv_quads: Int
    labels: NDArray[np.uint8]
    parts: NDArray[np.uint8]


@dataclass(frozen=True)
class Surface:
    """What every drawn head shares.

    Attributes:
        operator: sparse [V1, V], refined = operator @ vertices.
        quads: [Q1, 4] refined quads.
        gather: [G] refined vertex of each drawn vertex; a vertex is doubled where its
            texture coordinate, label or part changes.
        triangles: [T, 3] int32 indices of drawn vertices.
        uvs: [G, 2] float32.
        rest: [G, 3] float32 average-head position, for procedural textures.
        labels, parts: [G] float32, constant in each triangle.
        fields: [G, 3] float32: how much neck, how much nose, closeness to the lid's edge.
        cloth_triangles: [Tc, 3] int32, the region that a shell of cloth may cover.
        normal_operator: sparse [V1, Q1] that sums the normals of the quads round a vertex.
        body: [B] refined vertices of the outer skin without ears, lips and mouth.
        skin_quads: [S] quads of the outer skin on which hair may grow.
    """

    operator: sp.csr_matrix
    quads: Int
    gather: Int
    triangles: NDArray[np.int32]
    uvs: NDArray[np.float32]
    rest: NDArray[np.float32]
    labels: NDArray[np.float32]
    parts: NDArray[np.float32]
    fields: NDArray[np.float32]
    cloth_triangles: NDArray[np.int32]
    normal_operator: sp.csr_matrix
    body: Int
    skin_quads: Int

    def refine(self, vertices: Float) -> tuple[Float, Float]:
        """Refined positions [V1, 3] and unit normals [V1, 3] of base vertices [V, 3]."""
        points = self.operator @ vertices
        corner = points[self.quads]
        face = np.cross(corner[:, 2] - corner[:, 0], corner[:, 3] - corner[:, 1])
        normals = self.normal_operator @ face
        normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
        return points, normals


def _vertex_share(quads: Int, mask: NDArray[np.bool_], count: int) -> Float:
    """Share of the quads round each vertex that are in `mask` [Q], as [count] 0..1."""
    hit = np.bincount(quads[mask].ravel(), minlength=count)
    total = np.bincount(quads.ravel(), minlength=count)
    return hit / np.maximum(total, 1)


def _smooth(quads: Int, values: Float, rounds: int, amount: float) -> Float:
    count = len(values)
    ends = np.stack([quads, np.roll(quads, -1, 1)], -1).reshape(-1, 2)
    both = np.concatenate([ends, ends[:, ::-1]])
    adjacency = sp.csr_matrix((np.ones(len(both)), (both[:, 0], both[:, 1])), (count, count))
    adjacency.data[:] = 1
    degree = np.maximum(np.asarray(adjacency.sum(1)).ravel(), 1)
    for _ in range(rounds):
        values = (1 - amount) * values + amount * (adjacency @ values) / degree
    return values


def build_surface(mesh: CoarseMesh) -> Surface:
    """Refine once and precompute everything that does not depend on the person."""
    count = len(mesh.rest)
    fine = catmull_clark(mesh.quads, count)
    flat = bilinear(mesh.uv_quads, len(mesh.uvs))
    quads = fine.quads
    labels, parts = np.repeat(mesh.labels, 4), np.repeat(mesh.parts, 4)
    rest = fine.operator @ mesh.rest
    refined_count = len(rest)
    uvs = flat.operator @ mesh.uvs

    key = np.stack(
        [
            quads.ravel(),
            flat.quads.ravel(),
            np.repeat(labels, 4).astype(np.int64),
            np.repeat(parts, 4).astype(np.int64),
        ],
        1,
    )
    unique, inverse = np.unique(key, axis=0, return_inverse=True)
    corner = inverse.reshape(-1, 4)
    triangles = corner[:, [0, 1, 2, 0, 2, 3]].reshape(-1, 3).astype(np.int32)

    skin = parts == Material.SKIN
    neck = _smooth(quads, _vertex_share(quads, labels == Label.NECK, refined_count), 6, 0.5)
    nose = _smooth(quads, _vertex_share(quads, labels == Label.NOSE, refined_count), 3, 0.5)
    eye = np.unique(quads[parts == Material.EYE])
    skin_vertices = np.unique(quads[skin])
    lid = np.zeros(refined_count)
    distance = cKDTree(rest[eye]).query(rest[skin_vertices])[0]
    lid[skin_vertices] = np.exp(-((distance / 0.0022) ** 2))
    fields = np.stack([neck, nose, lid], 1)[unique[:, 0]]

    cloth = skin & (labels == Label.NECK) & (rest[quads][:, :, 1].mean(1) < -0.06)
    smooth_skin = skin & np.isin(labels, [Label.FACE, Label.NECK])
    return Surface(
        operator=fine.operator,
        quads=quads,
        gather=unique[:, 0],
        triangles=triangles,
        uvs=uvs[unique[:, 1]].astype(np.float32),
        rest=rest[unique[:, 0]].astype(np.float32),
        labels=unique[:, 2].astype(np.float32),
        parts=unique[:, 3].astype(np.float32),
        fields=fields.astype(np.float32),
        cloth_triangles=triangles.reshape(-1, 2, 3)[cloth].reshape(-1, 3),
        normal_operator=sp.csr_matrix(
            (np.ones(quads.size), (quads.ravel(), np.repeat(np.arange(len(quads)), 4))),
            (refined_count, len(quads)),
        ),
        body=np.unique(quads[smooth_skin]),
        skin_quads=np.flatnonzero(smooth_skin),
    )
