"""What the photograph sees badly or not at all: calm ears, no stretched detail, real hair."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from inference.fitting.ears import calm_ears
from inference.fitting.fine_detail import broad_course, fade_detail
from inference.fitting.kinds import EAR_LABELS, FACE, HAIR_LABELS, Kinds
from inference.fitting.neighbourhood import edges_within
from inference.fitting.unseen_texture import TextureConfig, borrow_texture
from inference.head.gaussians import FloatArray
from inference.head.template import HeadTemplate
from inference.progress import CancelToken

HAIR_TONE = 0.8
"""How far unseen hair is brought to the tone of the seen hair (our choice)."""

TONE_LIMITS = (0.5, 2.0)
"""Least and most that its colours are multiplied with."""

BESIDE = 0.05
"""Hair as near as this to the middle of an ear is beside it, metres (our choice)."""

HUE = 0.25
"""Share of the differences in hue that strands are lent (our choice)."""

SHARE_STEPS = 10
"""Steps over which strands fade towards what is no hair."""

TONE_STEPS = 60
"""Steps along the graph over which that fades in."""


def complete(
    colours: FloatArray,  # [N, 3]
    network: FloatArray,  # [N, 3]
    clear: FloatArray,  # [N] 0..1
    sure: FloatArray,  # [N] 0..1
    kinds: Kinds,
    template: HeadTemplate,
    cancel: CancelToken,
) -> FloatArray:
    """The fit's colours [N, 3], made plausible where the photograph does not tell.

    What was seen clearly stays as it is.

    Args:
        colours: of the fit.
        network: the network's own.
        clear: how far the photograph's detail is true.
        sure: how far each Gaussian was seen at all.
        kinds: what the anchors are made of.
        template: anchors, normals, mirror and neighbours.
        cancel: checked throughout.
    """
    clear = (clear * sure_enough(sure)).astype(np.float32)
    colours, under_hair = calm_ears(colours, network, clear, sure, kinds, template, cancel)
    hair = np.isin(kinds.labels, HAIR_LABELS)
    ears = np.isin(kinds.template, EAR_LABELS)
    edges = edges_within(template.neighbours, kinds.labels)
    keep = clear.copy()
    keep[~(hair | (kinds.labels == FACE))] = 1
    keep[ears] = 1
    belongs = kinds.shown(colours, sure)
    shown = belongs * hair
    belongs[~hair] = 1
    beside = hair & near_ears(template)
    keep[beside] *= belongs[beside]
    at = np.flatnonzero((hair | (kinds.labels == FACE)) & ~ears)
    faded, broad = colours.copy(), colours.copy()
    faded[at], broad[at] = fade_detail(
        colours[at], keep[at], sure[at], belongs[at], kinds.labels[at], edges[at][:, at], cancel
    )
    known = clear * shown
    tone = hair_tone(broad, known, sure, hair, edges, cancel)
    config = TextureConfig()
    detail = strand_detail(colours - broad, colours, known)
    borrowed = borrow_texture(
        detail,
        known,
        template.anchors,
        template.normals,
        template.mirror,
        config,
        cancel,
    )
    lack = np.sqrt(np.clip(1 - clear**2, 0, 1)) * (1 - 0.5 * sure)
    lack *= np.maximum(hair_share(shown, hair, edges, cancel), under_hair)
    result = faded * tone + lack[:, None] * borrowed
    return np.clip(result, 0, 1).astype(np.float32)


def near_ears(template: HeadTemplate) -> NDArray[np.bool_]:
    """[N] whether a Gaussian lies beside an ear, which the photograph may show in its place."""
    result = np.zeros(len(template.anchors), bool)
    for label in EAR_LABELS:
        middle = template.anchors[template.labels == label].mean(0)
        result |= np.linalg.norm(template.anchors - middle, axis=1) < BESIDE
    return result


def sure_enough(sure: FloatArray) -> FloatArray:
    """0..1 of how far a Gaussian was seen, generous."""
    return np.clip(sure / 0.3, 0, 1).astype(np.float32)


def hair_tone(
    broad: FloatArray,  # [N, 3]
    known: FloatArray,  # [N]
    sure: FloatArray,  # [N]
    hair: NDArray[np.bool_],  # [N]
    edges: csr_matrix,  # [N, N]
    cancel: CancelToken,
) -> FloatArray:
    """Factors [N, 3] that bring unseen hair to the tone of the seen hair; 1 elsewhere."""
    factors = np.ones_like(broad)
    unseen = hair & (known < 0.1)
    seen = hair & (known > 0.5)
    if seen.sum() < 100 or unseen.sum() < 100:
        return factors
    ratio = np.median(broad[seen], axis=0) / np.maximum(np.median(broad[unseen], axis=0), 0.02)
    ratio = np.clip(ratio, *TONE_LIMITS) ** HAIR_TONE
    at = hair.nonzero()[0]
    inside = edges[at][:, at]
    ones = np.ones(len(at), np.float32)
    around = broad_course(known[at, None], ones, inside, cancel, TONE_STEPS)
    strength = 1 - np.clip(2 * around, 0, 1)
    strength = np.minimum(strength, np.clip(1 - 3 * sure[at, None], 0, 1))
    factors[at] = 1 + strength * (ratio - 1)
    return factors


def strand_detail(
    detail: FloatArray,  # [N, 3]
    colours: FloatArray,  # [N, 3]
    known: FloatArray,  # [N]
) -> FloatArray:
    """Detail [N, 3] of strands, which differ in brightness more than in hue."""
    if known.sum() < 1:
        return detail
    tone = known @ colours / known.sum()
    tone = tone / max(float(tone.mean()), 1e-3)
    brightness = detail.mean(1, keepdims=True) * tone
    return (HUE * detail + (1 - HUE) * brightness).astype(np.float32)


def hair_share(
    shown: FloatArray,  # [N]
    hair: NDArray[np.bool_],  # [N]
    edges: csr_matrix,  # [N, N]
    cancel: CancelToken,
) -> FloatArray:
    """0..1, how far a Gaussian is to look like hair, [N]."""
    ones = np.ones(len(shown), np.float32)
    return (
        broad_course(shown[:, None].astype(np.float32), ones, edges, cancel, SHARE_STEPS)[:, 0]
        * hair
    )
