"""The colours of a synthetic head's parts, and of the light on it, off its exact anchors."""

import functools

import numpy as np
from numpy.typing import NDArray

from inference.face_map.labels import Label
from inference.head.template import HeadTemplate
from training.anchors.data import CLOTH, GLASSES, HAIR, HAT, SKIN, HeadTargets

PARTS = ("hair", "skin", "lips", "brow", "eyes", "chin", "cloth", "glasses", "hat", "light")
"""Rows of a palette. "chin" is where a beard would be; "light" holds the logarithms of the
face's brightness left over right, above over below, and in all."""

_FEW = 40  # anchors below which a part's colour is not told
_FACE = (Label.FACE, Label.NOSE)
_LIPS = (Label.UPPER_LIP, Label.LOWER_LIP)
_BROWS = (Label.LEFT_BROW, Label.RIGHT_BROW)
_EYES = (Label.LEFT_EYE, Label.RIGHT_EYE)


@functools.cache
def _masks() -> dict[str, NDArray[np.bool_]]:
    """Which anchors of the template belong to which part of a bare face."""
    template = HeadTemplate.load()
    labels, place = template.labels, template.anchors
    face = np.isin(labels, _FACE)
    eyes = np.isin(labels, _EYES)
    centres = [place[labels == side].mean(0) for side in _EYES]
    iris = np.min([np.linalg.norm(place[:, :2] - c[:2], axis=1) for c in centres], 0) < 0.005
    chin = place[labels == Label.LOWER_LIP].mean(0)
    below = (place[:, 1] < chin[1] - 0.005) & (place[:, 1] > chin[1] - 0.05)
    return {
        "skin": face & (place[:, 1] > chin[1] + 0.02),
        "lips": np.isin(labels, _LIPS),
        "brow": np.isin(labels, _BROWS),
        "eyes": eyes & iris,
        "chin": face & below & (place[:, 2] > 0.0),
        "left": face & (place[:, 0] > 0.02),
        "right": face & (place[:, 0] < -0.02),
        "above": face & (place[:, 1] > 0.04),
        "below": face & (place[:, 1] < 0.0),
    }


def measure_palette(targets: HeadTargets) -> NDArray[np.float32]:
    """The palette [P, 3], colours 0..1; NaN where the head has no such part."""
    colours = targets.colours.astype(np.float32) / 255
    kinds = {"hair": HAIR, "cloth": CLOTH, "glasses": GLASSES, "hat": HAT}
    bare = targets.kind == SKIN
    rows = []
    for part in PARTS[:-1]:
        mask = targets.kind == kinds[part] if part in kinds else _masks()[part] & bare
        enough = mask.sum() >= _FEW
        rows.append(np.median(colours[mask], axis=0) if enough else np.full(3, np.nan, np.float32))
    grey = colours.mean(1) + 0.02
    where = {
        name: np.log(grey[_masks()[name] & bare]).mean() if (_masks()[name] & bare).any() else 0.0
        for name in ("left", "right", "above", "below", "skin")
    }
    light = [where["left"] - where["right"], where["above"] - where["below"], where["skin"]]
    return np.array([*rows, light], np.float32)
