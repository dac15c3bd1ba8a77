"""Which hair a head's anchors stand for: that in their direction, spread by visible area.

Directions are those of worn_anchors.capsule_map, as azimuth round the head's axis and the way
from the crown down along the capsule. Long hair shows most of its surface far below the scalp
that it grows from: in every column of azimuth, anchors are moved down (or up) until their share
above a place comes near the share of the hair's surface above it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from training.synthetic.worn_anchors import capsule_map

Single = NDArray[np.float32]
Float = NDArray[np.float64]

_NEIGHBOURS = 40
_REACH = 0.0055  # metres on the map's unit of 0.1 m
_SEEN = 0.0015  # metres below its surface at which hair is seen a third as well
_COLUMNS, _STEP, _ROWS = 48, 0.005, 90  # of azimuth; metres along the capsule; how many
_LEAST = 10  # sampled points of hair in a cell that make it covered
"""All our choice."""
CAPSULE_RADIUS, CAPSULE_TOP, CAPSULE_Z = 0.1, 0.03, -0.03  # metres, as capsule_map's
_DOME = CAPSULE_RADIUS * np.pi / 2  # metres from the crown to where the cylinder begins


@dataclass(frozen=True)
class HairPlaces:
    """What hair lies in some directions.

    Attributes:
        count: [N] hair points found.
        radii: [N] metres from the axis, at the layer asked for.
        tones: [N, 3] sRGB of what is seen there.
        directions: [N, 3] unit, along the hairs that are seen, zero where there are none.
    """

    count: NDArray[np.int64]
    radii: Float
    tones: Float
    directions: Float


class HairCloud:
    """Points of a head's hair by direction.

    Args:
        points: [M, 3] metres.
        tones: [M, 3] sRGB.
        directions: [M, 3] unit, from root to tip.
        areas: [M] metres squared that the hair of each point hides.
    """

    def __init__(self, points: Single, tones: Single, directions: Single, areas: Single) -> None:
        self._map, _, self._radius = capsule_map(points)
        self._tree, self._tones = cKDTree(self._map), tones
        self._directions, self._areas = directions, areas

    def at(self, maps: Single, floor: Single, layer: Float) -> HairPlaces:
        """The hair in directions maps [N, 3] beyond floor [N] metres, at radial quantiles [N]."""
        distance, nearest = self._tree.query(maps, _NEIGHBOURS, distance_upper_bound=_REACH)
        found = np.isfinite(distance)
        nearest = np.where(found, nearest, 0)
        outside = found & (self._radius[nearest] > floor[:, None] - 0.004)
        r = np.where(outside, self._radius[nearest], -1.0)
        count = outside.sum(1)
        order = np.argsort(-r, 1)
        r = np.take_along_axis(r, order, 1)
        nearest = np.take_along_axis(nearest, order, 1)
        first = np.clip(((1 - layer) * (count - 1)).round().astype(int), 0, _NEIGHBOURS - 1)
        last = np.minimum(first + 2, np.maximum(count - 1, 0))
        row = np.arange(len(r))
        # The colour is that of what is seen from outside: each hair hides some of those below.
        widest = np.where(found, distance, 0).max(1) * np.maximum(r[:, 0], 0.05) / CAPSULE_RADIUS
        column = np.pi * np.maximum(widest, 1e-3)[:, None] ** 2
        hidden = np.where(r > 0, self._areas[nearest] / column, 0.0)
        left = np.exp(-np.cumsum(hidden, 1))
        seen = np.where(r > 0, left * np.expm1(hidden), 0.0)
        seen = seen / np.maximum(seen.sum(1, keepdims=True), 1e-9)
        tones = np.einsum("nk,nkc->nc", seen, self._tones[nearest])
        along = np.einsum("nk,nkc->nc", seen, self._directions[nearest])
        along /= np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-9)
        return HairPlaces(count, (r[row, first] + r[row, last]) / 2, tones, along)

    def spread(self, maps: Single, share: float) -> Single:
        """Directions [N, 3] of anchors moved by `share` (0..1) towards an even spread by area."""
        hair_column, hair_down = _cylindrical(self._map)
        weight = np.zeros((_COLUMNS, _ROWS))
        count = np.zeros((_COLUMNS, _ROWS))
        cell = (hair_column.astype(int) % _COLUMNS, _row(hair_down))
        np.add.at(count, cell, 1)
        np.add.at(weight, cell, self._radius)
        radius = weight / np.maximum(count, 1)
        middle = (np.arange(_ROWS) + 0.5) * _STEP
        dome = np.sin(np.minimum(middle / CAPSULE_RADIUS, np.pi / 2)) * radius / CAPSULE_RADIUS
        area = np.where(middle < _DOME, dome, 1) * radius * (count >= _LEAST)
        column, down = _cylindrical(maps)
        own = np.zeros((_COLUMNS, _ROWS))
        np.add.at(own, (column.astype(int) % _COLUMNS, _row(down)), 1)
        own_share, hair_share = _share_above(own), _share_above(area)
        edges = np.arange(_ROWS + 1) * _STEP
        left = np.floor(column - 0.5).astype(int)
        right_part = column - 0.5 - left
        moved = np.zeros(len(maps))
        for offset, part in ((0, 1 - right_part), (1, right_part)):
            number = (left + offset) % _COLUMNS
            for c in range(_COLUMNS):
                who = number == c
                if hair_share[c, -1] == 0 or own_share[c, -1] == 0:
                    moved[who] += part[who] * down[who]
                    continue
                above = np.interp(down[who], edges, own_share[c])
                # A strictly rising share, so that it has an inverse.
                rising = hair_share[c] + np.arange(_ROWS + 1) * 1e-9
                moved[who] += part[who] * np.interp(above, rising, edges)
        return _direction(column, down + share * (moved - down))


def _cylindrical(maps: Single) -> tuple[Float, Float]:
    """Column 0.._COLUMNS and metres down from the crown of map coordinates [N, 3]."""
    x, y, z = maps.astype(np.float64).T
    column = np.arctan2(x, z - CAPSULE_Z) % (2 * np.pi) / (2 * np.pi) * _COLUMNS
    up = np.clip((y - CAPSULE_TOP) / CAPSULE_RADIUS, 0, 1)
    down = np.where(y > CAPSULE_TOP, np.arccos(up) * CAPSULE_RADIUS, _DOME + CAPSULE_TOP - y)
    return column, down


def _direction(column: Float, down: Float) -> Single:
    """Map coordinates [N, 3]; the inverse of _cylindrical."""
    azimuth = column / _COLUMNS * 2 * np.pi
    polar = np.minimum(down / CAPSULE_RADIUS, np.pi / 2)
    across = np.sin(polar) * CAPSULE_RADIUS
    height = CAPSULE_TOP + np.cos(polar) * CAPSULE_RADIUS - np.maximum(down - _DOME, 0)
    place = [across * np.sin(azimuth), height, CAPSULE_Z + across * np.cos(azimuth)]
    return np.stack(place, 1).astype(np.float32)


def _row(down: Float) -> NDArray[np.int64]:
    rows: NDArray[np.int64] = np.clip((down / _STEP).astype(np.int64), 0, _ROWS - 1)
    return rows


def _share_above(amount: Float) -> Float:
    """Of amounts [C, R], smoothed over neighbouring columns: the share above each edge [C, R+1]."""
    smooth = sum(np.roll(amount, k, 0) for k in (-2, -1, 0, 1, 2))
    total = np.concatenate([np.zeros((len(amount), 1)), np.cumsum(smooth, 1)], 1)
    share: Float = total / np.maximum(total[:, -1:], 1e-12)
    return share
