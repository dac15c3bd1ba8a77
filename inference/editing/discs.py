"""Splats for anchors whose places changed: discs in the surface that touch their neighbours.

The rule of the training targets (surfels, Huang et al. 2024, https://arxiv.org/abs/2403.17888),
on the template's fixed neighbourhood, so that it takes a fraction of a second.
"""

import numpy as np
from numpy.typing import NDArray

from inference.editing.kinds import LENS
from inference.head.gaussians import FloatArray
from inference.head.rotations import quaternions_of

_WIDTH = np.array([0.85, 0.75, 0.9, 0.9, 1.0, 1.0, 1.0, 1.0], np.float32)
_LARGEST = np.array([0.005, 0.0065, 0.008, 0.006, 1.0, 0.0035, 1.0, 1.0], np.float32)
_OPACITY = np.array([0.92, 0.88, 0.92, 0.92, 0.98, 0.98, 0.98, 0.98], np.float32)
"""Standard deviation over that of the neighbours' places, limit in metres and opacity, of skin,
hair, cloth, hat, frames, dark glass, earrings and necklaces (our choice)."""

_BEAD = np.array([0, 0, 0, 0, 0.0009, 0, 0.0008, 0.0011], np.float32)
"""Standard deviation in metres of what is made of anchors from all around, whose neighbours say
nothing (inference.editing.spread); 0 for all else."""

_NARROWEST, _WIDEST, _THICKNESS = 0.4, 1.25, 0.12


def discs(
    means: FloatArray,  # [N, 3] metres
    kinds: NDArray[np.int64],  # [N] of inference.editing.kinds
    neighbours: NDArray[np.int32],  # [N, 8]
    wanted: NDArray[np.bool_] | None = None,  # [N]
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Quaternions [n, 4] wxyz, scales [n, 3] metres and opacities [n] of the anchors wanted."""
    everywhere = kinds
    if wanted is not None:
        neighbours, kinds = neighbours[wanted], kinds[wanted]
    offsets = means[neighbours] - (means if wanted is None else means[wanted])[:, None]
    same = (everywhere[neighbours] == kinds[:, None]).astype(np.float32)
    distance = np.linalg.norm(offsets, axis=2) + (1 - same) * 1e3
    nearest = np.sort(distance, axis=1)[:, :3]
    lonely = nearest[:, 0] > 1.0
    spacing = np.where(nearest < 1.0, nearest, np.nan)
    with np.errstate(all="ignore"):
        spacing = np.where(lonely, 0.0015, np.nanmean(np.where(lonely[:, None], 1, spacing), 1))
    # Neighbours that went elsewhere altogether do not widen a disc.
    same *= distance < 4 * spacing[:, None]
    count = np.maximum(same.sum(1), 1)[:, None]
    centred = (offsets - (offsets * same[..., None]).sum(1)[:, None] / count[..., None]) * (
        same[..., None]
    )
    covariance = np.einsum("nki,nkj->nij", centred, centred) / count[..., None]
    covariance += np.eye(3, dtype=np.float32) * 1e-10
    variance, axes = np.linalg.eigh(covariance)
    axes[np.linalg.det(axes) < 0, :, 0] *= -1
    wide = np.sqrt(np.maximum(variance[:, 1:], 0)) * _WIDTH[kinds][:, None]
    limit = spacing[:, None].astype(np.float32)
    wide = np.clip(wide, _NARROWEST * limit, _WIDEST * limit)
    wide = np.clip(wide, 2e-4, _LARGEST[kinds][:, None])
    # Anchors lie in rays around an eye: as long as those, discs would let light through a lens.
    wide = np.where((kinds == LENS)[:, None], wide.max(1, keepdims=True), wide)
    bead = _BEAD[kinds][:, None]
    wide = np.where(bead > 0, bead, wide)
    thin = np.where(bead > 0, bead, wide.min(1, keepdims=True) * _THICKNESS)
    return (
        quaternions_of(axes),
        np.maximum(np.concatenate([thin, wide], 1), 1e-5).astype(np.float32),
        _OPACITY[kinds],
    )
