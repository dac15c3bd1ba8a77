"""Wrinkles of the age that a style asks for: dark creases beside light ridges on bare skin.

Wrinkles of many heads, anchor by anchor, average to nothing, but where they form is known.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.editing.creases import shade_of_creases
from inference.editing.kinds import SKIN
from inference.editing.spread import EDGE, faces, pixels_of, sampled
from inference.face_map.labels import Label
from inference.head.gaussians import FloatArray
from inference.head.template import HeadTemplate
from inference.rendering.camera import Camera

_BARE = (Label.FACE, Label.NOSE, Label.NECK)
_SMOOTH, _LINED = 0.42, 0.76  # centuries of age below which there are none, from which all are deep
_SAME, _YOUNGER = 0.05, 0.2  # centuries younger from which on wrinkles go, and are gone
_OLDER = 0.12  # centuries that a style must add to a portrait for all that it then says to show
_WARM = np.array([0.75, 1.1, 1.2], np.float32)  # light that comes out of a crease is red
_DEEPEST = 0.36  # of the logarithm of the brightness
_SOFT = 2.0  # pixels of the grid over which wrinkles end where the map shows no skin

_FRONT = 0.01  # metres before the middle of the head where the face begins
_ROUNDS, _FILLED, _DULLED = 8, 0.85, 0.6
"""How far skin is smoothed, and how much of what is darker and lighter than that goes."""


def removed_age(asked: float, own: float) -> float:
    """0..1 how much of a portrait's own wrinkles a style wants to be gone."""
    return float(np.clip((own - asked - _SAME) / _YOUNGER, 0, 1))


def added_age(asked: float, own: float) -> float:
    """The age to paint on a portrait, centuries: what is asked, or none that is not older."""
    return _SMOOTH + (asked - _SMOOTH) * float(np.clip((asked - own) / _OLDER, 0, 1))


class Wrinkles:
    """Where a template's skin wrinkles, found once."""

    def __init__(self, template: HeadTemplate) -> None:
        self._template = template
        early, late = (shade_of_creases(template, which) for which in (False, True))
        bare = np.isin(template.labels, _BARE)
        self._creased = np.flatnonzero(((early != 0) | (late != 0)) & bare)
        front = (template.labels == Label.FACE) & (template.anchors[:, 2] > _FRONT)
        self._skin = np.flatnonzero(front)
        self._early, self._late = early, late

    def paint(
        self,
        colours: FloatArray,  # [N, 3]
        means: FloatArray,  # [N, 3] metres
        kinds: NDArray[np.int64],  # [N]
        labels: NDArray[np.uint8],  # [S, S] the face map
        camera: Camera,
        age: float,  # centuries
        contrast: float = 1.0,
    ) -> FloatArray:
        """Colours [N, 3] with the wrinkles of that age on bare skin; below 42 years the same.

        Skin of a photograph, which has lights of its own, needs more contrast for them to show.
        """
        wear = float(np.clip((age - _SMOOTH) / (_LINED - _SMOOTH), 0, 1))
        if wear == 0:
            return colours
        who, bare = self._bare(self._creased, means, kinds, labels, camera)
        shade = np.maximum(wear * self._early[who] + wear * wear * self._late[who], -_DEEPEST)
        shade = contrast * shade * bare
        made = colours.copy()
        made[who] = np.clip(made[who] * np.exp(shade[:, None] * _WARM), 0, 1)
        return made

    def smoothed(
        self,
        colours: FloatArray,  # [N, 3]
        means: FloatArray,  # [N, 3] metres
        kinds: NDArray[np.int64],  # [N]
        labels: NDArray[np.uint8],  # [S, S] the face map
        camera: Camera,
        amount: float,  # 0..1
    ) -> FloatArray:
        """Colours [N, 3] with wrinkles of a photograph's face filled."""
        if amount == 0:
            return colours
        who, bare = self._bare(self._skin, means, kinds, labels, camera)
        beside = self._template.neighbours[who]
        light = colours.mean(1)
        soft = light.copy()
        for _ in range(_ROUNDS):
            soft[who] = 0.5 * soft[who] + 0.5 * soft[beside].mean(1)
        change = (soft[who] - light[who]) / np.maximum(light[who], 0.05)
        # Creases are darker than what is around them; where something dark begins, nothing is.
        share = amount * bare * np.where(change > 0, _FILLED, _DULLED)
        made = colours.copy()
        made[who] = np.clip(made[who] * (1 + share * change)[:, None], 0, 1)
        return made

    def _bare(
        self,
        anchors: NDArray[np.int64],
        means: FloatArray,
        kinds: NDArray[np.int64],
        labels: NDArray[np.uint8],
        camera: Camera,
    ) -> tuple[NDArray[np.int64], FloatArray]:
        """Those of some anchors that are skin, [n], and how bare [n] 0..1 the map shows each."""
        who = anchors[kinds[anchors] == SKIN]
        wide = cv2.resize(labels, (EDGE, EDGE), interpolation=cv2.INTER_NEAREST)
        bare = sampled(np.isin(wide, _BARE), pixels_of(means[who], camera), _SOFT)
        seen = faces(means[who], self._template.normals[who], camera)
        return who, np.where(seen, bare, 1.0).astype(np.float32)
