"""Where a neck ends and cloth begins, by the face map where it can be seen, and by height."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import diags

from inference.fitting.evidence.neighbourhood import edges_within
from inference.head.gaussians import FloatArray
from inference.head.template import HeadTemplate

SIDE = 0.03
"""As far from the middle as this, metres, a neckline is a collar and no cleavage (our choice)."""

TILT = 0.4
"""Metres by which collars rise for every metre to the back (our choice)."""

HEIGHTS = np.linspace(-0.18, -0.03, 61)
"""Where a collar may lie, metres above the origin at its depth (our choice)."""

SOFT = 0.03
"""Metres over which it is unsure on which side of the collar a place lies (our choice)."""

LEAST_SEEN = 50.0
"""With less of the neck's sides seen than this, Gaussians, nothing tells the collar's height."""

STEPS = 40
"""Averaging steps by which what is seen spreads (our choice)."""


def bare_neck(
    template: HeadTemplate,
    neck: NDArray[np.bool_],  # [N]
    prior: FloatArray,  # [N] 0..1
    cloth: FloatArray,  # [N] 0..1
    seen: FloatArray,  # [N] 0..1
) -> FloatArray:
    """How surely each Gaussian of the neck is bare, [N] 0..1, 0 elsewhere.

    Args:
        template: anchors, mirror and neighbours.
        neck: neck and shoulders.
        prior: how likely they are bare by the network, for want of a collar's height.
        cloth: chance that the photograph shows cloth where each lies.
        seen: how far each looks at the camera. What is not seen is like the other side, or else
            as its height against the collar says.
    """
    at = np.flatnonzero(neck)
    other = np.zeros(len(neck), np.intp)
    other[at] = np.arange(len(at))
    other = other[template.mirror[at]]
    own, weight = 1 - cloth[at], seen[at]
    there = np.maximum(weight[other] - weight, 0)
    known = weight + there
    shown = (weight * own + there * own[other]) / np.maximum(known, 1e-6)
    x, y, z = template.anchors[at].T
    height = y + TILT * z
    side = known * (np.abs(x) > SIDE)
    guess = prior[at]
    if side.sum() > LEAST_SEEN:
        above = height > HEIGHTS[:, None]
        collar = HEIGHTS[(np.abs(above - shown) @ side).argmin()]
        guess = np.clip((height - collar) / SOFT + 0.5, 0, 1).astype(np.float32)
    value = guess + known * (shown - guess)
    edges = edges_within(template.neighbours, neck)[at][:, at]
    degree = np.maximum(np.asarray(edges.sum(1)).ravel(), 1)
    mean = (diags(1 / degree) @ edges).tocsr().astype(np.float32)
    start = value.copy()
    for _ in range(STEPS):
        value = 0.5 * value + 0.5 * (mean @ value)
        value += known * (start - value)
    result = np.zeros(len(neck), np.float32)
    result[at] = value
    return result
