"""Takes specks out of a parsed map and gives each side of the face its own classes."""

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.face_map.labels import ByteArray, Label
from inference.head.gaussians import FloatArray
from inference.parsing.face_hints import OUTLINES, face_hints
from inference.parsing.plausible import implausible
from inference.portrait.types import FaceLandmarks

SIDES = (
    (Label.RIGHT_EYE, Label.LEFT_EYE),
    (Label.RIGHT_BROW, Label.LEFT_BROW),
    (Label.RIGHT_EAR, Label.LEFT_EAR),
)

SMALLEST = {
    **dict.fromkeys(Label, 4e-4),
    **dict.fromkeys((Label.EARRING, Label.NECKLACE, Label.GLASSES), 6e-5),
    **dict.fromkeys((Label.RIGHT_EYE, Label.LEFT_EYE, Label.INNER_MOUTH), 6e-5),
}
"""Share of the crop that a piece has at least, or it is a speck (our choice): 105 pixels of 512 x
512, and 16 for what is small or thin."""

SINGLE = frozenset({Label.NOSE, Label.INNER_MOUTH} | {label for pair in SIDES for label in pair})
"""Classes of which a face has one piece."""

SEEN_BROW = 0.25
"""Share of a brow's outline that the network finds at least, or the outline counts (our choice)."""

GONE = 1e-6
"""What is left of a score that is taken away."""

_ROUNDS = 3  # what a speck turns into may be a speck again


def tidied(
    scores: FloatArray,  # [19, S, S], sums 1
    landmarks: FaceLandmarks | None,
) -> FloatArray:
    """The scores [19, S, S] without specks, left and right in agreement with the landmarks."""
    scores = scores.copy()
    if landmarks is not None:
        _bring_back_brows(scores, landmarks)
    for pair in SIDES:
        _settle_sides(scores, pair, landmarks)
    for _ in range(_ROUNDS):
        wrong = implausible(scores.argmax(0).astype(np.uint8))
        scores[:, wrong] *= _unless_found(scores[:, wrong])
        if not _remove_specks(scores) and not wrong.any():
            break
    return scores / scores.sum(0)


def _bring_back_brows(scores: FloatArray, landmarks: FaceLandmarks) -> None:
    """Light brows that the network overlooked are drawn by the landmarks, where there is skin."""
    size = scores.shape[-1]
    hints = dict(zip(OUTLINES, face_hints(landmarks, size, size), strict=True))
    labels = scores.argmax(0)
    for brow in (Label.RIGHT_BROW, Label.LEFT_BROW):
        outline = hints[brow] > 127
        skin = outline & (labels == Label.FACE)
        if (outline & (labels == brow)).sum() >= SEEN_BROW * max(1, outline.sum()):
            continue
        scores[brow, skin] = np.maximum(scores[brow, skin], 1.1 * scores[Label.FACE, skin])


def _unless_found(
    scores: FloatArray,  # [19, N]
) -> FloatArray:
    """Factors [19, N] that take the likeliest class of each pixel away."""
    likeliest = np.arange(len(scores))[:, None] == scores.argmax(0)
    return np.where(likeliest, GONE, 1).astype(np.float32)


def _settle_sides(
    scores: FloatArray, pair: tuple[Label, Label], landmarks: FaceLandmarks | None
) -> None:
    """Each piece of a pair of classes becomes wholly one of the two."""
    right, left = pair
    labels = scores.argmax(0)
    count, pieces = cv2.connectedComponents(
        ((labels == right) | (labels == left)).astype(np.uint8), connectivity=8
    )
    for number in range(1, count):
        piece = pieces == number
        is_left = _side_of(piece, scores, pair, landmarks)
        keep, drop = (left, right) if is_left else (right, left)
        scores[keep, piece] += scores[drop, piece]
        scores[drop, piece] = 0


def _side_of(
    piece: NDArray[np.bool_],
    scores: FloatArray,
    pair: tuple[Label, Label],
    landmarks: FaceLandmarks | None,
) -> bool:
    """Whether a piece is the person's left: by the nearer outline, else by the network."""
    right, left = pair
    if landmarks is None or right not in OUTLINES:
        return bool(scores[left, piece].sum() > scores[right, piece].sum())
    rows, columns = np.nonzero(piece)
    centre = np.array([columns.mean(), rows.mean()])
    away = [
        float(np.hypot(*(landmarks.points[list(OUTLINES[label])].mean(0) - centre)))
        for label in pair
    ]
    return away[1] < away[0]


def _remove_specks(scores: FloatArray) -> bool:
    """Take the class of each speck away from it; returns whether there were any."""
    labels: ByteArray = scores.argmax(0).astype(np.uint8)
    area = labels.size
    found = False
    for label in np.unique(labels):
        count, pieces, statistics, _ = cv2.connectedComponentsWithStats(
            (labels == label).astype(np.uint8), connectivity=8
        )
        sizes = statistics[:, cv2.CC_STAT_AREA].astype(np.float64)
        sizes[0] = np.inf  # the rest of the map
        specks = sizes < SMALLEST[Label(label)] * area
        if label in SINGLE and count > 2:
            specks[1:] |= sizes[1:] < sizes[1:].max()
        if not specks.any():
            continue
        scores[label, specks[pieces]] *= GONE
        found = True
    return found
