"""Hats: what they cover, and the hair that cannot stick out above their lower edge."""

from dataclasses import dataclass

import numpy as np

from inference.face_map.document import SIZE
from inference.face_map.face_frame import FaceFrame, Points
from inference.face_map.labels import ByteArray, Label
from inference.face_map.shapes import Mask, covered, ellipsoid, hull
from inference.face_map.stamps.skull import SKULL_CENTRE, SKULL_RADII, above, rim_around
from inference.face_map.uncovering import without


@dataclass(frozen=True)
class Hat:
    """Where a hat is in the picture.

    Attributes:
        body: [S, S] what it covers.
        above: [S, S] everything above its lower edge.
    """

    body: Mask
    above: Mask


def beanie(frame: FaceFrame) -> Hat:
    """A knitted cap down to the brows and the tops of the ears."""
    front, back = 0.070, 0.012
    x, y, z = SKULL_CENTRE
    dome = above(ellipsoid((x, y + 0.008, z), (0.086, 0.106, 0.109)), front, back)
    rim = rim_around(front, back, 0.086, 0.109)
    below = _below(frame, rim)
    return Hat(hull(frame, np.vstack([dome, rim]), SIZE) & ~below, ~below)


def brim_hat(frame: FaceFrame) -> Hat:
    """A hat with a crown and a brim all around."""
    front, back = 0.084, 0.050
    edge = rim_around(front, back, 0.084, 0.106)
    crown = np.vstack(
        [
            edge,
            rim_around(front, back, 0.079, 0.099) + np.array([0, 0.07, 0]),
            rim_around(front, back, 0.066, 0.086) + np.array([0, 0.088, 0]),
            rim_around(front, back, 0.040, 0.060) + np.array([0, 0.093, 0]),
        ]
    )
    rim = rim_around(front, back, 0.150, 0.170)
    # The sides of a brim curl up a little, and its front dips over the brow.
    angle = np.arctan2(rim[:, 0], rim[:, 2] - SKULL_CENTRE[2])
    rim[:, 1] += 0.5 * np.square(rim[:, 0]) - 0.012 * np.maximum(np.cos(angle), 0)
    brim = np.vstack([rim, rim + np.array([0, 0.008, 0])])
    below = _below(frame, edge)
    front_half = np.vstack([_near(frame, brim), _near(frame, edge)])
    head = hull(frame, ellipsoid(SKULL_CENTRE, SKULL_RADII), SIZE) | covered(frame.oval, SIZE)
    # Seen from beneath, the head hides the far half of the brim.
    shade = hull(frame, front_half, SIZE) | hull(frame, brim, SIZE) & ~(below & head)
    return Hat(hull(frame, crown, SIZE) & ~below | shade, ~below)


def _near(frame: FaceFrame, points: Points) -> Points:
    """The nearer half of points [N, 3]."""
    depth = frame.depth(points)
    return points[depth <= depth.mean()]


def _below(frame: FaceFrame, rim: Points) -> Mask:
    """What lies under the near half of a hat's edge; the head hides the far half."""
    pixels = frame.project(_near(frame, rim))
    down = -frame.rotation[:2, 1] / max(float(np.hypot(*frame.rotation[:2, 1])), 1e-9)
    across = np.array([down[1], -down[0]])
    pixels = pixels[np.argsort(pixels @ across)]
    edge = np.vstack([pixels[0] - across * SIZE, pixels, pixels[-1] + across * SIZE])
    return covered(np.vstack([edge, edge[::-1] + down * 2 * SIZE]), SIZE)


def with_hat(labels: ByteArray, parsed: ByteArray, hat: Hat) -> ByteArray:
    """The map [S, S] with a hat instead of any other."""
    bare = without(labels, parsed, Label.HAT)
    sticking_out = hat.above & ~hat.body & (bare == Label.HAIR)
    result = np.where(sticking_out, np.uint8(Label.BACKGROUND), bare)
    result[hat.body] = Label.HAT
    return result
