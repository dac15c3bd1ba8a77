"""Regions that no face has: crumbs of glasses, necklaces as broad as ties, hair on a shoulder.

The limits leave every true region of 160 synthetic heads alone.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.face_map.labels import ByteArray, Label
from inference.face_map.regions import box_of

LEAST_GLASSES = 0.003
"""Share of the crop that glasses have at least, whole (true ones: 0.0045)."""

WIDEST = {Label.NECKLACE: 14.0, Label.EARRING: 14.0}
"""Half the width of a thin thing at its widest, pixels of 512 (true ones: 8 and 5; what the network
finds of them is a little wider)."""

LENGTH = 6.0
"""How long a piece of a necklace is at least, over half its width; buttons and badges are not."""

_HEAD = (Label.RIGHT_EAR, Label.LEFT_EAR, Label.HAIR, Label.HAT, Label.GLASSES)
TOUCHES = {
    Label.HAIR: (*_HEAD, Label.FACE),
    Label.HAT: (*_HEAD, Label.FACE, Label.NECK),
    Label.NECK: (*_HEAD, Label.FACE, Label.NECKLACE),
    Label.FACE: (*_HEAD, Label.NOSE, Label.UPPER_LIP, Label.LOWER_LIP),
    Label.BACKGROUND: (*_HEAD, Label.FACE, Label.NECK),
    Label.EARRING: (*_HEAD, Label.FACE, Label.NECK),
}
"""What every piece but the largest (of those in EVERY each) lies beside, if only across a strand:
no hair on a shoulder, no hole in a coat."""

EVERY = {Label.EARRING, Label.HAT}

LARGEST_HOLE = 0.01
"""Share of the crop; a larger piece of background is what an arm or a shoulder cuts off."""

_GAP, _EARRING_GAP = 2, 28
"""Pixels of 512 between what lies beside each other; a true earring hangs up to 27 away."""


def implausible(labels: ByteArray) -> NDArray[np.bool_]:
    """Where the class of a map [S, S] cannot be what it says, [S, S]."""
    scale = labels.shape[0] / 512
    wrong = np.zeros(labels.shape, bool)
    glasses = labels == Label.GLASSES
    if glasses.mean() < LEAST_GLASSES:
        wrong |= glasses
    for label, widest in WIDEST.items():
        for piece in _pieces(labels == label):
            deep = cv2.distanceTransform(np.pad(piece, 1).astype(np.uint8), cv2.DIST_L2, 5)
            half = float(deep.max())
            badge = label == Label.NECKLACE and _length(piece) < LENGTH * half
            if half > widest * scale or badge:
                wrong |= piece
    for label, beside in TOUCHES.items():
        gap = _EARRING_GAP if label == Label.EARRING else _GAP
        reach = 2 * max(1, round(gap * scale)) + 1
        kernel = np.ones((reach, reach), np.uint8)
        others = np.isin(labels, [other for other in beside if other != label])
        pieces = sorted(_pieces(labels == label), key=np.count_nonzero)
        for piece in pieces if label in EVERY else pieces[:-1]:
            if label == Label.BACKGROUND and piece.mean() > LARGEST_HOLE:
                continue
            around = cv2.dilate(piece.astype(np.uint8), kernel) > 0
            if not (around & others).any():
                wrong |= piece
    return wrong


def _length(piece: NDArray[np.bool_]) -> float:
    """The diagonal of a piece's upright box, pixels."""
    left, top, right, bottom = box_of(piece) or (0, 0, 0, 0)
    return float(np.hypot(right - left, bottom - top))


def _pieces(mask: NDArray[np.bool_]) -> list[NDArray[np.bool_]]:
    """The connected parts of a mask [S, S]."""
    count, pieces = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
    return [pieces == number for number in range(1, count)]
