"""Glasses where the face map has them: rims on a plane before the eyes, arms back to the ears.

A map shows frames and lenses as one region, so its border is the rim. Clear lenses are nothing;
dark ones stand before the eyes.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.editing.kinds import GLASSES, LENS, SKIN
from inference.face_map.labels import Label
from inference.head.gaussians import FloatArray
from inference.head.template import HeadTemplate
from inference.rendering.camera import Camera

_EDGE = 512  # grid of the map on which rims are found
_FEWEST = 2.5e-3  # share of the map below which they are a parser's mistake
_RIM = 0.0032  # metres that a rim is wide
_BEFORE = 0.007  # metres before the brows
_BEND = 2.0  # 1/metres, how far the front curves back towards the temples
_ARM = 0.0022  # metres beside the line of an arm within which anchors are taken for it
_ABOVE_SKIN = 0.003
_DARK_GLASS = np.array([0.06, 0.06, 0.065], np.float32)
_FACE = (
    *(Label.FACE, Label.NOSE, Label.RIGHT_BROW, Label.LEFT_BROW, Label.RIGHT_EYE, Label.LEFT_EYE),
)


@dataclass(frozen=True)
class GlassesLook:
    """What the style says of glasses.

    Attributes:
        colour: [3] RGB of the frame.
        dark: whether the lenses are.
    """

    colour: FloatArray
    dark: bool


def wear_glasses(
    means: FloatArray,  # [N, 3] metres; changed
    colours: FloatArray,  # [N, 3]; changed
    kinds: NDArray[np.int64],  # [N]; changed
    labels: NDArray[np.uint8],  # [S, S] the face map
    camera: Camera,
    template: HeadTemplate,
    look: GlassesLook,
) -> bool:
    """Move anchors onto glasses; False where the map has none."""
    size = len(labels)
    region = (labels == Label.GLASSES).astype(np.uint8)
    if region.sum() < _FEWEST * size * size:
        return False
    region = cv2.resize(region, (_EDGE, _EDGE), interpolation=cv2.INTER_NEAREST)
    region = cv2.morphologyEx(region, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    brows = np.isin(template.labels, (Label.RIGHT_BROW, Label.LEFT_BROW))
    front = float(np.quantile(means[brows, 2], 0.9)) + _BEFORE
    pixel = _metres_of_a_pixel(camera, means[brows])
    inside = cv2.distanceTransform(region, cv2.DIST_L2, 5) * pixel

    pool = np.flatnonzero(
        (kinds == SKIN) & np.isin(template.labels, _FACE) & (template.anchors[:, 2] > 0.02)
    )
    place = _on_front(means[pool], camera, front)
    cell = camera.project(place.astype(np.float64))[0] * (_EDGE / camera.width)
    column, row = np.clip(cell.astype(int), 0, _EDGE - 1).T
    deep = inside[row, column]
    before = place[:, 2] > means[pool, 2]
    # A quarter stays, so that the skin behind has no holes when seen from elsewhere.
    stays = pool % 4 == 3
    rim = before & (deep > 0) & (deep <= _RIM) & ~stays
    _put(pool[rim], place[rim], look.colour, means, colours, kinds)
    if look.dark:
        lens = before & (deep > _RIM) & ~stays
        _put(pool[lens], place[lens] - [0, 0, 0.001], _DARK_GLASS, means, colours, kinds, LENS)
    if rim.any():
        _wear_arms(place[rim], means, colours, kinds, template, look)
    return True


def _metres_of_a_pixel(camera: Camera, near: FloatArray) -> float:
    """How wide a pixel of the rims' grid is where the glasses are."""
    depth = (near @ camera.world_to_camera[:3, :3].T + camera.world_to_camera[:3, 3])[:, 2].mean()
    return float(depth / camera.intrinsics[0, 0] * camera.width / _EDGE)


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
        beside = np.flatnonzero(
            (kinds == SKIN) & (template.anchors[:, 0] * side > 0.04) & (means[:, 2] < hinge[2])
        )
        share = (means[beside, 2] - root[2]) / length
        height = root[1] + share * (hinge[1] - root[1])
        across = root[0] + share * (hinge[0] - root[0])
        on = (share > -0.05) & (np.abs(means[beside, 1] - height) < _ARM)
        who = beside[on]
        place = means[who].copy()
        outside = np.maximum(place[:, 0] * side + _ABOVE_SKIN, across[on] * side)
        place[:, 0] = outside * side
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
