"""Ears: thin, seen edge-on, and half of them lies in front of the background or under hair."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from inference.fitting.colour.fine_detail import broad_course
from inference.fitting.evidence.kinds import EAR_LABELS, FACE, HAIR_LABELS, Kinds, distance_from
from inference.fitting.evidence.neighbourhood import edges_within
from inference.head.gaussians import FloatArray
from inference.head.template import HeadTemplate
from inference.progress import CancelToken

SKIN_DISTANCE = 6.0
"""Squared Mahalanobis distance within which an ear's colour is skin (our choice)."""

HIDDEN = (0.5, 0.3)
"""Shares of skin among what is seen of an ear: visible from the first, hidden at the second."""

OWN = 0.7
"""An ear's own colour counts this much against that of the skin of the face (our choice)."""

SHADING = (0.7, 1.2)
"""Least and most that the network's shading multiplies an ear's tone with (our choice)."""

SHARED = 0.8
"""Share of the broad course of what is seen of an ear that its colours keep (our choice)."""

SEEN = 20
"""With no more of an ear seen than this, Gaussians, it counts as not seen (our choice)."""

NEAR = 0.07
"""Hair as near as this to the middle of an ear may hide it, metres (our choice)."""


def calm_ears(
    colours: FloatArray,  # [N, 3]
    network: FloatArray,  # [N, 3]
    clear: FloatArray,  # [N] 0..1
    sure: FloatArray,  # [N] 0..1
    kinds: Kinds,
    template: HeadTemplate,
    cancel: CancelToken,
) -> tuple[FloatArray, FloatArray]:
    """Ears of one tone and the network's shading where they are not seen clearly.

    An ear that the photograph shows as hair lies under hair, and gets its colour altogether.

    Args:
        colours: of the fit.
        network: the network's own.
        clear: how far the photograph's detail is true.
        sure: how far each Gaussian was seen at all.
        kinds: what the anchors are made of.
        template: labels and neighbours.
        cancel: checked on the way.

    Returns:
        The colours [N, 3], and 0..1, how far each Gaussian is an ear under hair, [N].
    """
    under_hair = np.zeros(len(colours), np.float32)
    skin = (kinds.template == FACE) & (sure > 0.5)
    if skin.sum() < 50:
        return colours, under_hair
    hair_seen = clear > 0.3
    directly, plainly = sure > 0.3, np.clip((clear - 0.6) / 0.3, 0, 1)
    colours = _as_the_other(colours, directly, template)
    # What is not seen mirrors the other side by now.
    clear = np.maximum(clear, clear[template.mirror])
    sure = np.maximum(sure, sure[template.mirror])
    result = colours.copy()
    from_skin = distance_from(colours, colours[skin])
    hair = np.isin(kinds.labels, HAIR_LABELS) & hair_seen & (from_skin > SKIN_DISTANCE)
    like = from_skin < SKIN_DISTANCE
    whole = edges_within(template.neighbours, template.labels)
    for label in EAR_LABELS:
        cancel.check()
        ear = np.flatnonzero(template.labels == label)
        around = (kinds.labels == FACE) & (_apart(template.anchors, ear) < NEAR)
        tone = np.median(colours[around if around.sum() > 50 else skin], axis=0)
        hidden = 0.0
        near = hair & (_apart(template.anchors, ear) < NEAR)
        seen = directly[ear]
        if near.sum() > 50:
            own = colours[ear]
            from_hair = distance_from(own, colours[near])
            like[ear] &= from_skin[ear] < from_hair
            if seen.sum() > SEEN:
                share = float(like[ear][seen].mean())
                hidden = float(np.clip((HIDDEN[0] - share) / (HIDDEN[0] - HIDDEN[1]), 0, 1))
        good = like[ear] & (clear[ear] > 0.3)
        if good.sum() >= 30:
            tone = (1 - OWN) * tone + OWN * np.median(colours[ear][good], axis=0)
        brightness = network[ear].mean(1, keepdims=True)
        plain = tone * np.clip(brightness / max(float(brightness.mean()), 1e-3), *SHADING)
        if hidden > 0:
            plain = (1 - hidden) * plain + hidden * np.median(colours[near], axis=0)
        under_hair[ear] = hidden
        belongs = np.where(like[ear], 1, np.maximum(hidden, plainly[ear]))
        edges = whole[ear][:, ear]
        result[ear] = _settled(
            colours[ear], plain, clear[ear] * belongs, sure[ear] * belongs, edges, cancel
        )
    return np.clip(result, 0, 1).astype(np.float32), under_hair


def _as_the_other(
    colours: FloatArray,  # [N, 3]
    directly: NDArray[np.bool_],  # [N]
    template: HeadTemplate,
) -> FloatArray:
    """Colours [N, 3] with those of the ear that is seen on one that is not."""
    result = colours.copy()
    for label in EAR_LABELS:
        ear = np.flatnonzero(template.labels == label)
        other = template.mirror[ear]
        if directly[ear].sum() <= SEEN < directly[other].sum():
            result[ear] = colours[other]
    return result


def _settled(
    colours: FloatArray,
    plain: FloatArray,
    clear: FloatArray,
    sure: FloatArray,
    edges: csr_matrix,
    cancel: CancelToken,
) -> FloatArray:
    """One ear's colours: its own where clear, their broad course where seen, else plain."""
    ones = np.ones(len(plain), np.float32)
    both = np.stack([clear, sure], 1).astype(np.float32)
    smooth = broad_course(both, ones, edges, cancel, 6)
    clear = np.minimum(clear, smooth[:, 0])[:, None]
    reach = np.clip(2 * smooth[:, 1:], 0, 1)
    weight = (sure + clear[:, 0] + 0.02).astype(np.float32)
    shared = broad_course((colours - plain).astype(np.float32), weight, edges, cancel, 8)
    ground = plain + SHARED * reach * shared
    return (ground + clear * (colours - ground)).astype(np.float32)


def _apart(points: FloatArray, members: NDArray[np.intp]) -> FloatArray:
    """Distance of all points from the middle of some, [N] metres."""
    return np.linalg.norm(points - points[members].mean(0), axis=1).astype(np.float32)
