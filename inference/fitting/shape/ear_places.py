"""Ears go where the photograph's face map shows them.

No landmark lies on an ear, and its outline says nothing of its height: on a head that is tipped
forward a little the ears would stay a centimetre too low.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.fitting.evidence.kinds import EAR_LABELS, HAIR_LABELS
from inference.fitting.shape.outline import OutlineMatches, shown_at_targets
from inference.fitting.solvers.blending import Blending
from inference.head.gaussians import FloatArray
from inference.head.template import HeadTemplate
from inference.rendering.camera import HEAD_CENTRE, Camera, orbit_angles

EVERY = 16
"""One ear anchor in this many is told where to go (our choice)."""

ENDS = (0.05, 0.95)
"""Shares of an ear's pixels between which it reaches, seen from above to below (our choice)."""

LEAST = 0.012
"""Ears that are seen less high than this, metres, tell nothing of their place (our choice)."""

STRETCH = (0.8, 1.3)
"""Least and most that an ear's height changes; if it were more, only its lobe is moved to where the
photograph has it (our choice)."""

FARTHEST = 0.02
"""A lobe is never moved farther up or down at once, metres (our choice)."""

TURNED_AWAY = 8.0
"""Degrees by which an ear may be turned away and still be told: beyond, the cheek hides most of
it, and what is seen of it is no measure of its height (our choice)."""

BESIDE = 0.008
"""Hair this far outside an ear, metres, tells that it peeps out of hair (our choice)."""

SLACK = 0.006
"""Outlines this near to an ear of the photograph are the ear's, metres (our choice)."""


def free_ears(
    ears: FloatArray,  # [S, S]
    hair: FloatArray,  # [S, S]
    camera: Camera,
) -> FloatArray:
    """The ears of a face map that do not peep out of hair: it may be above them, but not outside.

    Args:
        ears: chance of either ear at each pixel.
        hair: chance of hair.
        camera: of the photograph, at their size.
    """
    beside = BESIDE * camera.pixels_per_metre
    shown = ears > 0.5
    free = np.zeros_like(ears)
    count, pieces = cv2.connectedComponents(shown.astype(np.uint8))
    middle, _ = camera.project(np.array([HEAD_CENTRE]))
    for number in range(1, count):
        piece = pieces == number
        rows, columns = np.flatnonzero(piece.any(1)), np.flatnonzero(piece.any(0))
        first = piece[rows].argmax(1)
        last = piece.shape[1] - 1 - piece[rows, ::-1].argmax(1)
        outside = first - beside if columns.mean() < middle[0, 0] else last + beside
        at = outside.round().astype(int).clip(0, piece.shape[1] - 1)
        if (hair[rows, at] > 0.5).mean() < 0.5:
            free = np.where(piece, ears, free)
    return free


def match_ears(
    blending: Blending,
    means: FloatArray,  # [N, 3]
    template: HeadTemplate,
    camera: Camera,
    ears: FloatArray,  # [H, W] at the blending's size
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Some of each ear's anchors [K, 3] metres, and the pixels [K, 2] that each should move.

    An ear is moved and stretched up and down until it reaches as far as the photograph's; how
    far it stands off is left to the outline. An ear of which the photograph shows none or too
    little stays where it is, or hair that is pulled to its outline would take it along.

    Args:
        blending: of the head at the photograph's camera.
        means: the Gaussians' centres.
        template: labels.
        camera: of the photograph, at the blending's size.
        ears: chance of either ear at each pixel.
    """
    pixels, depth = camera.project(means.astype(np.float64))
    metre = camera.intrinsics[1, 1] / float(depth.mean())
    yaw, _ = orbit_angles(camera.position)
    points, shifts = [np.zeros((0, 3))], [np.zeros((0, 2))]
    for label in EAR_LABELS:
        own = template.labels == label
        side = np.sign(template.anchors[own, 0].mean())  # the person's left is +x
        if -yaw * side > TURNED_AWAY:
            continue
        drawn = blending.picture(own.astype(np.float32)[:, None])[..., 0]
        shown = _piece_near(ears, pixels[own].mean(0), FARTHEST * 2 * metre)
        chosen = np.flatnonzero(own)[::EVERY]
        move = _stretched(pixels[chosen, 1], _reach(drawn), _reach(shown), metre)
        points.append(means[chosen].astype(np.float64))
        shifts.append(np.stack([np.zeros_like(move), move], 1))
    return np.concatenate(points), np.concatenate(shifts)


def _stretched(
    rows: NDArray[np.float64],  # [K]
    here: tuple[float, float] | None,
    there: tuple[float, float] | None,
    metre: float,
) -> NDArray[np.float64]:
    """How far rows move, pixels [K], when what lies between two of them is to lie elsewhere."""
    if here is None or there is None:
        return np.zeros_like(rows)
    (top, bottom), (wanted_top, wanted_bottom) = here, there
    if min(bottom - top, wanted_bottom - wanted_top) < LEAST * metre:
        return np.zeros_like(rows)
    lower = np.clip(wanted_bottom - bottom, -FARTHEST * metre, FARTHEST * metre)
    stretch = (wanted_bottom - wanted_top) / (bottom - top)
    if not STRETCH[0] <= stretch <= STRETCH[1]:
        stretch = 1.0  # hair hides the top of one of them
    return np.asarray(lower + (stretch - 1) * (rows - bottom), np.float64)


def ears_on_ears(
    matches: OutlineMatches,
    template: HeadTemplate,
    camera: Camera,
    ears: FloatArray,  # [H, W] at the camera's size
) -> OutlineMatches:
    """The outline without hair that would be pulled to an ear, and ears out to what is none."""
    pixels, depth = camera.project(matches.points)
    metre = camera.intrinsics[1, 1] / float(depth.mean()) if len(depth) else 1.0
    there = shown_at_targets(matches, camera, ears, SLACK * metre) > 0.5
    label = template.labels[matches.anchors]
    middle, _ = camera.project(np.array([HEAD_CENTRE]))
    outward = ((pixels - middle) * matches.shifts).sum(1) > 0
    ear = np.isin(label, EAR_LABELS) & outward
    kept = ~np.where(there, np.isin(label, HAIR_LABELS), ear)
    return OutlineMatches(
        matches.points[kept], matches.shifts[kept], matches.trust[kept], matches.anchors[kept]
    )


def _piece_near(ears: FloatArray, place: NDArray[np.float64], reach: float) -> NDArray[np.float32]:
    """The ears' chances within a distance of a place, pixels; 0 elsewhere."""
    rows, columns = np.indices(ears.shape) + 0.5
    near = np.hypot(columns - place[0], rows - place[1]) < reach
    return np.where(near, ears, 0).astype(np.float32)


def _reach(picture: FloatArray) -> tuple[float, float] | None:
    """Rows between which a thing lies that is drawn with 0..1; None if there is none."""
    rows = np.where(picture > 0.5, picture, 0).sum(1, dtype=np.float64)
    total = rows.sum()
    if total < 4:
        return None
    share = np.cumsum(rows) / total
    top, bottom = (float(np.searchsorted(share, end)) for end in ENDS)
    return top, bottom + 1
