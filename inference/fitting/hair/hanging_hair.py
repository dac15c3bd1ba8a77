"""Hair that hangs before cheeks, neck and shoulders is hair.

Long hair reaches far beyond the scalp: networks put the template's skin and cloth on what hides
it. Taken for skin or cloth there, it would be matched, turned, closed and coloured as such.
"""

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.fitting.evidence.kinds import EAR_LABELS, HAIR_LABELS
from inference.fitting.evidence.neighbourhood import evened
from inference.fitting.evidence.regions import Regions
from inference.fitting.solvers.blending import Blending
from inference.head.gaussians import FloatArray
from inference.head.template import HeadTemplate
from inference.rendering.camera import Camera

COVERED = 0.5
"""Drawn so far to what hides it, an anchor lies on that rather than on the skin (our choice)."""

PARTLY = 0.1
"""Drawn so far, an anchor is under hair where the photograph shows hair (our choice)."""

NEAR = 0.02
"""Hair this near to hair of the photograph may be moved there, metres (our choice)."""

SEEN = 0.5
"""Pixels at 512 through which a Gaussian must be seen to tell anything (our choice)."""

SURE = 0.7
"""Chance of hair from which on the photograph shows hair (our choice)."""

LONG = 2500
"""More anchors than this hang from hair that reaches below the ears; a bob has 5,000 (our
choice)."""

STEPS = 8
"""Averaging steps of what the photograph tells (our choice)."""


def hanging_hair(
    blending: Blending,
    covered: FloatArray,  # [N] 0..1
    template: HeadTemplate,
    camera: Camera,
    regions: Regions,
    matte: FloatArray,  # [S, S]
) -> NDArray[np.bool_]:
    """[N] which anchors of skin and cloth lie on hair.

    What the photograph does not show is as the other side, as what lies around it, or as the
    network says, as far as that is right about what is shown. Ears are left to covered_ears.

    Args:
        blending: of the head at the photograph's camera.
        covered: how far the network drew each anchor to what hides it.
        template: labels, mirror and neighbours.
        camera: of the photograph, at the size of its maps.
        regions: where it shows hair; without that nothing hangs.
        matte: foreground, 0..1.
    """
    skin = ~np.isin(template.labels, (*HAIR_LABELS, *EAR_LABELS))
    lifted = skin & (covered > COVERED)
    if regions.hair is None or not (covered[skin] > PARTLY).any():
        return np.zeros(len(covered), bool)
    possible = _may_be_hair(regions.hair, matte, camera)
    seen = blending.seen(np.ones_like(possible))
    known = (seen * (512 / camera.width) ** 2 > SEEN).astype(np.float32)
    share = known * blending.seen(possible) / np.maximum(seen, 1e-6)
    shown = known * blending.seen(regions.hair * matte) / np.maximum(seen, 1e-6)
    right = (share[lifted].sum() + 1) / (known[lifted].sum() + 1)
    there = known[template.mirror] > known
    told = np.stack([share, known], 1)
    told = np.where(there[:, None], told[template.mirror], told).astype(np.float32)
    hair, known = evened(told, template.neighbours, STEPS).T
    partly = skin & (covered > PARTLY) & (shown > SURE)
    return np.asarray(partly | lifted & (hair + right * (1 - known) > 0.5))


def hangs_long(hanging: NDArray[np.bool_]) -> bool:
    """Whether hair reaches well below the ears."""
    return int(hanging.sum()) > LONG


def as_worn(template: HeadTemplate, hanging: NDArray[np.bool_]) -> HeadTemplate:
    """The template with hair for the anchors [N] that lie on hair."""
    if not hanging.any():
        return template
    return replace(template, labels=np.where(hanging, np.uint8(HAIR_LABELS[0]), template.labels))


def _may_be_hair(hair: FloatArray, matte: FloatArray, camera: Camera) -> FloatArray:
    """[S, S] 1 near the photograph's hair, and beside the person: outlines will be moved there."""
    none = ((hair * matte) < 0.4).astype(np.uint8)
    apart = cv2.distanceTransform(none, cv2.DIST_L2, 3)
    near = apart < NEAR * camera.pixels_per_metre
    return (near | (matte < 0.5)).astype(np.float32)
