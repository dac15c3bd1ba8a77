"""One calm tone for hair that nobody photographed, continued from the hair that was."""

import numpy as np
from scipy.sparse import csr_matrix, diags
from scipy.sparse.linalg import splu

from inference.fitting.colour.fine_detail import broad_course
from inference.head.gaussians import GAUSSIANS_PER_PATCH, FloatArray
from inference.progress import CancelToken

PULL = 0.03
"""Weight of the seen hair's usual tone in a patch, against 1 for a neighbour (our choice)."""

SHADING = (0.8, 1.1)
"""Least and most that the network's shading multiplies that tone with (our choice)."""

SHADOW = 0.3
"""Hair darker than is usual by this share of it is in shadow and lends half as much tone
(our choice)."""

USUAL = (0.35, 0.95)
"""Shares of the seen hair by brightness between which it counts as usual (our choice)."""

LEAST_KNOWN = 50.0
"""With less hair seen clearly than this, Gaussians, its colours tell nothing (our choice)."""

STEPS = 40
"""Averaging steps that take the patches' borders out of the tone (our choice)."""


def hair_tone(
    colours: FloatArray,  # [H, 3]
    network: FloatArray,  # [H, 3]
    known: FloatArray,  # [H] 0..1
    edges: csr_matrix,  # [H, H]
    cancel: CancelToken,
) -> FloatArray:
    """A smooth tone [H, 3] that meets the seen hair and nears its usual tone far from it.

    A screened Poisson equation on groups of Gaussians. Deep shadow, which belongs to the
    place where it was seen, is hardly followed.

    Args:
        colours: broad course of the fit's colours, of the hair's Gaussians in order.
        network: the network's own, whose shading the tone keeps in part.
        known: how far each was seen clearly, and as hair.
        edges: neighbours within the hair.
        cancel: checked on the way.
    """
    if known.sum() < LEAST_KNOWN:
        return colours
    bright = colours.mean(1)
    darkest, brightest = (_weighted_quantile(bright, known, share) for share in USUAL)
    among = known * ((bright >= darkest) & (bright <= brightest))
    usual = (among @ colours / among.sum()).astype(np.float32)
    brightness = network.mean(1)
    middle = max(float(np.median(brightness)), 1e-3)
    base = usual * np.clip(np.sqrt(brightness / middle), *SHADING)[:, None]
    shadow = np.maximum(1 - bright / max(float(usual.mean()), 1e-3), 0)
    trust = known / (1 + (shadow / SHADOW) ** 4)
    count = len(colours)
    group = np.arange(count) // GAUSSIANS_PER_PATCH
    gather = csr_matrix((np.ones(count), (group, np.arange(count))))
    between = gather @ edges @ gather.T
    between = (between / GAUSSIANS_PER_PATCH).tocsr()
    poisson = diags(np.asarray(between.sum(1)).ravel()) - between
    cancel.check()
    system = diags(gather @ trust + PULL) + poisson
    off = gather @ (trust[:, None] * (colours - base))
    carried = splu(system.tocsc()).solve(np.asarray(off, np.float64))
    tone = base + carried[group].astype(np.float32)
    ones = np.ones(count, np.float32)
    return broad_course(tone.astype(np.float32), ones, edges, cancel, STEPS).astype(np.float32)


def _weighted_quantile(values: FloatArray, weight: FloatArray, share: float) -> float:
    """The value below which a share of the weight [N] lies."""
    order = np.argsort(values)
    total = np.cumsum(weight[order])
    return float(values[order][np.searchsorted(total, share * total[-1])])
