"""Hair around the ears and at the nape is cut where the photograph shows none.

A network guesses how long hair is from few heads: short hair comes out as a cap that hides the
ears and hangs beside the neck. The face map says that there are ears, cheeks or nothing at all.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from inference.fitting.evidence.kinds import EAR_LABELS, FACE, HAIR_LABELS
from inference.fitting.evidence.neighbourhood import evened
from inference.fitting.evidence.regions import Regions, shrunk, widened
from inference.fitting.evidence.trust import smoothstep
from inference.fitting.shape.surface import turn_along
from inference.fitting.solvers.blending import blend
from inference.head.gaussians import FloatArray, Gaussians
from inference.head.template import HeadTemplate
from inference.progress import CancelToken
from inference.rendering.camera import Camera

SIZE = 256
"""Edge in pixels of the picture in which it is seen what hair hides (our choice)."""

SLACK = 0.006
"""Hair this near to hair of the photograph may stay, metres (our choice)."""

AROUND = 0.04
"""Hair this far from an ear, metres, and all below the ears, may be cut (our choice)."""

FADE = 0.025
"""Beyond that, metres over which ever less is cut: no step is left in the hair (our choice)."""

SEEN = 0.05
"""Pixels through which a Gaussian must be seen to tell anything (our choice)."""

STEPS = 8
"""Averaging steps of what is to be cut (our choice)."""

BALD = 0.85
"""Share of the hair in sight, at most, that may be none before all of it is (our choice)."""

NEAR_FACE = 0.03
"""Bare scalp this near to the face lies on it already, metres (our choice)."""

ENOUGH = 60.0
"""Hair anchors that must be seen below the ears to tell how long hair is behind (our choice)."""

TOO_LONG = 0.7
"""Share of them that must be where the photograph has no hair (our choice)."""

TAPER = 0.09
"""Metres over which hair becomes shorter that is not seen (our choice)."""

ROUNDS = 2
"""What lies below the hair that was cut comes to sight, and may be hair as well (our choice)."""

LEFT = 0.15
"""Share of its distance from the scalp that cut hair keeps (our choice)."""


def cut_hair(
    gaussians: Gaussians,
    template: HeadTemplate,
    camera: Camera,
    regions: Regions,
    matte: FloatArray,  # [S, S]
    cancel: CancelToken | None = None,
    *,
    long: bool = False,
) -> Gaussians:
    """Lay the hair down on the scalp where it is seen and the photograph shows none.

    The other side of the head and the nape, as far as they are not seen, are cut likewise.

    Args:
        gaussians: the head at the photograph's camera.
        template: anchors, labels, neighbours, mirror and normals.
        camera: of the photograph.
        regions: where it shows hair and free ears; the head is as it was where hair is not known.
        matte: foreground, 0..1.
        cancel: checked on the way.
        long: whether hair hangs below the ears: then it is cut around them alone.
    """
    if regions.hair is None:
        return gaussians
    small = camera.resized(SIZE, SIZE)
    bare = _not_dressed(regions.cloth)
    none = bare * _nothing_of_hair(regions.hair * matte, small)
    if regions.ears is not None:
        none = np.maximum(none, shrunk(regions.ears, SIZE) > 0.5)
    cut = gaussians
    flat = np.zeros(len(gaussians), np.float32)
    for _ in range(ROUNDS):
        share = _to_cut(cut, template, small, none, bare, long, cancel)
        lift = cut.means - template.anchors - _ground(cut, template)
        means = cut.means - (1 - LEFT) * share[:, None] * lift
        cut = replace(cut, means=means.astype(np.float32))
        flat = np.maximum(flat, share)
    if not flat.any():
        return gaussians
    around = (flat > 0) | (flat[template.neighbours] > 0).any(1)
    around &= np.isin(template.labels, HAIR_LABELS)
    return turn_along(cut, gaussians.means, around, flat, template.neighbours, template.normals)


def _nothing_of_hair(hair: FloatArray, small: Camera) -> NDArray[np.float32]:
    """[SIZE, SIZE] 1 where the photograph shows no hair far and wide."""
    near = widened(shrunk(hair, SIZE), SLACK * small.pixels_per_metre)
    return (near < 0.4).astype(np.float32)


def _not_dressed(cloth: FloatArray | None) -> NDArray[np.float32]:
    """[SIZE, SIZE] 1 where the photograph shows no cloth.

    Where it does, it tells nothing: of a hood or a scarf the head's hair is all there is to be
    coloured, and behind a collar hair ends as it does beside it.
    """
    if cloth is None:
        return np.ones((SIZE, SIZE), np.float32)
    return (shrunk(cloth, SIZE) < 0.5).astype(np.float32)


def _to_cut(
    gaussians: Gaussians,
    template: HeadTemplate,
    small: Camera,
    none: NDArray[np.float32],  # [SIZE, SIZE]
    bare: NDArray[np.float32],  # [SIZE, SIZE]
    long: bool,
    cancel: CancelToken | None,
) -> FloatArray:
    """[N] share of each Gaussian's distance from the scalp that is too much."""
    blending = blend(gaussians, small, cancel)
    seen, nothing = blending.seen(np.ones_like(none)), blending.seen(none)
    telling = blending.seen(np.maximum(bare, none))
    scalp = np.isin(template.labels, HAIR_LABELS)
    if nothing[scalp].sum() > BALD * seen[scalp].sum():
        return _far_from_face(template)
    region = _region(gaussians, template, long)
    known = ((region > 0) & (telling > SEEN)).astype(np.float32)
    wrong = (known * nothing / np.maximum(telling, 1e-6)).astype(np.float32)
    wrong = np.where(known > 0, wrong, wrong[template.mirror])
    known = np.maximum(known, known[template.mirror])
    told = np.stack([wrong, known], 1)
    told = evened(told, template.neighbours, STEPS, np.flatnonzero(region))
    share = smoothstep((2 * told[:, 0] / (told[:, 1] + 0.05) - 0.5).astype(np.float32))
    cut = region * share
    if not long:
        cut = np.maximum(cut, _behind(told, template))
    return np.where(cut > 0.01, cut, 0).astype(np.float32)


def _far_from_face(template: HeadTemplate) -> FloatArray:
    """[N] 1 for hair; beside the face, where it has been laid down on that already, 0."""
    scalp = np.isin(template.labels, HAIR_LABELS)
    face = template.anchors[template.labels == FACE]
    apart, _ = cKDTree(face).query(template.anchors)
    return np.where(scalp, smoothstep((apart - NEAR_FACE) / NEAR_FACE), 0).astype(np.float32)


def _behind(
    told: FloatArray,  # [N, 2] how far each is wrong, and how far that is known
    template: HeadTemplate,
) -> FloatArray:
    """[N] share of what nobody sees: where hair beside the neck is too long, the nape tapers off.

    Only there: napes of hair that ends above the neck are as the network has them.
    """
    height = template.anchors[:, 1]
    scalp = np.isin(template.labels, HAIR_LABELS)
    ears = height[np.isin(template.labels, EAR_LABELS)]
    wrong, known = told[scalp & (height < ears.min())].sum(0)
    if known < ENOUGH or wrong < TOO_LONG * known:
        return np.zeros(len(height), np.float32)
    hidden = scalp * np.clip(1 - 4 * told[:, 1], 0, 1)
    return np.asarray(hidden * smoothstep((ears.max() + FADE - height) / TAPER), np.float32)


def _region(gaussians: Gaussians, template: HeadTemplate, long: bool) -> FloatArray:
    """[N] 1 for hair around the ears, or below if it is not long, fading to 0 elsewhere."""
    low = template.anchors[np.isin(template.labels, EAR_LABELS), 1].mean()
    below = smoothstep(1 - (template.anchors[:, 1] - low) / FADE)
    near = np.zeros_like(below) if long else below
    for label in EAR_LABELS:
        ear = gaussians.means[template.labels == label].mean(0)
        apart = np.linalg.norm(gaussians.means - ear, axis=1)
        near = np.maximum(near, smoothstep(1 - (apart - AROUND) / FADE))
    return np.where(np.isin(template.labels, HAIR_LABELS), near, 0).astype(np.float32)


def _ground(gaussians: Gaussians, template: HeadTemplate) -> NDArray[np.float64]:
    """[3] how far the ears lie from the template's: the scalp beside them does likewise."""
    ear = np.isin(template.labels, EAR_LABELS)
    return np.asarray((gaussians.means - template.anchors)[ear].mean(0), np.float64)
