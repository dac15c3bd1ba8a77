"""Where each template anchor is in a synthetic head, and its colour there: the exact target."""

from dataclasses import replace

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from training.synthetic.assets import Assets
from training.synthetic.hair_anchors import HairCloud
from training.synthetic.head import Head
from training.synthetic.labels import Kind
from training.synthetic.labels import Surface as Material
from training.synthetic.pictures import AnchorTargets, Renderer, SurfacePoints
from training.synthetic.worn_anchors import WornAnchors, capsule_map
from training.template.hm08 import AVERAGE_ADULT
from training.template.labels import Label, Part

Single = NDArray[np.float32]
Float = NDArray[np.float64]

# Radial quantile of the hair's thickness that each of the 16 anchors of a patch takes, so that
# the same anchor always stands for the same layer (our choice: most lie near the surface).
_LAYERS = np.array([1, 0.9, 0.7, 1, 0.5, 1, 0.85, 1, 0.95, 1, 0.6, 1, 1, 0.75, 0.95, 0.3])
_FARTHEST = 0.14  # metres that an anchor may leave the skin
_HAIR_POINTS = 130000
_LEAST, _FACE_LEAST = 10, 14  # hair points in its direction that an anchor leaves the skin for
_LOCK = 24  # anchors whose tones are averaged
_SPREAD = 0.9  # of the way to an even spread over the hair's surface (our choice)


class AnchorBinding:
    """Ties the template's anchors to the drawn mesh; built once.

    Args:
        assets: what heads are made from.
    """

    def __init__(self, assets: Assets) -> None:
        self._assets = assets
        mesh, surface, anchors = assets.mesh, assets.surface, assets.anchors
        average = mesh.canonical(mesh.identity(AVERAGE_ADULT))
        self.rest: Float = anchors.weights @ average
        rows, columns, values = [], [], []
        for part in np.unique(anchors.parts):
            wanted = np.flatnonzero(anchors.parts == part)
            there = np.flatnonzero(surface.parts == part)
            distance, nearest = cKDTree(surface.rest[there]).query(self.rest[wanted], 4)
            weight = 1 / (distance + 3e-4)
            rows.append(np.repeat(wanted, 4))
            columns.append(there[nearest].ravel())
            values.append((weight / weight.sum(1, keepdims=True)).ravel())
        entry = (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns)))
        self._blend = sp.csr_matrix(entry, (len(self.rest), len(surface.gather)))
        self._fields = (self._blend @ surface.fields).astype(np.float32)
        skin = anchors.parts == Part.SKIN
        self._cloth = np.flatnonzero(
            skin & (anchors.labels == Label.NECK) & (self.rest[:, 1] < -0.06)
        )
        bare = (Label.HAIR, Label.FACE, Label.NECK, Label.LEFT_EAR, Label.RIGHT_EAR)
        self._hairy = np.flatnonzero(skin & np.isin(anchors.labels, bare))
        self._worn = WornAnchors(self.rest, anchors, self._hairy, self._cloth)

    def _surface(self, head: Head) -> SurfacePoints:
        anchors, gather = self._assets.anchors, self._assets.surface.gather
        normals = self._blend @ head.normals[gather]
        normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9)
        return SurfacePoints(
            points=(anchors.weights @ head.vertices).astype(np.float32),
            normals=normals.astype(np.float32),
            rest=self.rest.astype(np.float32),
            uvs=anchors.uvs,
            fields=self._fields,
            scalp=(self._blend @ head.scalp[gather]).astype(np.float32),
            labels=anchors.labels.astype(np.float32),
            parts=anchors.parts.astype(np.float32),
        )

    def targets(self, head: Head, renderer: Renderer) -> AnchorTargets:
        """The anchors of a head that is loaded in `renderer`."""
        at = self._surface(head)
        made = AnchorTargets(
            positions=at.points.copy(),
            normals=at.normals.copy(),
            colours=np.clip(renderer.bake_surface(at)[:, :3], 0, 1),
            labels=self._skin_labels(head, at),
            kinds=np.full(len(at.points), Kind.SKIN, np.uint8),
            directions=np.zeros_like(at.points),
        )
        self._wear_cloth(head, at, renderer, made)
        hatted = self._worn.under_hat(head)
        if head.strands is not None:
            free = np.setdiff1d(self._hairy, hatted)
            self._wear_hair(head, free, at, renderer, made)
        self._worn.wear(head, hatted, renderer, made)
        return made

    def _skin_labels(self, head: Head, at: SurfacePoints) -> NDArray[np.uint8]:
        """FaRL class [A] of the bare head: the scalp is hair where hair covers it."""
        labels = self._assets.anchors.labels.copy()
        scalp = labels == Label.HAIR
        covered = at.scalp * head.style.undercoat > 0.4
        labels[scalp & ~covered] = Label.FACE
        labels[covered & np.isin(labels, (Label.FACE, Label.NECK))] = Label.HAIR
        return labels

    def _wear_cloth(
        self, head: Head, at: SurfacePoints, renderer: Renderer, made: AnchorTargets
    ) -> None:
        c = self._cloth
        offset = head.cloth.offset(self.rest[c]).astype(np.float32)[:, None]
        picked = {name: getattr(at, name)[c] for name in SurfacePoints.__dataclass_fields__}
        worn = replace(
            SurfacePoints(**picked),
            points=at.points[c] + at.normals[c] * offset,
            labels=np.full(len(c), Label.CLOTH, np.float32),
            parts=np.full(len(c), Material.CLOTH, np.float32),
            scalp=head.cloth.cover(self.rest[c]).astype(np.float32),
        )
        baked = renderer.bake_surface(worn)
        covered = baked[:, 3] > 0.5
        made.put(c[covered], worn.points[covered], worn.normals[covered], baked[covered, :3])
        made.labels[c[covered]] = Label.CLOTH
        made.kinds[c[covered]] = Kind.CLOTH

    def _wear_hair(
        self,
        head: Head,
        free: NDArray[np.int64],
        at: SurfacePoints,
        renderer: Renderer,
        made: AnchorTargets,
    ) -> None:
        """Send anchors `free` out to the hair in their direction, spread over what is seen."""
        strands = head.strands
        assert strands is not None
        points = strands.points.reshape(-1, 3)
        step = max(1, len(points) // _HAIR_POINTS)
        while np.gcd(step, strands.points.shape[1]) > 1:  # else some places along hairs never come
            step += 1
        chosen = np.arange(0, len(points), step)
        pieces = np.linalg.norm(np.gradient(strands.points, axis=1), axis=2)
        areas = (2 * step * strands.half_widths * pieces).ravel()
        tangents = strands.tangents.reshape(-1, 3)
        cloud = HairCloud(
            points[chosen], renderer.strand_colours[chosen], tangents[chosen], areas[chosen]
        )
        skin = at.points[free]
        maps, _, radius = capsule_map(skin)
        layer = _LAYERS[free % len(_LAYERS)]
        ahead = cloud.at(maps, radius, layer)
        # A few loose strands before the face must not tear holes into it.
        face = np.isin(self._assets.anchors.labels[free], (Label.FACE, Label.NECK))
        least = np.where(face, _FACE_LEAST, _LEAST)
        out = np.flatnonzero((ahead.count >= least) & (ahead.radii - radius < _FARTHEST))
        if len(out) == 0:
            return
        aims = cloud.spread(maps[out], _SPREAD)
        floor = radius[cKDTree(maps).query(aims)[1]]
        beside = cloud.at(aims, floor, layer[out])
        straight = _place(maps[out], np.maximum(ahead.radii, radius + 0.0005)[out])
        moved = _place(aims, np.maximum(beside.radii, floor + 0.0005))
        there = (beside.count >= _LEAST) & (np.linalg.norm(moved - skin[out], axis=1) < _FARTHEST)
        place = np.where(there[:, None], moved, straight)
        tones = np.where(there[:, None], beside.tones, ahead.tones[out])
        # One hair's tone is not that of the lock around it, which is what one splat shows.
        tones = tones[cKDTree(place).query(place, min(_LOCK, len(place)))[1]]
        tones = tones.reshape(len(place), -1, 3).mean(1)
        who = free[out]
        _, axis, away = capsule_map(place)
        made.put(who, place, (place - axis) / away[:, None], tones.astype(np.float32))
        made.labels[who] = Label.HAIR
        made.kinds[who] = Kind.HAIR
        made.directions[who] = np.where(there[:, None], beside.directions, ahead.directions[out])


def _place(maps: Single, radii: Float) -> Single:
    """Points [N, 3] in directions maps [N, 3] at distances [N] from the axis."""
    _, axis, unit = capsule_map(maps)
    place: Single = (axis + (maps - axis) / unit[:, None] * radii[:, None]).astype(np.float32)
    return place
