"""Takes specks out of a parsed map and gives each side of the face its own classes."""

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.face_map.labels import ByteArray, Label
from inference.face_map.uncovering import nearest_class
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

WITHIN_FACE = (
    *(Label.RIGHT_BROW, Label.LEFT_BROW, Label.RIGHT_EYE, Label.LEFT_EYE, Label.GLASSES),
    *(Label.NOSE, Label.INNER_MOUTH, Label.LOWER_LIP, Label.UPPER_LIP),
)
"""What nothing but a face has: hands are not, whatever a network sees in them."""

MARGIN = 0.15
"""How far beyond the landmarks these may lie, as a share of the face's size: the landmarks may be
a little off, and glasses reach to the ears (our choice)."""

NEARER = 0.5
"""How near the outline of the right side is at most, over that of the wrong one (our choice)."""

SEEN_BROW = 0.12
"""Share of a brow's outline that the network finds at least, or the outline counts; a true one
fills more in 9 of 10 training views, and thin ones must not be thickened."""

GLASSES_OVER_EYES = 5.0
"""How large glasses are at least, over the outlines of both eyes: true ones of 167 views of
synthetic heads are 7 times as large or more, narrowed eyes taken for glasses are 3 times."""

BARE = 0.9
"""Share of a brow's outline that is skin where a brow may have been overlooked (our choice)."""

BESIDE = 0.5
"""Share of a brow that lies in its outline at least, or the outlines are off (our choice)."""

_ROUNDS = 3  # what a speck turns into may be a speck again


def tidied(
    scores: FloatArray,  # [19, S, S], sums 1
    landmarks: FaceLandmarks | None,
) -> FloatArray:
    """The scores [19, S, S] without specks, left and right in agreement with the landmarks."""
    scores = scores.copy()
    if landmarks is not None:
        _keep_features_on_face(scores, landmarks)
        _take_off_small_glasses(scores, landmarks)
    for pair in SIDES:
        _settle_sides(scores, pair, landmarks)
    for _ in range(_ROUNDS):
        labels: ByteArray = scores.argmax(0).astype(np.uint8)
        wrong = implausible(labels) | _specks(labels)
        if not wrong.any() or wrong.all():
            break
        _give(scores, nearest_class(labels, ~wrong), wrong)
    if landmarks is not None:
        _bring_back_brows(scores, landmarks)  # now, since specks of brows are none
    return scores / scores.sum(0)


def _keep_features_on_face(scores: FloatArray, landmarks: FaceLandmarks) -> None:
    """No features away from the face whose map this is: something else is the likeliest there."""
    points = np.round(landmarks.points).astype(np.int32)
    margin = MARGIN * float(np.ptp(landmarks.points, axis=0).max())
    off = np.ones(scores.shape[1:], np.uint8)
    cv2.fillConvexPoly(off, cv2.convexHull(points), 0)
    if off.all():
        return
    away = cv2.distanceTransform(off, cv2.DIST_L2, 5) > margin
    for label in WITHIN_FACE:
        scores[label, away] *= 1e-3


def _take_off_small_glasses(scores: FloatArray, landmarks: FaceLandmarks) -> None:
    """What is no larger than eyes with their lids are eyes, where their outlines are, and skin."""
    size = scores.shape[-1]
    glasses = scores.argmax(0) == Label.GLASSES
    if not glasses.any():
        return
    hints = dict(zip(OUTLINES, face_hints(landmarks, size, size), strict=True))
    outlines = {eye: hints[eye] > 127 for eye in (Label.RIGHT_EYE, Label.LEFT_EYE)}
    area = sum(int(outline.sum()) for outline in outlines.values())
    if glasses.sum() >= GLASSES_OVER_EYES * area:
        return
    scores[Label.GLASSES] = 0
    labels = np.full(glasses.shape, Label.FACE, np.uint8)
    for eye, outline in outlines.items():
        labels[outline] = eye
    _give(scores, labels, glasses)


def _bring_back_brows(scores: FloatArray, landmarks: FaceLandmarks) -> None:
    """Light brows that the network overlooked are drawn by the landmarks on the bare skin.

    Where one is found beside its outline the landmarks are off, and where one is hidden the other
    may be, too.
    """
    size = scores.shape[-1]
    hints = dict(zip(OUTLINES, face_hints(landmarks, size, size), strict=True))
    labels = scores.argmax(0)
    overlooked = []
    for brow in (Label.RIGHT_BROW, Label.LEFT_BROW):
        outline, found = hints[brow] > 127, labels == brow
        within = (found & outline).sum()
        skin = outline & (labels == Label.FACE)
        if within < BESIDE * found.sum() or within + skin.sum() < BARE * outline.sum():
            return
        if within < SEEN_BROW * outline.sum():
            overlooked.append((brow, skin))
    for brow, skin in overlooked:
        scores[brow, skin] = np.maximum(scores[brow, skin], 1.1 * scores[Label.FACE, skin])


def _give(scores: FloatArray, labels: ByteArray, where: NDArray[np.bool_]) -> None:
    """Make the classes of labels [S, S] the likeliest in a part of the map.

    What lies around says more than a network's second guess about what it mistook.
    """
    rows, columns = np.nonzero(where)
    best = scores[:, rows, columns].max(0)
    scores[labels[rows, columns], rows, columns] = 1.1 * best + 1e-3


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
    """Whether a piece is the person's left: by the clearly nearer outline, else by the network."""
    right, left = pair
    network = bool(scores[left, piece].sum() > scores[right, piece].sum())
    if landmarks is None or right not in OUTLINES:
        return network
    rows, columns = np.nonzero(piece)
    centre = np.array([columns.mean(), rows.mean()])
    to_right, to_left = (
        float(np.hypot(*(landmarks.points[list(OUTLINES[label])].mean(0) - centre)))
        for label in pair
    )
    # In profile both lie on top of each other and say nothing.
    if min(to_right, to_left) > NEARER * max(to_right, to_left):
        return network
    return to_left < to_right


def _specks(labels: ByteArray) -> NDArray[np.bool_]:
    """Where pieces of a map [S, S] are too small, or too many for a face, [S, S]."""
    wrong = np.zeros(labels.shape, bool)
    for label in np.unique(labels):
        _, pieces, statistics, _ = cv2.connectedComponentsWithStats(
            (labels == label).astype(np.uint8), connectivity=8
        )
        sizes = statistics[:, cv2.CC_STAT_AREA].astype(np.float64)
        sizes[0] = np.inf  # the rest of the map
        specks = sizes < SMALLEST[Label(label)] * labels.size
        if label in SINGLE and len(sizes) > 2:
            specks[1:] |= sizes[1:] < sizes[1:].max()
        wrong |= specks[pieces]
    return wrong
