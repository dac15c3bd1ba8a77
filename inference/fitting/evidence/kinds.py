"""What each anchor is made of (skin, hair, cloth), and whether the photograph agrees.

The template's labels do not say it all: its neck is bare or dressed, its scalp ends where no
one's hair does. The network's colours and the photograph's tell, measured against the skin of
the face.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

from inference.fitting.evidence.neckline import bare_neck
from inference.fitting.evidence.neighbourhood import edges_within
from inference.head.gaussians import FloatArray
from inference.head.template import HeadTemplate

NECK, FACE, CLOTH = 1, 2, 3
SKIN_LABELS = (FACE, 10)
"""Face and nose, which a photograph of a face surely shows as skin."""

HAIR_LABELS = (14, 15)
"""Hair and hat. All numbers are of the FaRL celebm order."""

STRICT_LABELS = (FACE, 6, 7, 10)
"""Face, brows and nose: smooth skin that is seen from all sides and shows every smear."""

EAR_LABELS = (4, 5)
"""Ears; half as strict, for they stick out."""

MOUTH = 11
"""Teeth and tongue; what the photograph shows of them is all that anyone sees."""

SPREAD = 0.05
"""Added to the spread of the skin's colours, RGB (our choice)."""

SMOOTHING_STEPS = 30
"""How far a neckline is evened out, in steps along the graph (our choice)."""

COLLAR_HEIGHTS = (-0.15, -0.08)
"""Between these heights, metres, collars end (our choice)."""

ISLAND = 400
"""Pieces of neck with fewer anchors are no necklines (our choice)."""

NEAR_SKIN = 6.0
"""Squared Mahalanobis distance within which a neck counts as bare (our choice)."""


@dataclass(frozen=True)
class Kinds:
    """What the anchors are made of.

    Attributes:
        labels: [N] template labels, but the bare neck is FACE and the dressed one CLOTH, and a
            scalp without hair is FACE, too; ears under hair are hair.
        template: [N] the template's own labels.
        hair: [N] 0..1 chance that the photograph shows hair or a hat where each lies; None where
            nobody read its face map.
    """

    labels: NDArray[np.uint8]
    template: NDArray[np.uint8]
    hair: FloatArray | None = None

    @classmethod
    def of(
        cls,
        template: HeadTemplate,
        colours: FloatArray,  # [N, 3]
        hair: FloatArray | None = None,  # [N] 0..1
        cloth: FloatArray | None = None,  # [N] 0..1
        seen: FloatArray | None = None,  # [N] 0..1
        bald: NDArray[np.bool_] | None = None,  # [N]
        covered: NDArray[np.bool_] | None = None,  # [N]
    ) -> "Kinds":
        """Tell the bare neck from the dressed one, and a bald scalp from hair.

        Args:
            template: labels, mirror and neighbours.
            colours: the network's, which tell it together with the height, and
            cloth: chance that the photograph shows cloth where each lies, as far as it is
            seen: 0..1. Without these two only the network tells it.
            hair: see the attribute.
            bald: scalp without hair.
            covered: ears under hair.
        """
        labels = template.labels.copy()
        neck = labels == NECK
        skin = np.isin(labels, SKIN_LABELS)
        alike = distance_from(colours, colours[skin]) < NEAR_SKIN
        bare = alike.astype(np.float32)
        bare = ((bare + bare[template.mirror]) / 2).astype(np.float32)
        low, high = COLLAR_HEIGHTS
        height = (template.anchors[:, 1] - low) / (high - low)
        bare += np.clip(height, 0, 1).astype(np.float32) - np.float32(0.5)
        for _ in range(SMOOTHING_STEPS):
            around = bare[template.neighbours].mean(1, dtype=np.float32)
            bare = (0.5 * bare + 0.5 * around).astype(np.float32)
        if cloth is not None and seen is not None:
            bare = bare_neck(template, neck, np.clip(bare, 0, 1), cloth, seen)
        labels[neck] = np.where(bare[neck] > 0.5, FACE, CLOTH)
        _without_islands(labels, neck, template.neighbours)
        if bald is not None:
            labels[bald] = FACE
        if covered is not None:
            labels[covered] = HAIR_LABELS[0]
        return cls(labels, template.labels, hair)

    def shown(self, colours: FloatArray, sure: FloatArray) -> FloatArray:
        """0..1, how far the photograph shows each Gaussian as what it should be, [N].

        Hairlines and necklines differ: where the template has hair the photograph may have
        a forehead, whose colour must not run over the back of the head. Hair is told by the face
        map, or else by how unlike skin it is.

        Args:
            colours: [N, 3] as the photograph has them.
            sure: [N] 0..1, how far each was seen.
        """
        result = np.ones(len(self.labels), np.float32)
        skin = np.isin(self.template, SKIN_LABELS) & (sure > 0.5)
        if skin.sum() < 50:
            return result
        likeness = np.exp(-0.25 * distance_from(colours, colours[skin]))
        neck = self.template == NECK
        result[neck] = np.where(self.labels == FACE, likeness, 1 - likeness)[neck]
        hair = np.isin(self.labels, HAIR_LABELS)
        result[hair] = (1 - likeness if self.hair is None else self.hair)[hair]
        # A scalp that is nearly all skin is bald.
        share = float((sure * result)[hair].sum()) / max(float(sure[hair].sum()), 1e-6)
        bald = np.clip((0.25 - share) / 0.15, 0, 1)
        result[hair] = bald + (1 - bald) * result[hair]
        return result


def _without_islands(
    labels: NDArray[np.uint8], neck: NDArray[np.bool_], neighbours: NDArray[np.integer]
) -> None:
    """Give small islands of skin in cloth, or cloth in skin, to what surrounds them."""
    _, piece = connected_components(edges_within(neighbours, labels), directed=False)
    small = neck & (np.bincount(piece)[piece] < ISLAND)
    labels[small] = np.where(labels[small] == FACE, CLOTH, FACE)


def distance_from(colours: FloatArray, sample: FloatArray) -> FloatArray:
    """Squared Mahalanobis distance [N] of colours from the bulk of a sample [M, 3]."""
    middle = np.median(sample, axis=0)
    off = np.linalg.norm(sample - middle, axis=1)
    bulk = sample[off <= np.quantile(off, 0.75)] - middle  # without brows, beard and shine
    inverse = np.linalg.inv(bulk.T @ bulk / len(bulk) + SPREAD**2 * np.eye(3))
    offset = colours - middle
    return np.einsum("ni,ij,nj->n", offset, inverse, offset).astype(np.float32)


def skin_on(
    bald: NDArray[np.bool_],  # [N]
    colours: FloatArray,  # [N, 3]
    template: HeadTemplate,
) -> FloatArray:
    """Colours [N, 3] with the face's skin where a scalp is bald."""
    result = colours.copy()
    result[bald] = np.median(colours[template.labels == FACE], axis=0)
    return result
