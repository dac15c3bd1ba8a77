"""The exact anchors of a head as splats: flat discs that close the surface they lie on.

A target says where an anchor is, not how large its Gaussian is. Here each becomes a disc in its
surface's plane (a surfel, as in 2D Gaussian Splatting, Huang et al. 2024), as wide as its
neighbours on the same thing are far away, so that no one sees through between them.

The rule takes nothing but places, normals, directions of hair and kinds, and its widths are
shares of the local spacing. Places and shapes of these splats are what the embedded model is
taught before it sees its own pictures: heads of round splats at the exact places look 3 dB worse.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from inference.head.gaussians import Gaussians
from training.anchors.data import HeadTargets
from training.anchors.log_shape import log_shape

Single = NDArray[np.float32]
Float = NDArray[np.float64]
Int = NDArray[np.int64]


@dataclass(frozen=True)
class SplatRule:
    """Sizes and opacities; our choice, found by drawing held-out heads.

    Attributes:
        neighbours: nearest anchors of the same kind that a disc is fitted to.
        turn: metres that count as the distance between opposite normals, halved: the two sides
            of a brim do not widen each other.
        width: standard deviation of a disc over that of its neighbours' places, by kind.
        narrowest, widest: limits of a disc's standard deviations over the spacing (the mean
            distance of the nearest three).
        thickness: standard deviation along the normal over that in the plane, by kind.
        largest: metres, by kind; thin things have small discs wherever their neighbours are.
        opacity: by kind.
        inset: metres by kind that a disc lies below its surface: many overlapping discs, each
            widened by a pixel's filter, let a head look larger than it is.
        hair_along, hair_across: standard deviations of a lock over those of its neighbours'
            places along and across the hairs.
        longest: metres, of a lock along its hairs.
    """

    neighbours: int = 8
    turn: float = 0.003
    width: tuple[float, ...] = (0.8, 0.6, 0.8, 1.0, 0.8, 0.65)
    narrowest: float = 0.35
    widest: float = 1.2
    thickness: tuple[float, ...] = (0.1, 0.1, 0.1, 0.1, 0.1, 0.4)
    largest: tuple[float, ...] = (0.006, 0.006, 0.006, 0.003, 0.006, 0.0010)
    opacity: tuple[float, ...] = (0.9, 0.85, 0.9, 0.98, 0.9, 0.98)
    inset: tuple[float, ...] = (0.0012, 0.0005, 0.0012, 0.001, 0.001, 0.0)
    hair_along: float = 1.4
    hair_across: float = 0.5
    longest: float = 0.02


def splats_of_targets(targets: HeadTargets, rule: SplatRule | None = None) -> Gaussians:
    """The exact anchors of a head as discs that touch their neighbours of the same kind.

    Args:
        targets: without normals, the plane is that of an anchor's neighbours.
        rule: sizes and opacities, None for the default ones.
    """
    rule = rule or SplatRule()
    points = targets.positions.astype(np.float64)
    normals = None
    if targets.normals is not None:
        normals = targets.normals.astype(np.float64)
        normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9)
    offsets = points[_neighbours(points, normals, targets.kind, rule)] - points[:, None]
    axes, deviation = _planes(offsets, normals)
    distance = np.sort(np.linalg.norm(offsets, axis=2), axis=1)
    spacing = distance[:, 1:4].mean(1, keepdims=True)
    width = deviation * np.take(rule.width, targets.kind)[:, None]
    wide = np.clip(width, rule.narrowest * spacing, rule.widest * spacing)
    wide = np.clip(wide, 1e-5, np.take(rule.largest, targets.kind)[:, None])
    thin = wide.min(1, keepdims=True) * np.take(rule.thickness, targets.kind)[:, None]
    if normals is not None and targets.directions is not None:
        _comb(axes, wide, thin, offsets, targets, rule)
    turned = Rotation.from_matrix(axes).as_quat()
    return Gaussians(
        _inset(targets, rule),
        np.roll(turned, 1, axis=1).astype(np.float32),  # scipy has the real part last
        np.maximum(np.concatenate([thin, wide], axis=1), 1e-5).astype(np.float32),
        np.take(rule.opacity, targets.kind).astype(np.float32),
        np.multiply(targets.colours, 1 / 255, dtype=np.float32),
    )


def with_shapes(targets: HeadTargets, rule: SplatRule | None = None) -> HeadTargets:
    """The targets of a model that shall predict these splats: their places and shapes.

    What only the rule needs is dropped.
    """
    splats = splats_of_targets(targets, rule)
    shapes = log_shape(torch.from_numpy(splats.quaternions), torch.from_numpy(splats.scales))
    return HeadTargets(
        splats.means.astype(np.float16),
        targets.colours,
        targets.kind,
        shapes=shapes.numpy().astype(np.float16),
    )


def with_places(targets: HeadTargets, rule: SplatRule | None = None) -> HeadTargets:
    """As with_shapes, without the shapes, which take longer."""
    places = _inset(targets, rule or SplatRule()).astype(np.float16)
    return HeadTargets(places, targets.colours, targets.kind)


def _inset(targets: HeadTargets, rule: SplatRule) -> Single:
    """Where splats lie [N, 3] metres: a little below what they stand for, if that is known."""
    points = targets.positions.astype(np.float32)
    if targets.normals is None:
        return points
    normals = targets.normals.astype(np.float32) / 127
    below = np.take(np.array(rule.inset, np.float32), targets.kind)
    return np.asarray(points - normals * below[:, None], np.float32)


def _comb(
    axes: Float,  # [N, 3, 3], columns, the normal first; changed
    wide: Float,  # [N, 2] metres; changed
    thin: Float,  # [N, 1] metres; changed
    offsets: Float,  # [N, K, 3] metres
    targets: HeadTargets,
    rule: SplatRule,
) -> None:
    """Turn discs of hair along their hairs, where they are longer than across."""
    assert targets.directions is not None
    hairs = np.flatnonzero(np.abs(targets.directions).max(1) > 0)
    if len(hairs) == 0:
        return
    along = targets.directions[hairs].astype(np.float64)
    normal = axes[hairs, :, 0]
    along -= (along * normal).sum(1, keepdims=True) * normal
    length = np.linalg.norm(along, axis=1)
    hairs, along, normal = (x[length > 20] for x in (hairs, along, normal))
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    across = np.cross(normal, along)
    axes[hairs] = np.stack([normal, along, across], axis=2)
    for column, (axis, share, most) in enumerate(
        ((along, rule.hair_along, rule.longest), (across, rule.hair_across, rule.largest[1]))
    ):
        place = np.einsum("nki,ni->nk", offsets[hairs], axis)
        wide[hairs, column] = np.clip(place.std(1) * share, 3e-4, most)
    thin[hairs, 0] = wide[hairs].min(1) * rule.thickness[1]


def _neighbours(
    points: Float, normals: Float | None, kinds: NDArray[np.uint8], rule: SplatRule
) -> Int:
    """Each anchor and its nearest of the same kind, [N, neighbours + 1]; itself where few are."""
    places = points if normals is None else np.concatenate([points, normals * rule.turn], axis=1)
    found = np.empty((len(points), rule.neighbours + 1), np.int64)
    for kind in np.unique(kinds):
        who = np.flatnonzero(kinds == kind)
        _, near = cKDTree(places[who]).query(places[who], rule.neighbours + 1)
        missing = near == len(who)
        found[who] = np.where(missing, who[:, None], who[np.where(missing, 0, near)])
    return found


def _planes(
    offsets: Float,  # [N, K, 3] metres
    normals: Float | None,  # [N, 3] unit
) -> tuple[Float, Float]:
    """Right-handed axes [N, 3, 3], the normal first, and the deviation [N, 2] along the others."""
    if normals is not None:
        along = np.einsum("nki,ni->nk", offsets, normals)
        offsets = offsets - along[..., None] * normals[:, None]
    offsets = offsets - offsets.mean(1, keepdims=True)
    covariance = np.einsum("nki,nkj->nij", offsets, offsets) / offsets.shape[1]
    if normals is not None:  # makes the normal the smallest axis, also where neighbours are a line
        covariance = covariance - np.einsum("ni,nj->nij", normals, normals)
    variance, axes = np.linalg.eigh(covariance)
    axes[np.linalg.det(axes) < 0, :, 0] *= -1
    return axes, np.sqrt(np.maximum(variance[:, 1:], 0))
