"""Ears come out from under hair that was painted away.

The fit lays ears under hair down and colours them as hair (inference.fitting.shape.covered_ears);
once the hair is gone they stand as the editing model has them, in the skin's colour.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from inference.editing.identity import ShapedHead
from inference.editing.projection import project, shrink
from inference.face_map.labels import Label
from inference.head.gaussians import FloatArray, Gaussians
from inference.head.template import HeadTemplate
from inference.rendering.camera import Camera

_GONE = 0.25  # share of an ear's place that must show less hair than it did
_BESIDE = 0.05  # metres around an ear whose skin tells how its own differs from the model's
_FEW = 50  # anchors of skin from which on it has a tone


def with_bared_ears(
    fitted: Gaussians,
    before: ShapedHead,
    template: HeadTemplate,
    labels: NDArray[np.uint8],  # [S, S] of the edited map
    base_labels: NDArray[np.uint8],  # [S, S] of the portrait's own
    camera: Camera,
) -> Gaussians:
    """A portrait's head with those ears that the edited map uncovers.

    Args:
        fitted: the portrait's head.
        before: what the editing model makes of the portrait's own map and style.
        template: labels and neighbours.
        labels: the edited face map.
        base_labels: the portrait's own.
        camera: of the maps.
    """
    cells = project(before.means, camera).cells
    lost = (shrink(base_labels) == Label.HAIR) & (shrink(labels) != Label.HAIR)
    bared = [
        ear
        for ear in (template.labels == Label.RIGHT_EAR, template.labels == Label.LEFT_EAR)
        if lost.ravel()[cells[ear]].mean() > _GONE
    ]
    if not bared:
        return fitted
    own = before.splats(template.neighbours)
    columns = {name: getattr(fitted, name).copy() for name in vars(fitted)}
    for ear in bared:
        skin = _skin_beside(ear, template)
        for name, values in columns.items():
            values[ear] = getattr(own, name)[ear]
        columns["means"][ear] += (fitted.means - own.means)[skin].mean(0)
        columns["colours"][ear] += (fitted.colours - own.colours)[skin].mean(0)
    columns["colours"] = np.clip(columns["colours"], 0, 1)
    return replace(fitted, **columns)


def _skin_beside(ear: NDArray[np.bool_], template: HeadTemplate) -> NDArray[np.bool_]:
    """[N] anchors of the face near an ear, or the whole face where there are few."""
    face = template.labels == Label.FACE
    away: FloatArray = template.anchors - template.anchors[ear].mean(0)
    near = face & (np.linalg.norm(away, axis=1) < _BESIDE)
    return near if near.sum() >= _FEW else face
