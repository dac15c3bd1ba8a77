"""Where beards grow: elsewhere a beard says nothing of an anchor's colour.

Few heads have full beards, and what else they have in common, a fringe, a tan, would be taken for
part of the beard.
"""

import numpy as np
import torch
from numpy.typing import NDArray

from inference.face_map.labels import Label
from inference.head.template import HeadTemplate
from inference.model.config import EditingBranchConfig
from inference.model.editing_branch import EditingBranch, PatchTable

BEARD_NUMBERS = (15, 16, 17, 32, 33, 34, 35, 36)
"""Numbers of the palette that are about it: colour of the chin, and which beard."""

_SIDE = 0.045  # metres from the middle from which on a face is cheek and jaw
_BELOW_NOSE, _BELOW_EYES = 0.004, 0.012  # metres
_LOWEST = 0.06  # metres below the lips
_SOFT = 0.008  # metres over which the region ends


def beard_region(template: HeadTemplate) -> NDArray[np.float32]:
    """[N] 0..1: 1 on upper lip, chin, jaw and before the ears."""
    place, labels = template.anchors, template.labels
    nose = place[labels == Label.NOSE][:, 1].min() + _BELOW_NOSE
    eyes = place[np.isin(labels, (Label.LEFT_EYE, Label.RIGHT_EYE))][:, 1].mean() - _BELOW_EYES
    lips = place[labels == Label.LOWER_LIP][:, 1].min()
    side = np.clip((np.abs(place[:, 0]) - _SIDE) / 0.01, 0, 1)
    highest = nose + side * (eyes - nose)
    top = np.clip((highest - place[:, 1]) / _SOFT, 0, 1)
    bottom = np.clip((place[:, 1] - (lips - _LOWEST)) / _SOFT, 0, 1)
    front = np.clip((place[:, 2] + 0.02) / _SOFT, 0, 1)
    there = np.isin(labels, (Label.FACE, Label.NECK, Label.UPPER_LIP, Label.LOWER_LIP))
    return np.asarray(top * bottom * front * there, np.float32)


def confine_beards(
    branch: EditingBranch,
    config: EditingBranchConfig,
    region: NDArray[np.float32],  # [N]
    mean: NDArray[np.float32],  # [40] of the palettes that the branch was made from
) -> None:
    """Let skin outside of the region keep the colour that it has with an average beard."""
    table = branch.colours[0]
    assert isinstance(table, PatchTable)
    columns = config.columns[0]
    about = [place for place, number in enumerate(columns) if number in BEARD_NUMBERS]
    values = table.values.float() * table.scale
    usual = torch.from_numpy(mean[list(columns)])[about].float()
    share = torch.from_numpy(region).view(branch.shape)[table.patches.long()]  # [p, 16]
    outside = (1 - share)[..., None, None]
    centre = table.centre + ((outside * values[..., about]) * usual).sum(-1)
    values[..., about] = values[..., about] * share[..., None, None]
    with torch.no_grad():
        table.put(table.patches.clone(), centre, values)
