"""What comes to light where a class is taken away."""

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.face_map.box import Box
from inference.face_map.labels import ByteArray, Label, beneath


def nearest_class(
    labels: ByteArray,  # [S, S]
    sources: NDArray[np.bool_],  # [S, S] pixels whose class may spread
) -> ByteArray:
    """The class of the nearest source for every pixel [S, S]; background without any source."""
    if not sources.any():
        return np.full_like(labels, Label.BACKGROUND)
    _, owner = cv2.distanceTransformWithLabels(
        (~sources).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    classes = np.empty(int(owner.max()) + 1, np.uint8)
    classes[owner[sources]] = labels[sources]
    filled: ByteArray = classes[owner]
    return filled


class Uncovered:
    """The map as it would be with any one class taken away, found when it is asked for.

    Where the parsed map knows another class, that one comes back; elsewhere the nearest class
    that can lie beneath spreads.

    Args:
        labels: [S, S] the map; it must not change while this lives.
        parsed: [S, S] what was parsed from the photograph.
        taken: [S, S] pixels that are taken away and so cannot spread; none by default.
    """

    def __init__(
        self, labels: ByteArray, parsed: ByteArray, taken: NDArray[np.bool_] | None = None
    ) -> None:
        self._labels, self._parsed, self._taken = labels, parsed, taken
        self._filled: dict[frozenset[Label], ByteArray | None] = {}

    def under(self, box: Box) -> ByteArray:
        """What lies beneath each pixel of a box [h, w]."""
        labels, parsed = self._labels[box.slices], self._parsed[box.slices]
        result = parsed.copy()
        own = labels == parsed
        for label in np.unique(labels[own]):
            place = own & (labels == label)
            result[place] = self._without(int(label))[box.slices][place]
        return result

    def _without(self, label: int) -> ByteArray:
        if label == Label.BACKGROUND:  # nothing lies beneath it
            return self._labels
        kinds = beneath(label)  # the same for most features, so they share one search
        if kinds not in self._filled:
            allowed = np.zeros(256, bool)
            allowed[list(kinds)] = True
            sources = allowed[self._labels]
            if self._taken is not None:
                sources &= ~self._taken
            self._filled[kinds] = nearest_class(self._labels, sources) if sources.any() else None
        filled = self._filled[kinds]
        return nearest_class(self._labels, self._labels != label) if filled is None else filled


def without(
    labels: ByteArray,  # [S, S]
    parsed: ByteArray,  # [S, S]
    label: int,
) -> ByteArray:
    """A copy of a map in which what lies beneath a class has taken its place."""
    if not (labels == label).any():
        return labels.copy()
    everything = Box(0, 0, labels.shape[1], labels.shape[0])
    return np.where(labels == label, Uncovered(labels, parsed).under(everything), labels)
