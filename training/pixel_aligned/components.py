"""Principal components of what low-rank heads lack, and what each view's head lacks in them."""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray

from inference.model.pixel_aligned import FACE, expected_places
from inference.model.reconstruction import ReconstructionModel
from training.anchors.data import SKIN
from training.anchors.regression import principal_components
from training.pixel_aligned.views import AlignedViews, Floats

_ROWS = 64


def fit_components(
    model: ReconstructionModel,
    views: AlignedViews,
    coefficients: torch.Tensor,  # [V, K]
    say: Callable[[str], None],
) -> tuple[torch.Tensor, list[Floats]]:
    """Components of what the low-rank places lack; sets the branch's.

    Returns:
        True coefficients [V, regions * C], of unit mean square, and a region's shares [C] each.
    """
    branch, low_rank = model.pixel_aligned, model.low_rank
    assert branch is not None
    assert low_rank is not None
    regions = low_rank.region.flatten().numpy()
    width = branch.config.shape
    basis = torch.zeros(len(regions), 3, width)
    wanted, shares = [], []
    for region in range(low_rank.config.regions):
        anchors = np.flatnonzero(regions == region)
        flat = _lacking(model, views, coefficients, anchors).reshape(len(views), -1)
        # Not centred: what all heads lack is a component too.
        found = principal_components(flat, np.ones_like(flat[0]), width, centred=False)
        wanted.append(torch.from_numpy(flat @ found.project.T))
        basis[anchors] = torch.from_numpy(found.columns).view(-1, 3, width)
        shares.append(found.share)
        held = len(views) * float((found.columns**2).sum()) / float(np.vdot(flat, flat))
        say(f"region {region}: {width} components hold {held:.2f} of what is missing")
    branch.shape_basis.copy_(basis.view_as(branch.shape_basis))
    return torch.cat(wanted, 1), shares


def _lacking(
    model: ReconstructionModel,
    views: AlignedViews,
    coefficients: torch.Tensor,  # [V, K]
    anchors: NDArray[np.int64],  # [A] of a region
) -> Floats:
    """True places less the low-rank ones, [V, A, 3] metres."""
    assert model.low_rank is not None
    face = model.low_rank.region.flatten()[anchors[0]] == FACE
    index = torch.from_numpy(anchors)[None]
    missing = np.empty((len(views), len(anchors), 3), np.float32)
    for at in range(0, len(views), _ROWS):
        offsets = model.low_rank.of_anchors(coefficients[at : at + _ROWS], index)
        found = expected_places(model.head, offsets.means, index)[:, 0].numpy()
        for view, row in enumerate(found, at):
            target = views.targets[views.heads[view]]
            missing[view] = target.positions[anchors] - row
            if face:  # what hides a face says nothing of it
                missing[view][target.kind[anchors] != SKIN] = 0
    return missing
