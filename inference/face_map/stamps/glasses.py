"""Glasses. They cover what is behind their lenses, as in the maps that the model learns from."""

from dataclasses import dataclass

import numpy as np

from inference.face_map.document import SIZE
from inference.face_map.face_frame import FaceFrame, Points
from inference.face_map.labels import ByteArray, Label
from inference.face_map.shapes import band, covered, superellipse
from inference.face_map.uncovering import without


@dataclass(frozen=True)
class Lens:
    """A shape of lens.

    Attributes:
        width, height: metres.
        power: of the superellipse; 2 is round, more is squarer.
        drop: how far its middle lies below the eye, metres.
    """

    width: float
    height: float
    power: float
    drop: float


ROUND = Lens(0.047, 0.045, 2.0, 0.004)
SQUARE = Lens(0.054, 0.036, 5.0, 0.003)
DARK = Lens(0.060, 0.048, 3.0, 0.005)

_FRAME_DEPTH = 0.072  # metres: z of the lenses' plane
_EYE_X, _EYE_Y = 0.032, 0.029  # metres: the template's left eye


def with_glasses(frame: FaceFrame, labels: ByteArray, parsed: ByteArray, lens: Lens) -> ByteArray:
    """The map [S, S] with glasses on the eyes instead of any others."""
    result = without(labels, parsed, Label.GLASSES)
    worn = np.zeros(labels.shape, bool)
    temples = np.zeros(labels.shape, bool)
    turned = frame.rotation[2, 0]  # how far the person's left side looks away
    inner: list[Points] = []
    for side, eye in ((-1, frame.eyes[0]), (1, frame.eyes[1])):
        flat = superellipse(lens.width, lens.height, lens.power)
        # A lens curves back towards the temple.
        back = 0.15 * np.maximum(side * flat[:, 0], 0)
        centre = np.array([side * _EYE_X, _EYE_Y - lens.drop, _FRAME_DEPTH])
        outline = np.column_stack([flat, -back]) + centre
        # People's eyes lie elsewhere than the template's: the lens goes to the real eye.
        seat = np.array([[side * _EYE_X, _EYE_Y, 0.066]])
        moved = eye - frame.project(seat)[0]
        worn |= covered(frame.project(outline) + moved, SIZE)
        edge = centre - np.array([side * lens.width * 0.45, -lens.height * 0.12, -0.003])
        inner.append(frame.project(edge[None])[0] + moved)
        hinge = centre + np.array([side * lens.width * 0.485, lens.height * 0.2, -0.006])
        ear = np.array([side * 0.075, 0.03, -0.015])
        if side * turned < 0.35:  # else the far side of the head hides it
            line = np.stack([frame.project(hinge[None])[0] + moved, frame.project(ear[None])[0]])
            temples |= band(line, 0.0045 * frame.scale, SIZE)
    arch = (inner[0] + inner[1]) / 2 - frame.rotation[:2, 1] * -0.003 * frame.scale
    worn |= band(np.stack([inner[0], arch, inner[1]]), 0.005 * frame.scale, SIZE)
    on_skin = np.isin(result, (Label.FACE, Label.RIGHT_BROW, Label.LEFT_BROW))
    result[worn | (temples & on_skin)] = Label.GLASSES
    return result
