"""Which anchors stand for worn things: those that the thing hides take its place.

A hat carries the scalp's anchors, spread over it by area. Rims and temples of glasses carry the
skin's anchors straight behind them (the front along the face's axis, the temples sideways), dark
lenses three of four of those behind them; clear lenses carry none, as the eyes must stay. A
collar and a necklace carry those of the neck below, earrings some on the back of the ear lobe.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from training.synthetic.accessories import Accessory
from training.synthetic.assets import AnchorMap
from training.synthetic.hats import CENTRE, Hat
from training.synthetic.head import Head
from training.synthetic.labels import Kind
from training.synthetic.meshes import closest_points, unit
from training.synthetic.pictures import AnchorTargets, Renderer
from training.template.labels import Label, Part

Single = NDArray[np.float32]
Float = NDArray[np.float64]
Int = NDArray[np.int64]

_TOP = np.array([0.0, 1.0, -0.12]) / np.linalg.norm([0.0, 1.0, -0.12])
_BINS = 72
_BEHIND = 0.0010  # metres beside a rim or temple within which anchors are taken for it
_BEHIND_LENS = 0.0034
_FACING = 0.3  # cosine between the skin's normal and the way to what stands before it
_COLLAR_REACH, _NECKLACE_REACH = 0.0075, 0.0030  # on the map's unit of 0.1 m
_LOBE = np.array([0.0712, -0.0140, -0.0155])
_EAR_ANCHORS = 28


def capsule_map(points: Single) -> tuple[Single, Single, Single]:
    """Spread points round a vertical capsule inside head and neck.

    Returns:
        Map coordinates [N, 3] (the direction scaled to 0.1 m, at the axis point's height),
        the nearest points of the axis [N, 3], and the distances from it [N], metres.
    """
    zero = np.zeros(len(points), np.float32)
    height = np.clip(points[:, 1], -0.25, 0.03)
    axis = np.stack([zero, height, np.full_like(zero, -0.03)], 1)
    outward = points - axis
    radius = np.maximum(np.linalg.norm(outward, axis=1), 1e-6)
    return axis + outward / radius[:, None] * 0.1, axis, radius


def _bilinear(grid: Float, row: Float, column: Float) -> Float:
    """Values [N, C] of a grid [R, 72, C] that wraps round, at fractional rows and columns."""
    above = np.clip(np.floor(row).astype(int), 0, len(grid) - 2)
    left = np.floor(column).astype(int)
    u, v = (row - above)[:, None], (column - left)[:, None]
    columns = grid.shape[1]
    left, right = left % columns, (left + 1) % columns
    upper = grid[above, left] * (1 - v) + grid[above, right] * v
    lower = grid[above + 1, left] * (1 - v) + grid[above + 1, right] * v
    value: Float = upper * (1 - u) + lower * u
    return value


class WornAnchors:
    """Moves anchors onto what is worn.

    Args:
        rest: [A, 3] anchors of the average head, metres.
        anchors: the template.
        hairy: anchors that a hat may take.
        neck: anchors that cloth may take.
    """

    def __init__(self, rest: Float, anchors: AnchorMap, hairy: Int, neck: Int) -> None:
        self._rest, self._hairy, self._neck = rest, hairy, neck
        skin = anchors.parts == Part.SKIN
        labels = anchors.labels
        self._before = np.flatnonzero(
            (rest[:, 2] > 0.025)
            & np.isin(anchors.parts, (Part.SKIN, Part.EYEBALL))
            & ~np.isin(labels, (Label.UPPER_LIP, Label.LOWER_LIP))
        )
        self._beside = np.flatnonzero(skin & (np.abs(rest[:, 0]) > 0.05) & (rest[:, 2] < 0.06))
        self._lobes = []
        for side, label in ((1, Label.LEFT_EAR), (-1, Label.RIGHT_EAR)):
            ear = np.flatnonzero(labels == label)
            lobe = _LOBE * np.array([side, 1, 1])
            # The inner side of the lobe is the hidden one.
            hidden = np.abs(rest[ear, 0]) * 1.5
            far = np.linalg.norm(rest[ear] - lobe, axis=1) + hidden
            self._lobes.append(ear[np.argsort(far, kind="stable")[:_EAR_ANCHORS]])

    def under_hat(self, head: Head) -> Int:
        """Anchors [N] that the head's hat takes."""
        if head.hat is None:
            return np.empty(0, np.int64)
        taken: Int = self._hairy[head.hat.look.above(self._rest[self._hairy]) > 0]
        return taken

    def wear(self, head: Head, hatted: Int, renderer: Renderer, made: AnchorTargets) -> None:
        """Move the anchors of a head that is loaded in `renderer`; `hatted` as under_hat gave."""
        baked = {id(thing): renderer.bake_worn(thing) for thing in head.accessories}
        if head.hat is not None:
            colours = [baked[id(piece)] for piece in head.hat.pieces]
            self._wear_hat(head.hat, hatted, np.concatenate(colours)[:, :3], made)
        for thing in head.accessories:
            colour = baked[id(thing)]
            if thing.name == "collar":
                who = self._wear_round(thing, colour, _COLLAR_REACH, made)
                made.labels[who], made.kinds[who] = Label.CLOTH, Kind.CLOTH
            elif thing.label == Label.NECKLACE:
                who = self._wear_round(thing, colour, _NECKLACE_REACH, made)
                made.labels[who], made.kinds[who] = Label.NECKLACE, Kind.JEWELLERY
            elif thing.label == Label.EARRING:
                self._wear_earrings(thing, colour, made)
            elif thing.label == Label.GLASSES and not thing.clear:
                self._wear_frame(thing, colour, made)
            elif thing.label == Label.GLASSES and thing.finish.opacity > 0.5:
                self._wear_lenses(thing, colour, made)

    def _wear_hat(self, hat: Hat, who: Int, colours: Single, made: AnchorTargets) -> None:
        vertices = np.concatenate([piece.points for piece in hat.pieces])
        normals = np.concatenate([piece.normals for piece in hat.pieces])
        away = self._rest[who] - CENTRE
        azimuth = np.arctan2(away[:, 0], away[:, 2]) % (2 * np.pi)
        column = azimuth / (2 * np.pi) * _BINS
        polar = np.arccos(np.clip(unit(away) @ _TOP, -1, 1))
        # The share of the covered scalp above an anchor; the rim is where the lowest ones are.
        rim = np.zeros(_BINS)
        np.maximum.at(rim, column.astype(int) % _BINS, polar)
        rim = np.convolve(np.tile(rim, 3), np.full(5, 0.2), "same")[_BINS : 2 * _BINS]
        limit = np.interp(
            azimuth, (np.arange(_BINS) + 0.5) / _BINS * 2 * np.pi, rim, period=2 * np.pi
        )
        share = np.clip((1 - np.cos(polar)) / (1 - np.cos(limit)), 0, 1)
        full = hat.grids[0]
        centre = full[-1].mean(0)
        ring = np.hypot(*(full - centre)[..., [0, 2]].transpose(2, 0, 1)).mean(1)
        height = np.linalg.norm(np.diff(full, axis=0), axis=2).mean(1)
        area = np.concatenate([[0], np.cumsum(height * (ring[1:] + ring[:-1]))])
        above = 1 - area / area[-1]  # of each row: the share of the hat that lies above it
        row = np.interp(-share, -above, np.arange(len(full)))
        below = np.concatenate([np.full(len(p.points), "below" in p.name) for p in hat.pieces])
        for number, grid in enumerate(hat.grids):
            chosen = np.ones(len(who), bool)
            if number > 0:  # the brim from below: every third of those on the brim
                chosen = (who % 3 == 0) & (row < len(grid) - 1)
            grid_at = _bilinear(grid, row[chosen], column[chosen])
            sheet = np.flatnonzero(below == (number > 0))
            distance, nearest = cKDTree(vertices[sheet]).query(grid_at, 3)
            nearest = sheet[nearest]
            weight = 1 / (distance + 1e-4)
            weight /= weight.sum(1, keepdims=True)
            normal = unit(np.einsum("nk,nkc->nc", weight, normals[nearest].astype(np.float64)))
            colour = np.einsum("nk,nkc->nc", weight, colours[nearest])
            target = who[chosen]
            made.put(
                target,
                grid_at.astype(np.float32),
                normal.astype(np.float32),
                colour.astype(np.float32),
            )
        made.labels[who], made.kinds[who] = Label.HAT, Kind.HAT

    def _wear_round(
        self, thing: Accessory, colours: Single, reach: float, made: AnchorTargets
    ) -> Int:
        """Send the neck's anchors out to a thing in their direction; returns those that moved."""
        maps, _, radii = capsule_map(thing.points)
        own, axis, radius = capsule_map(made.positions[self._neck])
        distance, nearest = cKDTree(maps).query(own, 6, distance_upper_bound=reach)
        found = np.isfinite(distance)
        nearest = np.where(found, nearest, 0)
        away = np.where(found, radii[nearest], -1.0)
        farthest = away.max(1)
        moved = farthest > radius + 0.0003
        outward = (made.positions[self._neck] - axis) / radius[:, None]
        place = axis + outward * farthest[:, None]
        who: Int = self._neck[moved]
        _put_on(thing, colours, who, place[moved], made)
        return who

    def _wear_earrings(self, thing: Accessory, colours: Single, made: AnchorTargets) -> None:
        half = len(thing.points) // 2
        for start, lobe in zip((0, half), self._lobes, strict=True):
            spread = start + np.linspace(0, half - 1, len(lobe)).round().astype(int)
            made.put(lobe, thing.points[spread], thing.normals[spread], colours[spread, :3])
            made.labels[lobe], made.kinds[lobe] = Label.EARRING, Kind.JEWELLERY

    def _wear_frame(self, thing: Accessory, colours: Single, made: AnchorTargets) -> None:
        eye_depth = float(np.quantile(thing.points[:, 2], 0.97)) - 0.022
        front = np.flatnonzero((thing.points[:, 2] > eye_depth) & (thing.normals[:, 2] > 0.3))
        self._project(thing, front, self._before, colours, made, 2, _BEHIND)
        for side in (1, -1):
            arm = (thing.points[:, 0] * side > 0.03) & (thing.normals[:, 0] * side > 0.3)
            beside = self._beside[self._rest[self._beside, 0] * side > 0]
            self._project(thing, np.flatnonzero(arm), beside, colours, made, 0, _BEHIND)

    def _wear_lenses(self, thing: Accessory, colours: Single, made: AnchorTargets) -> None:
        lens = np.arange(len(thing.points))
        self._project(thing, lens, self._before, colours, made, 2, _BEHIND_LENS)

    @staticmethod
    def _project(
        thing: Accessory,
        vertices: Int,
        pool: Int,
        colours: Single,
        made: AnchorTargets,
        axis: int,
        reach: float,
    ) -> None:
        """Move anchors of `pool` along an axis onto the vertices of a thing in front of them."""
        # A quarter stays, so that the skin behind has no holes when seen from elsewhere.
        pool = pool[(made.kinds[pool] != Kind.HAT) & (pool % 4 != 3)]
        flat = [k for k in range(3) if k != axis]
        points = thing.points[vertices]
        distance, nearest = cKDTree(points[:, flat]).query(
            made.positions[pool][:, flat], 3, distance_upper_bound=2 * reach
        )
        near = distance[:, 0] < reach
        own, distance, nearest = pool[near], distance[near], nearest[near]
        weight = np.where(np.isfinite(distance), 1 / (distance + 2e-4), 0)
        weight /= weight.sum(1, keepdims=True)
        nearest = np.minimum(nearest, len(vertices) - 1)
        depth = (points[nearest][..., axis] * weight).sum(1)
        before = np.sign(depth) * (depth - made.positions[own, axis]) > 0
        # Skin that falls away would lose a long strip behind a narrow rim.
        before &= np.sign(depth) * made.normals[own, axis] > _FACING
        own, depth = own[before], depth[before]
        place = made.positions[own].copy()
        place[:, axis] = depth
        _put_on(thing, colours, own, place, made)
        made.labels[own], made.kinds[own] = Label.GLASSES, Kind.GLASSES


def _put_on(
    thing: Accessory, colours: Single, who: Int, place: Single, made: AnchorTargets
) -> None:
    """Put anchors `who` on the points of a thing that are nearest to places [N, 3]."""
    if len(who) == 0:
        return
    points = thing.points.astype(np.float64)
    on, triangle = closest_points(place.astype(np.float64), points, thing.triangles)
    corner = thing.triangles[triangle]
    far = np.linalg.norm(thing.points[corner] - on[:, None], axis=-1)
    weight = 1 / (far + 1e-5)
    weight /= weight.sum(1, keepdims=True)
    normal = unit((thing.normals[corner] * weight[..., None]).sum(1))
    baked = (colours[corner] * weight[..., None]).sum(1)
    # Lenses let a little of what lies behind them through.
    colour = baked[:, :3] + made.colours[who] * (1 - baked[:, 3:])
    made.put(who, on.astype(np.float32), normal.astype(np.float32), colour.astype(np.float32))
