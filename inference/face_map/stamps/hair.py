"""Haircuts: the old hair goes, the new outline comes."""

from dataclasses import dataclass

import numpy as np

from inference.face_map.document import SIZE
from inference.face_map.face_frame import FaceFrame, Points
from inference.face_map.labels import FEATURES, ByteArray, Label
from inference.face_map.shapes import Mask, covered, ellipsoid, hull
from inference.face_map.stamps.skull import SKULL_CENTRE, SKULL_RADII, above
from inference.face_map.uncovering import nearest_class
from inference.head.template import HeadTemplate


@dataclass(frozen=True)
class Haircut:
    """Metres.

    Attributes:
        margin: how far the hair stands off the skull.
        falls: (y, half the width) of the hair from the ears down; none: it ends above them.
    """

    margin: float
    falls: tuple[tuple[float, float], ...]


SHORT = Haircut(0.012, ())
BOB = Haircut(
    0.022, ((0.0, 0.101), (-0.04, 0.103), (-0.065, 0.098), (-0.078, 0.086), (-0.083, 0.066))
)
LONG = Haircut(
    0.022,
    ((0.0, 0.100), (-0.08, 0.106), (-0.15, 0.106), (-0.19, 0.098), (-0.21, 0.080), (-0.216, 0.062)),
)


def with_hair(
    frame: FaceFrame, labels: ByteArray, template: HeadTemplate, cut: Haircut
) -> ByteArray:
    """The map [S, S] with this haircut; what is worn on it stays."""
    radii = np.array(SKULL_RADII) + cut.margin
    ball = ellipsoid(SKULL_CENTRE, radii.tolist())
    face = covered(frame.oval, SIZE)
    result = _without_hair(labels, face)
    keep = [Label.GLASSES, Label.HAT, Label.EARRING, *FEATURES]
    if cut.falls:
        falls = [_ring(y, half) for y, half in cut.falls]
        outline = hull(frame, np.vstack([ball[ball[:, 1] > 0.0], *falls]), SIZE)
    else:
        outline = hull(frame, above(ball, 0.062, -0.045), SIZE)
        for side in (-1, 1):
            corners = np.array([[0.076, 0.06], [0.064, 0.06], [0.072, 0.008], [0.064, 0.012]])
            burn = np.column_stack([side * corners[:, 0], corners[:, 1], np.full(4, 0.016)])
            outline |= hull(frame, burn, SIZE)
        _show_ears(result, labels == Label.HAIR, frame, template)
        keep += [Label.RIGHT_EAR, Label.LEFT_EAR]
    worn = np.isin(result, keep)
    result[outline & ~face & ~_neck(frame) & ~worn] = Label.HAIR
    return result


def _show_ears(result: ByteArray, freed: Mask, frame: FaceFrame, template: HeadTemplate) -> None:
    """Short hair shows the ears: put them where there was hair, in place."""
    for side, ear in ((-1, Label.RIGHT_EAR), (1, Label.LEFT_EAR)):
        if side * frame.rotation[2, 0] < 0.35 and not (result == ear).sum() > 0.0003 * SIZE**2:
            points = template.anchors[template.labels == ear].astype(np.float64)
            shape = hull(frame, points, SIZE) & freed & ~covered(frame.oval, SIZE)
            result[shape] = ear


def _ring(y: float, half: float) -> Points:
    """A level curve [48, 3] of hair around the neck."""
    angle = np.linspace(0, 2 * np.pi, 48)
    return np.column_stack(
        [half * np.sin(angle), np.full(48, y), -0.03 + 0.7 * half * np.cos(angle)]
    )


def _neck(frame: FaceFrame) -> Mask:
    """The front of the neck [S, S], which hair falls behind and beside."""
    corners = np.array([(x, y, 0.03) for y, half in ((-0.03, 0.050), (-0.30, 0.056))
                        for x in (-half, half)])  # fmt: skip
    return hull(frame, corners, SIZE)


def _without_hair(labels: ByteArray, face: Mask) -> ByteArray:
    """The map [S, S] bald: skin inside the face, what is around the head outside it."""
    hair = labels == Label.HAIR
    around = np.isin(labels, (Label.BACKGROUND, Label.NECK, Label.CLOTH))
    outside = nearest_class(labels, around)
    bald = np.where(face, np.uint8(Label.FACE), outside)
    return np.where(hair, bald, labels)
