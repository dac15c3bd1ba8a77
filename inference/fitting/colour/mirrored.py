"""The half of a face that nobody photographed, from the half that was.

Cloning in the gradient domain (Pérez et al. 2003): the mirrored half with its wrinkles and spots,
plus a smooth offset that meets what was seen of this half, so that no seam is left.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags
from scipy.sparse.linalg import splu

from inference.fitting.colour.fine_detail import broad_course
from inference.fitting.evidence.kinds import NECK
from inference.head.gaussians import GAUSSIANS_PER_PATCH, FloatArray
from inference.head.template import HeadTemplate
from inference.progress import CancelToken

FOLLOW = 0.3
"""Weight of what both halves show in a patch, against 1 for a neighbour (our choice)."""

PULL = 0.02
"""Weight of no offset in a patch: far from what is seen, the mirrored light is as good a guess
(our choice)."""

LEAST_KNOWN = 100.0
"""With fewer Gaussians seen on both sides than this, nothing tells the offset (our choice)."""

BETTER = (0.05, 0.3)
"""Differences of the cosines from which the other half is seen better, and much (our choice)."""

DOUBT = 0.95
"""Share of its say about the light that a place loses in full doubt (our choice)."""

UNLIKE = 0.08
"""RGB distance from the mirror image at which half of the doubt counts (our choice)."""

UNLIKE_STEPS = 4
"""Averaging steps over which it is measured (our choice)."""

SEAM_STEPS = 24
"""Averaging steps over which what was seen goes over into its mirror image (our choice)."""

OFFSET_STEPS = 12
"""Averaging steps that take the patches' borders out of the offset (our choice)."""


def clone_mirrored(
    colours: FloatArray,  # [N, 3]
    known: FloatArray,  # [N] 0..1
    cosine: FloatArray,  # [N]
    members: NDArray[np.bool_],  # [N]
    template: HeadTemplate,
    edges: csr_matrix,  # [N, N]
    cancel: CancelToken,
) -> tuple[FloatArray, FloatArray]:
    """The skin's colours [N, 3], from the other side where only that is known.

    Args:
        colours: of the fit.
        known: how far each was seen clearly, and as skin.
        cosine: of the angle at which each was seen. Where the other half was seen from a better
            angle, and what was seen of this half contradicts it, that is backlight or hair.
        members: the skin.
        template: which anchors mirror each other.
        edges: neighbours that may be evened out with each other.
        cancel: checked on the way.

    Returns:
        The colours, and how far each is now known, [N] 0..1.
    """
    members = members & members[template.mirror]
    at = np.flatnonzero(members)
    place = np.zeros(len(colours), np.intp)
    place[at] = np.arange(len(at))
    other = place[template.mirror[at]]
    own, seen = colours[at], known[at]
    both = seen * seen[other]
    if both.sum() < LEAST_KNOWN:
        return colours, known
    inside = edges[at][:, at]
    patches = at // GAUSSIANS_PER_PATCH
    ones = np.ones(len(at), np.float32)
    low, high = BETTER
    turned = cosine[at][other] - cosine[at]
    doubt = seen[other] * np.clip((turned - low) / (high - low), 0, 1)
    doubt[template.labels[at] == NECK] = 0  # a collar and a tie are no mirror images
    # What is doubted hardly tells the offset by which it is judged.
    offset = _offset(own - own[other], both * (1 - DOUBT * doubt), patches, inside, cancel)
    excess = (own - own[other] - offset).astype(np.float32)
    unlike = np.linalg.norm(broad_course(excess, ones, inside, cancel, UNLIKE_STEPS), axis=1)
    seen = seen * (1 - doubt * unlike**4 / (unlike**4 + UNLIKE**4))
    offset = _offset(own - own[other], seen * seen[other], patches, inside, cancel)
    cloned = own[other] + offset
    smooth = broad_course(seen[:, None], ones, inside, cancel, SEAM_STEPS)[:, 0]
    stay = np.clip(np.minimum(seen, 2 * smooth - 1), 0, 1)
    # Where both halves are seen alike, each stays as it is.
    better = np.clip(2 * (smooth[other] - smooth) - 0.5, 0, 1)
    there = seen[other] * better * (1 - stay)
    result, certain = colours.copy(), known.copy()
    result[at] = np.clip(own + there[:, None] * (cloned - own), 0, 1)
    certain[at] = np.maximum(seen, there)
    return result.astype(np.float32), certain.astype(np.float32)


def _offset(
    difference: FloatArray,  # [M, 3]
    trust: FloatArray,  # [M]
    patches: NDArray[np.integer],  # [M]
    edges: csr_matrix,  # [M, M]
    cancel: CancelToken,
) -> FloatArray:
    """A smooth field [M, 3] through trusted differences: a screened Poisson equation on patches."""
    count = len(difference)
    _, group = np.unique(patches, return_inverse=True)
    gather = csr_matrix((np.ones(count), (group, np.arange(count))))
    between = (gather @ edges @ gather.T / GAUSSIANS_PER_PATCH).tocsr()
    between = (between + between.T) / 2
    poisson = diags(np.asarray(between.sum(1)).ravel()) - between
    cancel.check()
    system = diags(FOLLOW * (gather @ trust) + PULL) + poisson
    off = FOLLOW * (gather @ (trust[:, None] * difference))
    field = splu(system.tocsc()).solve(np.asarray(off, np.float64))[group]
    ones = np.ones(count, np.float32)
    return broad_course(field.astype(np.float32), ones, edges, cancel, OFFSET_STEPS)
