"""How far a patch of anchors may trust the colours on which it is seen, for each range of yaw.

Gains are asked with the true pose and the true places: they shall say what is seen from where. With
predicted ones they would also say how far these are off, and what is seen would be mixed with what
was predicted: brows twice, a little apart.
"""

from collections.abc import Callable

import numpy as np
import torch

from inference.model.pixel_aligned import CANDIDATES, AlignedHead, expected_colours
from inference.model.reconstruction import ReconstructionModel
from training.pixel_aligned.cascade import Cascade
from training.pixel_aligned.views import AlignedViews

_ROWS = 8
_EVERY = 3
"""Of so many batches one is looked at: there are few gains, and each view has 65,536 anchors."""
_STRENGTH = 0.02
"""Of the ridge, a share of what an anchor's differences sum to on average (our choice)."""


def fit_gains(
    model: ReconstructionModel,
    views: AlignedViews,
    cascade: Cascade,
    say: Callable[[str], None],
) -> None:
    """Set the gains of the model's pixel-aligned branch."""
    branch, low_rank, head = model.pixel_aligned, model.low_rank, model.head
    assert branch is not None
    assert low_rank is not None
    patches, gates = branch.gains.shape[:2]
    unknown = gates * CANDIDATES
    squares = torch.zeros(patches, unknown, unknown)
    products = torch.zeros(patches, unknown)
    before = 0.0
    anchors = torch.arange(branch.mirror.numel()).view_as(branch.mirror)
    every = low_rank.gated(views.pooled)[1]
    taken = range(0, len(views), _ROWS * _EVERY)
    for at in taken:
        rows = slice(at, min(at + _ROWS, len(views)))
        coefficients, shape = cascade.coefficients[rows], cascade.shape[rows]
        maps, pose = views.maps(rows), cascade.pose[rows]
        probed = low_rank.of_anchors(coefficients, branch.probes[None])
        tone = branch.tone(low_rank, head, probed, pose, shape, maps)
        found = AlignedHead(pose, shape, every[rows], tone, maps)
        predicted = expected_colours(head, low_rank(coefficients, None).colours, anchors)
        numbers = range(at, rows.stop)
        seen = [views.seen(view, views.positions(view)) for view in numbers]
        own = torch.from_numpy(np.stack(seen))
        across = own[:, branch.mirror.flatten()]
        candidates = branch.candidates(
            found, predicted, low_rank.region, (anchors, own), (branch.mirror, across)
        )
        true = torch.from_numpy(np.stack([views.colours(view) for view in numbers]))
        wanted = true.view_as(predicted) - predicted
        # [P, equations, unknown]: gates times candidates, for 16 anchors and three colours
        rows_of = torch.einsum("bg,bpack->pbacgk", found.gates, candidates).flatten(1, 3).flatten(2)
        squares += rows_of.transpose(1, 2) @ rows_of
        answers = wanted.permute(1, 0, 2, 3).flatten(1, 3)
        products += (rows_of * answers[..., None]).sum(1)
        before += float(answers.abs().mean()) / len(taken)
    strength = _STRENGTH * squares.diagonal(dim1=1, dim2=2).mean()
    squares.diagonal(dim1=1, dim2=2).add_(strength)
    solved = torch.linalg.solve(squares, products)
    branch.gains.copy_(solved.view(patches, gates, CANDIDATES))
    say(f"colours off by {before:.4f} before")
