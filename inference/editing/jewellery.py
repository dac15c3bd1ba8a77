"""Earrings and necklaces where the face map has them, made of anchors from beside them.

A style says nothing of jewellery: earrings are golden, necklaces of pearls.
"""

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from inference.editing.kinds import CLOTH, EARRING, NECKLACE, SKIN
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

_GOLD = np.array([0.80, 0.62, 0.30], np.float32)
_PEARL = np.array([0.90, 0.87, 0.82], np.float32)
_FEWEST = 8  # pixels below which something is a parser's mistake
_EARRING_PITCH, _NECKLACE_PITCH = 0.0012, 0.0018  # metres between anchors
_LIFT = 0.0015  # metres before what is behind
_FROM_EAR, _FROM_CHAIN = 0.05, 0.012  # metres within which anchors are taken
_MOST = 200  # anchors a thing


def wear_jewellery(head: PaintedHead) -> None:
    """Move anchors onto the jewellery of the map, if it has any."""
    if not np.isin(head.labels, (Label.EARRING, Label.NECKLACE)).any():
        return
    wide = head.small_map()
    for mask in _pieces(wide == Label.EARRING):
        _hang_earring(mask, head)
    for mask in _pieces(wide == Label.NECKLACE):
        _lay_necklace(mask, head)


def _pieces(mask: NDArray[np.bool_]) -> list[NDArray[np.bool_]]:
    if not mask.any():
        return []
    _, numbers, rows, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    return [
        numbers == number
        for number in range(1, len(rows))
        if rows[number, cv2.CC_STAT_AREA] >= _FEWEST
    ]


def _hang_earring(mask: NDArray[np.bool_], head: PaintedHead) -> None:
    """An earring hangs beside the lobe that it is seen next to."""
    means, kinds, camera, template = head.means, head.kinds, head.camera, head.template
    lobes = []
    for ear in (Label.LEFT_EAR, Label.RIGHT_EAR):
        points = means[template.labels == ear]
        lobes.append(points[np.argsort(points[:, 1])[: len(points) // 10 + 1]].mean(0))
    down, across = np.nonzero(mask)
    top = np.array([across.mean(), down.min()], np.float32)
    away = np.linalg.norm(pixels_of(np.stack(lobes), camera) - top, axis=1)
    lobe = lobes[int(away.argmin())]
    depth = float(depth_of(lobe[None], camera)[0]) - _LIFT
    near = np.linalg.norm(means - lobe, axis=1) < _FROM_EAR
    plain = np.isin(template.labels, (Label.FACE, Label.NECK, Label.HAIR))
    donors = np.flatnonzero(near & plain & (kinds == SKIN))[::3]
    area = len(down) * metres_of_a_pixel(camera, depth) ** 2
    count = min(int(area / _EARRING_PITCH**2) + 1, len(donors), _MOST)
    places = spread_over(mask, count)
    if len(places) == 0:
        return
    who = donors[nearest_donors(places, pixels_of(means[donors], camera))]
    means[who] = points_at(places, np.full(len(places), depth, np.float32), camera)
    head.colours[who], kinds[who] = _GOLD, EARRING


def _lay_necklace(mask: NDArray[np.bool_], head: PaintedHead) -> None:
    """A necklace lies on the neck or cloth that is seen there."""
    means, kinds, camera = head.means, head.kinds, head.camera
    neck = np.isin(head.template.labels, (Label.NECK, Label.CLOTH, Label.FACE))
    beneath = np.flatnonzero(head.seen & neck & np.isin(kinds, (SKIN, CLOTH)))
    if len(beneath) < 3:
        return
    pixels = pixels_of(means[beneath], camera)
    middle = float(np.median(depth_of(means[beneath], camera)))
    pixel = metres_of_a_pixel(camera, middle)
    outside = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, 5) * pixel
    column, row = np.clip(pixels.astype(int), 0, EDGE - 1).T
    close = outside[row, column] < _FROM_CHAIN
    donors = beneath[close][::2]
    count = min(int(mask.sum() * pixel**2 / _NECKLACE_PITCH**2) + 1, len(donors), _MOST)
    places = spread_over(mask, count)
    if len(places) == 0:
        return
    _, nearest = cKDTree(pixels).query(places, 3)
    depth = depth_of(means[beneath], camera)[nearest].min(1) - _LIFT
    who = donors[nearest_donors(places, pixels[close][::2])]
    means[who] = points_at(places, depth.astype(np.float32), camera)
    head.colours[who], kinds[who] = _PEARL, NECKLACE
