"""Which anchors of a portrait's head show hair, whatever the editing model takes them for.

In sight the face map tells. Out of sight, and along the map's border, the colours do: what lies
beside hair and looks more like it than like the face is hair too.
"""

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from inference.editing.projection import front, project, shrink, visible
from inference.face_map.labels import FEATURES, Label
from inference.head.gaussians import Gaussians
from inference.head.template import HeadTemplate
from inference.rendering.camera import Camera

_FEW = 50  # anchors from which on hair and face have a tone
_TONES = 3  # of hair: dark, usual, bright
_LIKE, _SURELY = 0.8, 0.4
"""How much nearer to hair than to the face a colour has to be; more so where nothing else tells."""
_BESIDE = 0.012  # metres from hair; two rounds
_TWO_CELLS = np.ones((5, 5), np.uint8)
_HAIRY = (Label.HAIR, Label.FACE, Label.NECK)
_EARS = (Label.LEFT_EAR, Label.RIGHT_EAR)
_NEVER = (*FEATURES, Label.INNER_MOUTH, *_EARS)


def portrait_hair(
    head: Gaussians,
    labels: NDArray[np.uint8],  # [S, S] the portrait's map
    camera: Camera,
    template: HeadTemplate,
) -> NDArray[np.bool_]:
    """[N] which anchors of a portrait's fitted head are hair."""
    seen = project(head.means, camera)
    _, depth = front(seen, template.labels)
    in_sight = visible(seen, depth)
    small = shrink(labels)
    shown = small.ravel()[seen.cells]
    scalp = template.labels == Label.HAIR
    # The ear has anchors of its own: the map says nothing about what lies beside it or behind.
    in_sight &= ~(scalp & np.isin(shown, _EARS))
    hair = in_sight & (shown == Label.HAIR)
    face = in_sight & (shown == Label.FACE) & (template.labels == Label.FACE)
    if hair.sum() < _FEW or face.sum() < _FEW:
        return hair
    tones = np.quantile(head.colours[hair], np.linspace(0.15, 0.85, _TONES), axis=0)
    skins = np.quantile(head.colours[face], np.linspace(0.25, 0.75, 2), axis=0)
    away = [np.abs(head.colours[:, None] - some[None]).sum(2).min(1) for some in (tones, skins)]
    bare = template.labels == Label.FACE  # to the template, and beside hair to the map
    like = away[0] < away[1] * np.where(scalp | (in_sight & ~bare), _LIKE, _SURELY)
    border = cv2.dilate((small == Label.HAIR).astype(np.uint8), _TWO_CELLS).ravel()
    beside = np.where(in_sight, border[seen.cells] > 0, np.isin(template.labels, _HAIRY))
    could = like & beside & ~np.isin(template.labels, _NEVER)
    # Scalp that nobody saw took its tone from hair or from the face.
    hair |= could & ~in_sight & scalp
    for _ in range(2):
        others = np.flatnonzero(could & ~hair)
        near, _ = cKDTree(head.means[hair]).query(head.means[others], distance_upper_bound=_BESIDE)
        hair[others[np.isfinite(near)]] = True
    return hair


class KnownHair:
    """Keeps the answer for the newest portrait: every edit of it asks."""

    def __init__(self, template: HeadTemplate) -> None:
        self._template = template
        self._last: tuple[Gaussians, NDArray[np.uint8], NDArray[np.bool_]] | None = None

    def of(self, head: Gaussians, labels: NDArray[np.uint8], camera: Camera) -> NDArray[np.bool_]:
        """As portrait_hair; the camera is the one that the head was fitted with."""
        last = self._last  # of one moment, whatever other threads do
        if last is not None and last[0] is head and np.array_equal(last[1], labels):
            return last[2]
        found = portrait_hair(head, labels, camera, self._template)
        self._last = (head, labels, found)
        return found
