"""The 4096 patches of the template: cut on the person's left half and mirrored to the right."""

import numpy as np
from numpy.typing import NDArray

from inference.head.gaussians import NUM_PATCHES
from training.template.density import covered_quads, quad_density
from training.template.hm08 import HeadMesh
from training.template.patches import SIDE, FloatArray, IntArray, Samples, cut_into_patches


def quad_areas(vertices: FloatArray, quads: IntArray) -> FloatArray:
    """Area of each quad, [Q], square metres."""
    a, b, c, d = (vertices[quads[:, k]] for k in range(4))
    areas: FloatArray = np.linalg.norm(np.cross(c - a, d - b), axis=1) / 2
    return areas


def _mirrored(mesh: HeadMesh, samples: Samples) -> Samples:
    """The same samples on the other side of x = 0."""
    partner = mesh.mirror_quads[samples.quads]
    images = mesh.mirror[mesh.quads[samples.quads]]  # [P, 16, 4] where each corner goes
    matches = mesh.quads[partner][..., None, :] == images[..., None]  # [P, 16, old, new]
    weights = np.einsum("pso,pson->psn", samples.corner_weights(), matches.astype(np.float64))
    uv = np.stack([weights[..., 1] + weights[..., 2], weights[..., 2] + weights[..., 3]], -1)
    return Samples(partner, uv)


def morton_order(points: FloatArray) -> IntArray:
    """Order of points [N, 3] along a Z-curve with 1024 steps over the longest side."""
    lowest = points.min(0)
    cells = ((points - lowest) / np.ptp(points, axis=0).max() * 1023).astype(np.int64)
    codes = np.zeros(len(points), np.int64)
    for bit in range(10):
        for axis in range(3):
            codes |= ((cells[:, axis] >> bit) & 1) << (3 * bit + axis)
    return np.argsort(codes, kind="stable")


def lay_out(mesh: HeadMesh, vertices: FloatArray) -> tuple[Samples, IntArray]:
    """Place the 65,536 anchors.

    Args:
        mesh: the head mesh.
        vertices: [V, 3] the template's shape, canonical frame, symmetric.

    Returns:
        Samples [4096, 16] with the patches in Morton order of their centres, and the mirror
        image of each patch, [4096]; sample s of a patch mirrors sample s of its image.
    """
    centres = vertices[mesh.quads].mean(1)
    rows = np.flatnonzero(covered_quads(mesh, vertices) & (centres[:, 0] > 0))
    weights = (quad_areas(vertices, mesh.quads) * quad_density(mesh, vertices))[rows]
    kinds = (mesh.parts.astype(np.int64) * 32 + mesh.labels)[rows]
    cut = cut_into_patches(mesh.quads[rows], vertices, weights, kinds, NUM_PATCHES // 2)
    left = Samples(rows[cut.quads], cut.uv)
    right = _mirrored(mesh, left)
    both = Samples(np.concatenate([left.quads, right.quads]), np.concatenate([left.uv, right.uv]))
    flat = np.einsum("psk,pskc->psc", both.corner_weights(), vertices[mesh.quads[both.quads]])
    order = morton_order(flat.mean(1).round(6))
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    half = NUM_PATCHES // 2
    partner = rank[(order + half) % NUM_PATCHES]
    return Samples(both.quads[order], both.uv[order]), partner


def anchor_mirror(patch_mirror: IntArray) -> NDArray[np.int32]:
    """Mirror image of each anchor, [N] int32, from that of each patch, [P]."""
    slots = SIDE * SIDE
    return (patch_mirror[:, None] * slots + np.arange(slots)).ravel().astype(np.int32)
