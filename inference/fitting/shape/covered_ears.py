"""Ears under hair lie down, so that hair closes over them.

The template's ears stand out. Hair that hangs over them would be drawn on them, and their tips
would be taken for the outline of the hair and pulled out to it.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, diags
from scipy.sparse.linalg import splu

from inference.fitting.evidence.kinds import EAR_LABELS
from inference.fitting.evidence.regions import Regions, widened
from inference.fitting.evidence.trust import seen_at
from inference.fitting.shape.ear_places import TURNED_AWAY
from inference.fitting.shape.surface import turn_along
from inference.head.gaussians import Gaussians
from inference.head.template import HeadTemplate
from inference.rendering.camera import Camera, orbit_angles

COVERED = (0.35, 0.2)
"""Share of an ear's place that must show hair, at least, by itself and where the other ear is
covered: ears stand out of thin hair, and a face map may overlook one (our choice)."""

AROUND = 0.03
"""Metres around an ear's place within which no ear may be seen (our choice)."""

PEEPING = 0.05
"""Share of that place near which one may be seen all the same (our choice)."""


def covered_ears(
    gaussians: Gaussians, template: HeadTemplate, camera: Camera, regions: Regions
) -> NDArray[np.bool_]:
    """[N] which anchors are of ears under hair; an ear that is turned away is as the other.

    Args:
        gaussians: the head at the photograph's camera.
        template: labels.
        camera: of the photograph.
        regions: where it shows hair and ears; without them no ear is covered.
    """
    nothing = np.zeros(len(gaussians), bool)
    if regions.hair is None or regions.ears is None:
        return nothing
    yaw, _ = orbit_angles(camera.position)
    around = widened(regions.ears, AROUND * camera.pixels_per_metre)
    hair, ears = seen_at(gaussians, camera, regions.hair), seen_at(gaussians, camera, around)
    shares: dict[int, float] = {}
    for label in EAR_LABELS:
        own = template.labels == label
        side = np.sign(template.anchors[own, 0].mean())  # the person's left is +x
        if -yaw * side <= TURNED_AWAY:
            peeps = (ears[own] > 0.5).mean() > PEEPING
            shares[label] = 0.0 if peeps else float((hair[own] > 0.5).mean())
    alone, beside = COVERED
    if not shares or max(shares.values()) < alone:
        return nothing
    # What is turned away is as the other.
    covered = [label for label in EAR_LABELS if shares.get(label, 1.0) >= beside]
    return np.isin(template.labels, covered)


def lay_ears_down(
    gaussians: Gaussians,
    covered: NDArray[np.bool_],  # [N]
    template: HeadTemplate,
) -> Gaussians:
    """Stretch covered ears flat between what surrounds them: a discrete harmonic surface."""
    if not covered.any():
        return gaussians
    at = np.flatnonzero(covered)
    near = template.neighbours[at]
    ends = np.repeat(at, near.shape[1]), near.reshape(-1)
    one_way = coo_matrix((np.ones(near.size), ends), (len(covered), len(covered))).tocsr()
    links = one_way.maximum(one_way.T).tocsr()[at]
    degree = np.asarray(links.sum(1)).ravel()
    around = np.where(covered[:, None], 0, gaussians.means).astype(np.float64)
    means = gaussians.means.copy()
    means[at] = splu((diags(degree) - links[:, at]).tocsc()).solve(links @ around)
    laid = replace(gaussians, means=means)
    flat = covered.astype(np.float32)
    outward = template.normals.copy()
    outward[at] = np.sign(template.anchors[at, :1]) * np.array([[1.0, 0.0, 0.0]], np.float32)
    return turn_along(laid, gaussians.means, covered, flat, template.neighbours, outward)
