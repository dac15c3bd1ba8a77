"""How far a head's Gaussians are from the exact anchors of a synthetic head."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.head.gaussians import Gaussians
from training.anchors.data import HAIR, SKIN, HeadTargets
from training.anchors.metrics import FACE_LABELS


@dataclass(frozen=True)
class AnchorErrors:
    """Means over the anchors of one head; None where it has no such anchors.

    Attributes:
        face_mm: distance of face anchors to their true places.
        hair_mm: the same where the head has hair.
        face_colour: mean absolute RGB error 0..1 on the face.
        hair_colour: the same where the head has hair.
        colour: the same over all anchors.
    """

    face_mm: float | None
    hair_mm: float | None
    face_colour: float | None
    hair_colour: float | None
    colour: float | None


def anchor_errors(
    head: Gaussians,
    targets: HeadTargets,
    labels: NDArray[np.uint8],  # [N] of the template
) -> AnchorErrors:
    """Compare a head with what it should be, anchor by anchor."""
    distance = 1e3 * np.linalg.norm(head.means - targets.positions.astype(np.float32), axis=1)
    colour = np.abs(head.colours - targets.colours.astype(np.float32) / 255).mean(1)
    face = np.isin(labels, FACE_LABELS) & (targets.kind == SKIN)
    hair = targets.kind == HAIR
    return AnchorErrors(
        face_mm=_mean(distance, face),
        hair_mm=_mean(distance, hair),
        face_colour=_mean(colour, face),
        hair_colour=_mean(colour, hair),
        colour=float(colour.mean()),
    )


def _mean(values: NDArray[np.float32], mask: NDArray[np.bool_]) -> float | None:
    return float(values[mask].mean()) if mask.any() else None
