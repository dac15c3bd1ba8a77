"""What a brush leaves behind: a class, what lies beneath, what was parsed, or a smoother border."""

from typing import Protocol

import cv2
import numpy as np

from inference.face_map.box import Box
from inference.face_map.document import SIZE, FaceMapDocument
from inference.face_map.labels import MIRRORED, ByteArray
from inference.face_map.regions import box_of
from inference.face_map.uncovering import Uncovered


class Ink(Protocol):
    """Gives the classes that a brush paints."""

    def at(self, box: Box) -> ByteArray | int:
        """The classes of a box [h, w], or one for all of it."""

    def mirrored(self) -> "Ink":
        """The ink for the other half of the face."""


class LabelInk:
    """One class."""

    def __init__(self, label: int) -> None:
        self._label = label

    def at(self, box: Box) -> int:
        return self._label

    def mirrored(self) -> "LabelInk":
        return LabelInk(int(MIRRORED[self._label]))


class EraserInk:
    """What lies beneath the map as it was when the stroke began."""

    def __init__(self, document: FaceMapDocument) -> None:
        self._uncovered = Uncovered(document.before, document.parsed)

    def at(self, box: Box) -> ByteArray:
        return self._uncovered.under(box)

    def mirrored(self) -> "EraserInk":
        return self


class RestoreInk:
    """The parsed map."""

    def __init__(self, document: FaceMapDocument) -> None:
        self._parsed = document.parsed

    def at(self, box: Box) -> ByteArray:
        return self._parsed[box.slices]

    def mirrored(self) -> "RestoreInk":
        return self


class SmoothInk:
    """Each pixel takes the class that prevails around it.

    Args:
        document: its map as it was before the stroke, so that resting on a place does not wear
            it away; another stroke smooths more.
        sigma: of the Gaussian neighbourhood, pixels.
    """

    def __init__(self, document: FaceMapDocument, sigma: float) -> None:
        self._before, self._sigma = document.before, sigma

    def at(self, box: Box) -> ByteArray:
        around = box.grown(int(np.ceil(3 * self._sigma))).within(SIZE)
        smooth = prevailing(self._before[around.slices], self._sigma)
        top, left = box.top - around.top, box.left - around.left
        return smooth[top : top + box.bottom - box.top, left : left + box.right - box.left]

    def mirrored(self) -> "SmoothInk":
        return self


def prevailing(labels: ByteArray, sigma: float) -> ByteArray:
    """The class [H, W] with the largest share of the neighbourhood of each of labels [H, W].

    The neighbourhood is two box blurs one after the other, near to a Gaussian of sigma pixels and
    much quicker. At a tie a pixel stays what it is.
    """
    present = np.unique(labels)
    result = labels.copy()
    if len(present) < 2:
        return result
    # Two boxes of n pixels have the variance (n^2 - 1) / 6.
    edge = 2 * round((np.sqrt(6 * sigma**2 + 1) - 1) / 2) + 1
    size = max(labels.shape)
    best = np.zeros(labels.shape, np.uint16)
    for label in present:
        own = labels == label
        around = box_of(own)
        if around is None:
            continue
        reach = Box(*around).grown(edge).within(size)  # beyond it the class has no share
        own = own[reach.slices]
        share = cv2.blur(own.view(np.uint8) * np.uint8(254), (edge, edge))
        share = cv2.blur(share, (edge, edge)).astype(np.uint16) + own
        better = share > best[reach.slices]
        np.copyto(best[reach.slices], share, where=better)
        np.copyto(result[reach.slices], label, where=better)
    return result
