"""The latent of a head's geometry: what it truly is, and how far a linear map reads it off maps."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from inference.head.template import HeadTemplate
from inference.model.editing_branch import KINDS, POSE, EditingBranch
from training.anchors.patch_sampling import anchors_of
from training.editing.map_heads import MapHeads
from training.editing.map_ridge import ANEW, MENDING, held_out_ridge, ridge_of_maps

Array = NDArray[np.float32]

MIRROR_PLACE = np.array([-1, 1, 1], np.float32)
MIRROR_POSE = np.array([-1, 1, -1, -1, 1, 1], np.float32)
_STEP = 4  # every fourth patch tells
_DOUBT = 30.0  # anchors' worth of doubt in each number of a latent (our choice)


@dataclass(frozen=True)
class Latents:
    """Latents of heads and, in the second half of each array, of their mirrored twins.

    Attributes:
        true: [2 H, Z] those with which the branch's tables come nearest to the heads.
        read: [2 V, Z] what a linear map says of each map when its head is not fitted.
        importance: [Z] mean square of what a unit of each number moves, in spreads.
    """

    true: Array
    read: Array
    importance: Array


def place_tables(
    branch: EditingBranch,
    patches: torch.Tensor,  # [P]
) -> tuple[Array, Array]:
    """Where anchors lie by kind: at the zero latent [A, 4, 3], and a unit's way [A, 4, 3, Z]."""
    width = branch.config.latent
    palette = torch.zeros(1, branch.config.palette)
    with torch.no_grad():
        at = [
            branch(code[None], palette, patches).places[0].flatten(0, 1)
            for code in torch.cat([torch.zeros(1, width), torch.eye(width)])
        ]
    ways = torch.stack([place - at[0] for place in at[1:]], dim=-1)
    return at[0].numpy(), ways.numpy()


def true_latents(
    branch: EditingBranch, heads: MapHeads, template: HeadTemplate, spread: Array
) -> tuple[Array, Array]:
    """Regularised least squares over the anchors, each as what it truly is.

    Args:
        branch: whose tables are kept.
        heads: their places.
        template: says which anchor is whose twin.
        spread: [N] metres, each anchor's own scale.

    Returns:
        Latents [2 H, Z], mirrored twins in the second half, and importance as in Latents.
    """
    per_patch = branch.shape[1]
    patches = torch.arange(0, branch.shape[0], _STEP)
    anchors = anchors_of(patches.numpy(), per_patch)
    centre, ways = place_tables(branch, patches)
    kinds, rows = heads.anchor_kinds(), np.arange(len(anchors))
    width = ways.shape[-1]
    found, grams = [], np.zeros((width, width))
    for twin in (False, True):
        chosen = template.mirror[anchors] if twin else anchors
        flip = MIRROR_PLACE if twin else np.ones(3, np.float32)
        for places, kind in zip(heads.positions, kinds, strict=True):
            known = kind[chosen] < len(KINDS)
            own = np.where(known, kind[chosen], 0)
            weight = (known / spread[anchors])[:, None]
            ahead = (places[chosen].astype(np.float32) * flip - centre[rows, own]) * weight
            design = (ways[rows, own] * weight[..., None]).reshape(-1, width)
            gram = design.T @ design
            # A latent's numbers are metres; their doubt is that of so many anchors.
            own_share = np.diag(gram)
            least = 1e-6 * own_share.max() + 1e-12  # a number may move nothing
            doubt = np.diag(own_share * (_DOUBT / max(1, known.sum())) + least)
            found.append(np.linalg.solve(gram + doubt, design.T @ ahead.ravel()))
            grams += gram / known.sum()
    importance = np.diag(grams) / (2 * len(kinds))
    return np.stack(found).astype(np.float32), importance.astype(np.float32)


def learn_to_read(
    branch: EditingBranch,
    heads: MapHeads,
    latents: Array,
    importance: Array,
    mend: bool = False,
) -> tuple[Array, float]:
    """Fit the branch's linear map from maps to latents and poses.

    Args:
        branch: its map is written.
        heads: maps and poses.
        latents: [2 H, Z] of true_latents.
        importance: [Z] of the same.
        mend: whether what it says is mended, of heads that it was not fitted to; else it is fitted
            anew.

    Returns:
        What such a map says of each view [2 V, Z] when its head is not fitted, and the strength
        of the ridge.
    """
    features = np.concatenate([heads.features, heads.mirrored_features])
    if not mend:
        mean, std = features.mean(0), features.std(0) + 1e-2 * features.std()
        with torch.no_grad():
            branch.feature_mean.copy_(torch.from_numpy(mean))
            branch.feature_std.copy_(torch.from_numpy(std))
            branch.latent.weight.zero_()
            branch.latent.bias.zero_()
    standard = (features - branch.feature_mean.numpy()) / branch.feature_std.numpy()
    views = heads.twin_heads
    poses = np.concatenate([heads.pose, heads.pose * MIRROR_POSE])
    with torch.no_grad():
        before = branch.latent(torch.from_numpy(standard)).numpy()
    target = np.concatenate([latents[views], poses], 1) - before
    centre, size = target.mean(0), target.std(0) + 1e-6
    scaled = (target - centre) / size
    width = latents.shape[1]
    share = importance * size[:width] ** 2
    share = np.concatenate([share / share.sum(), np.full(POSE, 1 / POSE)]).astype(np.float32)
    groups = np.tile(heads.view_head, 2).astype(np.int32)
    weights, strength = ridge_of_maps(standard, scaled, groups, share, MENDING if mend else ANEW)
    with torch.no_grad():
        branch.latent.weight.add_(torch.from_numpy((weights * size).T))
        branch.latent.bias.add_(torch.from_numpy(centre))
    said = held_out_ridge(standard, scaled[:, :width], groups, strength)
    return before[:, :width] + said * size[:width] + centre[:width], strength


def latents_of(
    branch: EditingBranch,
    heads: MapHeads,
    template: HeadTemplate,
    spread: Array,
    mend: bool = False,
) -> Latents:
    """All of it; the branch reads maps as these heads teach it, alone or on top (`mend`)."""
    true, importance = true_latents(branch, heads, template, spread)
    read, _ = learn_to_read(branch, heads, true, importance, mend)
    return Latents(true, read, importance)


def latents_as_read(
    branch: EditingBranch, heads: MapHeads, template: HeadTemplate, spread: Array
) -> Latents:
    """All of it, where the branch goes on reading maps as it does; it was fitted to other heads."""
    true, importance = true_latents(branch, heads, template, spread)
    features = np.concatenate([heads.features, heads.mirrored_features])
    with torch.no_grad():
        read, _ = branch.read_map(torch.from_numpy(features))
    return Latents(true, read.numpy(), importance)
