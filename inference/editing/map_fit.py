"""Moves a head so that what it shows is where the face map has it.

Outlines move as demons find, features of the face by their place and size; the anchors follow in
the plane of the map, so that the head stays whole.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.editing.demons import outline_displacement
from inference.editing.feature_fit import feature_displacement
from inference.editing.projection import GRID, Projection
from inference.editing.smoothing import smoothstep
from inference.face_map.labels import FEATURES, Label
from inference.head.gaussians import FloatArray
from inference.rendering.camera import Camera

_STILL = (6, 6, 6, 20)
"""Cells at the left, right, upper and lower border over which outlines come to rest: what lies
beyond the map must stay joined to what is on it (our choice)."""

_SOFT_SKIN = 2.0  # cells, so that no cheek gets a dent where a lock of hair ends (our choice)
_COVERS = (Label.HAIR, Label.HAT)
_SCRAP = 40  # cells; an ear in full sight has more (our choice)


@dataclass(frozen=True)
class Movement:
    """How each place of the picture shall move, [128, 128, 2] cells across and down each.

    Attributes:
        worn: hair, cloth and hats.
        skin: what is skin, which a fringe or a brim that moves does not take along.
    """

    worn: FloatArray
    skin: FloatArray


def movement(
    shown: NDArray[np.uint8],  # [128, 128] what the head shows now
    wanted: NDArray[np.uint8],  # [128, 128] what it shall show
) -> Movement:
    """What brings the one to the other."""
    # What glasses cover stays as it is.
    wanted = np.where(wanted == Label.GLASSES, shown, wanted)
    rest = _rest()[..., None]
    without = _without_features(shown), _without_features(wanted)
    outlines = outline_displacement(*without) * rest
    # Where either has a cover, nobody knows what the skin beneath does.
    covered = np.isin(shown, _COVERS) | np.isin(wanted, _COVERS)
    here, there = (np.where(covered, np.uint8(Label.FACE), labels) for labels in without)
    scraps = _scraps(here, there)
    bare = (np.where(scraps, np.uint8(Label.FACE), labels) for labels in (here, there))
    moved = cv2.GaussianBlur(outline_displacement(*bare) * rest, (0, 0), _SOFT_SKIN)
    beneath = np.asarray(moved, np.float32)
    return Movement(outlines, beneath + feature_displacement(shown, wanted, beneath))


def _without_features(labels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.where(np.isin(labels, FEATURES), np.uint8(Label.FACE), labels)


def _scraps(
    shown: NDArray[np.uint8],  # [128, 128] with skin for what covers it
    wanted: NDArray[np.uint8],  # [128, 128] likewise
) -> NDArray[np.bool_]:
    """[128, 128] small holes in the skin of either map: what hair leaves of an ear, gaps in it.

    A hole that only one of them has would be drawn to where the face of the other ends, and the
    cheek with it.
    """
    skin = (Label.FACE, Label.INNER_MOUTH)
    holes = ~(np.isin(shown, skin) & np.isin(wanted, skin))
    _, pieces, facts, _ = cv2.connectedComponentsWithStats(holes.astype(np.uint8), connectivity=4)
    small = facts[:, cv2.CC_STAT_AREA] < _SCRAP
    return np.asarray(holes & small[pieces], np.bool_)


def _rest() -> FloatArray:
    """[128, 128] 0 at the borders, 1 inside."""
    place = np.arange(GRID, dtype=np.float32)
    left, right, above, below = _STILL
    across = np.minimum(place / left, (GRID - 1 - place) / right).clip(0, 1)
    down = np.minimum(place / above, (GRID - 1 - place) / below).clip(0, 1)
    return smoothstep(0, 1, np.minimum(across[None], down[:, None]))


def follow(
    means: FloatArray,  # [N, 3] metres
    bare: NDArray[np.bool_],  # [N] which anchors are skin
    seen: Projection,
    movement: Movement,
    camera: Camera,
) -> FloatArray:
    """Anchors [N, 3] moved along, each in the plane of the picture at its own depth."""
    moved = np.where(bare[:, None], _sampled(movement.skin, seen), _sampled(movement.worn, seen))
    across = moved[:, 0] * camera.width / GRID / camera.intrinsics[0, 0] * seen.depth
    down = moved[:, 1] * camera.height / GRID / camera.intrinsics[1, 1] * seen.depth
    rotation = camera.world_to_camera[:3, :3].astype(np.float32)
    step = np.stack([across, down], 1).astype(np.float32) @ rotation[:2]
    return np.asarray(means + step, np.float32)


def _sampled(
    field: FloatArray,  # [128, 128, 2]
    seen: Projection,
) -> FloatArray:
    """The field where anchors are seen, [N, 2]."""
    x, y = np.clip(seen.points, 0, GRID - 1).T
    # remap takes no more than 32,767 rows or columns.
    x, y = (np.ascontiguousarray(v, np.float32).reshape(256, -1) for v in (x, y))
    return np.asarray(cv2.remap(field, x, y, cv2.INTER_LINEAR).reshape(-1, 2), np.float32)
