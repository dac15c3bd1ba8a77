"""What the photograph sees badly or not at all: calm ears, no stretched detail, real hair."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from inference.fitting.colour.backlight import HAIR_LOOK, SKIN_LOOK, seen_slanted, without_backlight
from inference.fitting.colour.ears import calm_ears
from inference.fitting.colour.fine_detail import broad_course, fade_detail
from inference.fitting.colour.hair_tone import hair_tone
from inference.fitting.colour.mirrored import clone_mirrored
from inference.fitting.colour.strands import StrandConfig, strand_pattern
from inference.fitting.evidence.kinds import (
    CLOTH,
    EAR_LABELS,
    FACE,
    HAIR_LABELS,
    SKIN_LABELS,
    STRICT_LABELS,
    Kinds,
    distance_from,
)
from inference.fitting.evidence.neighbourhood import edges_within
from inference.fitting.evidence.trust import View
from inference.head.gaussians import FloatArray
from inference.head.template import HeadTemplate
from inference.progress import CancelToken

BESIDE = 0.05
"""Hair as near as this to the middle of an ear is beside it, metres (our choice)."""

CONTRAST = 0.4
"""Share of the seen hair's contrast that strands have; in full it looks restless there
(our choice)."""

CONTRAST_LIMITS = (0.03, 0.12)
"""Least and most contrast of strands, standard deviation against their tone (our choice)."""

SHARE_STEPS = 16
"""Steps over which hair beside an ear goes over into skin."""

RIM_STEPS = 12
"""Steps over which photographed hair goes over into strands, which hides the seam."""

BORDER_STEPS = 5
"""Steps over which the border of two kinds is softened where nobody saw it (our choice)."""

FEW_KNOWN = 100
"""With fewer Gaussians of hair seen clearly than this, strands have the least contrast."""

SEEN_CONTRAST = 0.7
"""Share of their contrast that strands lose where hair is seen, but not clearly (our choice)."""

UNLIKE_SKIN = 45.0
"""Squared Mahalanobis distance at which a colour at a slant counts half as skin (our choice)."""

SEEN_STEPS = 8
"""Averaging steps of hair that is seen, but not clearly."""


def complete(
    colours: FloatArray,  # [N, 3]
    network: FloatArray,  # [N, 3]
    clear: FloatArray,  # [N] 0..1
    sure: FloatArray,  # [N] 0..1
    view: View,
    kinds: Kinds,
    template: HeadTemplate,
    cancel: CancelToken,
) -> FloatArray:
    """The fit's colours [N, 3], made plausible where the photograph does not tell.

    What was seen clearly, and does not border on unseen hair, stays as it is.

    Args:
        colours: of the fit.
        network: the network's own.
        clear: how far the photograph's detail is true.
        sure: how far each Gaussian was seen at all.
        view: how each lies in the photograph.
        kinds: what the anchors are made of.
        template: anchors, normals, mirror and neighbours.
        cancel: checked throughout.
    """
    clear = (clear * sure_enough(sure)).astype(np.float32)
    colours, under_hair = calm_ears(colours, network, clear, sure, kinds, template, cancel)
    hair = np.isin(kinds.labels, HAIR_LABELS)
    ears = np.isin(kinds.template, EAR_LABELS)
    skin = (kinds.labels == FACE) & ~ears
    calm = hair | skin | (kinds.labels == CLOTH)
    plain = (clear > 0.6) & (sure > 0.5)
    slanted = seen_slanted(view)
    face = np.isin(kinds.template, SKIN_LABELS)  # a neck may be a collar
    colours = without_backlight(colours, face, face & plain, slanted, SKIN_LOOK)
    plain &= hair & (kinds.shown(colours, sure) > 0.5)
    colours = without_backlight(colours, hair, plain, slanted, HAIR_LOOK)
    edges = edges_within(template.neighbours, kinds.labels)
    belongs = kinds.shown(colours, sure)
    shown = belongs * hair
    belongs[~hair] = 1
    belongs[skin] = _skin_shown(colours, sure, slanted, kinds)[skin]
    halves = skin | np.isin(kinds.labels, STRICT_LABELS)
    within = edges_within(template.neighbours, halves)
    colours, known = clone_mirrored(
        colours, clear * belongs, view.cosine, halves, template, within, cancel
    )
    belongs[skin] = np.maximum(belongs, known)[skin]
    clear = np.where(halves, known, clear).astype(np.float32)
    keep = np.where(calm, clear, 1).astype(np.float32)
    cloth = kinds.labels == CLOTH  # its seams and folds suffer little from a slanted view
    keep[cloth] = np.maximum(clear, sure_enough(sure))[cloth]
    beside = hair & near_ears(template)
    keep[beside] *= belongs[beside]
    faded, broad = colours.copy(), colours.copy()
    at = np.flatnonzero(calm)
    faded[at], broad[at] = fade_detail(
        colours[at], keep[at], sure[at], belongs[at], kinds.labels[at], edges[at][:, at], cancel
    )
    result = faded
    # An ear under hair is hair.
    at = np.flatnonzero(hair | (under_hair > 0))
    locks = _hair(
        colours[at],
        broad[at],
        network[at],
        keep[at] * hair[at],
        sure[at] * hair[at],
        shown[at],
        template.anchors[at],
        edges_within(template.neighbours, hair | (under_hair > 0))[at][:, at],
        cancel,
    )
    amount = np.where(hair, 1, under_hair)
    amount[beside] = _hair_beside(shown, sure, hair, template, edges, cancel)[beside]
    result[at] += amount[at, None] * (locks - result[at])
    seen = np.maximum(keep, sure_enough(sure))
    return np.clip(_soften(result, seen, calm, kinds, template, cancel), 0, 1).astype(np.float32)


def _skin_shown(
    colours: FloatArray, sure: FloatArray, slanted: FloatArray, kinds: Kinds
) -> FloatArray:
    """0..1, how far what is seen at a slant of the face is skin, [N]; 1 what is seen well."""
    sample = np.isin(kinds.template, SKIN_LABELS) & (sure > 0.5)
    if sample.sum() < FEW_KNOWN:
        return np.ones(len(colours), np.float32)
    distance = distance_from(colours, colours[sample])
    alike = 1 / (1 + (distance / UNLIKE_SKIN) ** 4)
    if kinds.hair is not None:
        alike = np.minimum(alike, 1 - kinds.hair)
    return np.maximum(1 - slanted, alike).astype(np.float32)


def _hair_beside(
    shown: FloatArray,
    sure: FloatArray,
    hair: NDArray[np.bool_],
    template: HeadTemplate,
    edges: csr_matrix,
    cancel: CancelToken,
) -> FloatArray:
    """0..1, how far the template's hair is hair, [N]; the side that is not seen as the other."""
    seen_there = np.maximum(sure[template.mirror] - sure, 0)
    evidence = sure + seen_there
    amount = sure * shown + seen_there * shown[template.mirror] + 1 - np.clip(evidence, 0, 1)
    known = np.clip(amount, 0, 1)[:, None].astype(np.float32)
    ones = np.ones(len(hair), np.float32)
    return broad_course(known, ones, edges, cancel, SHARE_STEPS)[:, 0]


def _soften(
    colours: FloatArray,
    seen: FloatArray,
    calm: NDArray[np.bool_],
    kinds: Kinds,
    template: HeadTemplate,
    cancel: CancelToken,
) -> FloatArray:
    """Colours [N, 3] with the borders of hair, skin and cloth softened where nobody saw them."""
    at = np.flatnonzero(calm)
    edges = edges_within(template.neighbours, calm)[at][:, at]
    labels = kinds.labels[at]
    kind = np.stack([labels == FACE, labels == CLOTH], 1).astype(np.float32)
    values = np.concatenate([colours[at], kind, seen[at, None]], 1).astype(np.float32)
    ones = np.ones(len(at), np.float32)
    mean = broad_course(values, ones, edges, cancel, BORDER_STEPS)
    border = np.clip(2 * np.abs(mean[:, 3:5] - kind).max(1), 0, 1)
    amount = border * (1 - np.maximum(seen[at], mean[:, 5]))
    result = colours.copy()
    result[at] += amount[:, None] * (mean[:, :3] - result[at])
    return result


def _hair(
    colours: FloatArray,  # [H, 3]
    broad: FloatArray,  # [H, 3]
    network: FloatArray,  # [H, 3]
    keep: FloatArray,  # [H] 0..1
    sure: FloatArray,  # [H] 0..1
    shown: FloatArray,  # [H] 0..1
    anchors: FloatArray,  # [H, 3]
    edges: csr_matrix,  # [H, H]
    cancel: CancelToken,
) -> FloatArray:
    """Hair [H, 3]: its own where seen, its broad course at the rim, else strands on one tone."""
    ones = np.ones(len(colours), np.float32)
    known = keep * shown
    own = np.minimum(keep, broad_course(keep[:, None], ones, edges, cancel, RIM_STEPS)[:, 0])
    seen = (sure * shown)[:, None]
    near = broad_course(colours, known + np.float32(0.05), edges, cancel, SEEN_STEPS)
    tone = hair_tone(broad, network, known, edges, cancel)
    ground = tone + seen * (near - tone)
    strands = strand_contrast(colours, broad, known) * strand_pattern(anchors, StrandConfig())
    lack = np.sqrt(np.clip(1 - own**2, 0, 1))
    ground = ground * (1 + (lack * strands)[:, None] * (1 - SEEN_CONTRAST * seen))
    return (ground + own[:, None] * (colours - ground)).astype(np.float32)


def strand_contrast(colours: FloatArray, broad: FloatArray, known: FloatArray) -> float:
    """Standard deviation of the strands' brightness against their tone."""
    at = known > 0.6
    if at.sum() < FEW_KNOWN:
        return CONTRAST_LIMITS[0]
    relative = colours[at].mean(1) / np.maximum(broad[at].mean(1), 0.02) - 1
    return float(np.clip(CONTRAST * 1.4826 * np.median(np.abs(relative)), *CONTRAST_LIMITS))


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
