"""Regions that no face has: crumbs of glasses, necklaces as broad as ties, hair on a shoulder.

The limits leave every true region of 160 synthetic heads alone.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.face_map.labels import ByteArray, Label

LEAST_GLASSES = 0.003
"""Share of the crop that glasses have at least, whole (true ones: 0.0045)."""

WIDEST = {Label.NECKLACE: 9.0, Label.EARRING: 14.0}
"""Half the width of a thin thing at its widest, pixels of 512 (true ones: 8 and 5)."""

ON_THE_HEAD = {Label.HAIR, Label.HAT, Label.NECK, Label.FACE}
"""Their pieces touch the largest piece of the head, if only across a strand."""

_HEAD = (*(Label.FACE, Label.NECK, Label.RIGHT_EAR, Label.LEFT_EAR), Label.GLASSES, Label.HAT)
_GAP = 2  # pixels of 512 on each side


def implausible(labels: ByteArray) -> NDArray[np.bool_]:
    """Where the class of a map [S, S] cannot be what it says, [S, S]."""
    scale = labels.shape[0] / 512
    wrong = np.zeros(labels.shape, bool)
    glasses = labels == Label.GLASSES
    if glasses.mean() < LEAST_GLASSES:
        wrong |= glasses
    for label, radius in WIDEST.items():
        for piece in _pieces(labels == label):
            deep = cv2.distanceTransform(np.pad(piece, 1).astype(np.uint8), cv2.DIST_L2, 5)
            if deep.max() > radius * scale:
                wrong |= piece
    reach = 2 * max(1, round(_GAP * scale)) + 1
    kernel = np.ones((reach, reach), np.uint8)
    for label in ON_THE_HEAD:
        pieces = sorted(_pieces(labels == label), key=lambda piece: int(piece.sum()))
        others = np.isin(labels, [other for other in _HEAD if other != label])
        for piece in pieces[:-1]:
            around = cv2.dilate(piece.astype(np.uint8), kernel) > 0
            if not (around & others).any():
                wrong |= piece
    return wrong


def _pieces(mask: NDArray[np.bool_]) -> list[NDArray[np.bool_]]:
    """The connected parts of a mask [S, S]."""
    count, pieces = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
    return [pieces == number for number in range(1, count)]
