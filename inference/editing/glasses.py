"""Glasses where the face map has them: rims on a plane before the eyes, arms back to the ears.

A map shows frames and lenses as one region, so its border is the rim. Clear lenses are nothing;
dark ones stand before the eyes.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from inference.editing.kinds import GLASSES, LENS, SKIN
from inference.editing.painted_head import PaintedHead
from inference.editing.spread import (
    EDGE,
    depth_of,
    metres_of_a_pixel,
    nearest_donors,
    pixels_of,
    points_at,
    spread_over,
)
from inference.face_map.labels import Label
from inference.head.gaussians import FloatArray
from inference.head.template import HeadTemplate
from inference.rendering.camera import Camera

_FEWEST = 2.5e-3  # share of the map below which they are a parser's mistake
_RIM = 0.0032  # metres that a rim is wide
_PITCH = 0.0013  # metres between its anchors
_BEFORE = 0.007  # metres before the brows
_BEND = 2.0  # 1/metres, how far the front curves back towards the temples
_STAYS = 3  # one anchor in so many does, or the skin behind would have holes
_ARM = 0.007  # metres beside the line of an arm within which anchors are taken for it
_THIN = 0.15  # how much thinner an arm is than where its anchors come from
_ABOVE_SKIN = 0.003
_ABOVE_BROW = 0.001
_DARK_GLASS = np.array([0.06, 0.06, 0.065], np.float32)
_FACE = (
    *(Label.FACE, Label.NOSE, Label.RIGHT_BROW, Label.LEFT_BROW, Label.RIGHT_EYE, Label.LEFT_EYE),
)
_EYES = (Label.RIGHT_EYE, Label.LEFT_EYE)


@dataclass(frozen=True)
class GlassesLook:
    """What the style says of glasses.

    Attributes:
        colour: [3] RGB of the frame.
        dark: whether the lenses are.
    """

    colour: FloatArray
    dark: bool


def wear_glasses(head: PaintedHead, look: GlassesLook) -> bool:
    """Move anchors onto glasses; False where the map has none."""
    means, colours, kinds = head.means, head.colours, head.kinds
    labels, camera, template = head.labels, head.camera, head.template
    size = len(labels)
    region = (labels == Label.GLASSES).astype(np.uint8)
    if region.sum() < _FEWEST * size * size:
        return False
    region = cv2.resize(region, (EDGE, EDGE), interpolation=cv2.INTER_NEAREST)
    region = cv2.morphologyEx(region, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    brows = np.isin(template.labels, (Label.RIGHT_BROW, Label.LEFT_BROW))
    front = float(np.quantile(means[brows, 2], 0.9)) + _BEFORE
    pixel = metres_of_a_pixel(camera, float(depth_of(means[brows], camera).mean()))
    inside = cv2.distanceTransform(region, cv2.DIST_L2, 5) * pixel
    outside = cv2.distanceTransform(1 - region, cv2.DIST_L2, 5) * pixel

    pool = np.flatnonzero(
        (kinds == SKIN) & np.isin(template.labels, _FACE) & (template.anchors[:, 2] > 0.02)
    )
    pool = pool[pool % _STAYS != 0]
    cell = pixels_of(means[pool], camera)
    column, row = np.clip(cell.astype(int), 0, EDGE - 1).T
    beside = (outside[row, column] <= _RIM) & (inside[row, column] <= 2 * _RIM)
    donors = np.flatnonzero(beside & ~np.isin(template.labels[pool], _EYES))
    band = (inside > 0) & (inside <= _RIM)
    count = min(int(band.sum() * (pixel / _PITCH) ** 2) + 1, len(donors))
    places = spread_over(band, count)
    taken = donors[nearest_donors(places, cell[donors])] if count else donors
    rim = _on_front(points_at(places, np.ones(len(places), np.float32), camera), camera, front)
    rim[:, 2] = np.maximum(rim[:, 2], means[pool[taken], 2] + _ABOVE_BROW)
    if look.dark:
        deep = (inside[row, column] > _RIM) & ~np.isin(np.arange(len(pool)), taken)
        lens = pool[deep]
        place = _on_front(means[lens], camera, front)
        before = place[:, 2] > means[lens, 2]
        where = place[before] - np.array([0, 0, 0.001], np.float32)
        _put(lens[before], where, _DARK_GLASS, means, colours, kinds, LENS)
    _put(pool[taken], rim, look.colour, means, colours, kinds)
    if len(rim):
        _wear_arms(rim, means, colours, kinds, template, look)
    return True


def _on_front(points: FloatArray, camera: Camera, front: float) -> FloatArray:
    """Where the rays from the camera to points [n, 3] meet the bent front of the glasses."""
    eye = camera.position.astype(np.float32)
    ray = points - eye
    depth = np.full(len(points), front, np.float32)
    for _ in range(3):
        share = (depth - eye[2]) / np.where(np.abs(ray[:, 2]) < 1e-3, 1e-3, ray[:, 2])
        x = eye[0] + share * ray[:, 0]
        depth = front - _BEND * x * x
    return np.asarray(eye + share[:, None] * ray, np.float32)


def _wear_arms(
    rim: FloatArray,  # [n, 3] metres
    means: FloatArray,
    colours: FloatArray,
    kinds: NDArray[np.int64],
    template: HeadTemplate,
    look: GlassesLook,
) -> None:
    ears = ((1.0, Label.LEFT_EAR), (-1.0, Label.RIGHT_EAR))
    for side, label in ears:
        ear = means[template.labels == label]
        root = ear[np.argsort(-ear[:, 1])[: len(ear) // 12 + 1]].mean(0)
        hinge = rim[np.argmax(rim[:, 0] * side)]
        if hinge[0] * side < 0.03:  # the other side's glasses are not seen
            hinge = rim[np.argmin(rim[:, 0] * side)] * np.array([-1, 1, 1], np.float32)
        length = hinge[2] - root[2]
        if length < 0.02:
            continue
        beside = np.flatnonzero((kinds == SKIN) & (template.anchors[:, 0] * side > 0.04))
        share = (means[beside, 2] - root[2]) / length
        off = means[beside, 1] - (root[1] + share * (hinge[1] - root[1]))
        # From where hair and ears hide it: a row of anchors that leave a temple leaves a slit.
        back = (share > -0.1) & (share < 0.5) & (np.abs(off) < _ARM) & (beside % 2 == 0)
        order = np.argsort(share[back])
        who = beside[back][order]
        if len(who) == 0:
            continue
        along = ((np.arange(len(who)) + 0.5) / len(who))[:, None].astype(np.float32)
        place = root + along * (hinge - root)
        place[:, 1] += _THIN * off[back][order]
        _, near = cKDTree(means[beside][:, 1:]).query(place[:, 1:], 4)
        skin = (means[beside, 0] * side)[near].max(1)
        place[:, 0] = np.maximum(place[:, 0] * side, skin + _ABOVE_SKIN) * side
        _put(who, place, look.colour, means, colours, kinds)


def _put(
    who: NDArray[np.int64],
    place: FloatArray,
    colour: FloatArray,
    means: FloatArray,
    colours: FloatArray,
    kinds: NDArray[np.int64],
    kind: int = GLASSES,
) -> None:
    means[who], colours[who], kinds[who] = place, colour, kind
