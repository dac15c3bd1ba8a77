"""Pose, its corrections and the shape that low rank lacks, by regressions one after the other.

Each regression learns from what those before say about heads that they were not fitted to
(gated_ridge's folds): else the corrections would be learned from errors smaller than those that
new pictures bring.
"""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray

from inference.head.template import HeadTemplate
from inference.model.patch_evidence import DECIMETRES, projected
from inference.model.pixel_aligned import (
    NORMAL_UNIT,
    POSE,
    ClosedForm,
    expected_places,
    sampled_blocks,
)
from inference.model.reconstruction import ReconstructionModel
from training.anchors.gated_ridge import gated_ridge
from training.pixel_aligned.components import fit_components
from training.pixel_aligned.views import AlignedViews, Floats

_PROBE_SHARES = (0.25, 0.5, 0.25)
"""Of face, scalp and the rest among the probes (our choice)."""
_FACE_WEIGHT, _OTHER_WEIGHT = 1.0, 0.2
"""Of probes in a pose: faces are rigid, hair is not (our choice)."""
_ROWS = 64


def fit_cascade(
    model: ReconstructionModel,
    views: AlignedViews,
    template: HeadTemplate,
    say: Callable[[str], None],
) -> None:
    """Set probes, poses and shapes of the model's pixel-aligned branch."""
    branch, low_rank = model.pixel_aligned, model.low_rank
    assert branch is not None
    assert low_rank is not None
    regions = low_rank.region.flatten().numpy()
    probes = _probes(template, regions, branch.config.probes)
    branch.probes.copy_(torch.from_numpy(probes))
    normals = torch.from_numpy(np.array(template.normals) * NORMAL_UNIT)
    branch.normals.copy_(normals.round().view_as(branch.normals))
    branch.mirror.copy_(torch.from_numpy(np.array(template.mirror)).view_as(branch.mirror))

    coefficients = low_rank.linear_coefficients(views.pooled)
    wanted, shares = fit_components(model, views, coefficients, say)
    index = branch.probes[None]
    offsets = low_rank.of_anchors(coefficients, index)
    placed = expected_places(model.head, offsets.means, index)[:, 0]
    seen = np.stack([views.seen(n, views.positions(n)[probes]) for n in range(len(views))])
    faces = regions[probes] == 0
    poses = _true_poses(placed, seen, faces)
    centre, scale = poses.mean(0), poses.std(0) + 1e-6
    branch.pose_scale.copy_(torch.from_numpy(scale))
    equal = [np.ones(POSE, np.float32)]
    gates = low_rank.gated(views.pooled)[1].numpy()
    scaled = low_rank.scaled(views.pooled).numpy()
    fit = gated_ridge(scaled, gates, (poses - centre) / scale, views.heads, equal)[0]
    branch.pose.weight.copy_(torch.from_numpy(fit.weights.T))
    branch.pose.bias.copy_(torch.from_numpy(centre / scale))
    pose = torch.from_numpy(fit.held_out) + branch.pose.bias
    off = _pixels_off(pose * branch.pose_scale, placed, seen, faces, views.images.shape[1])
    say(f"pose, start: faces off by {off:.2f} pixels on others")
    ones = np.ones((len(views), 1), np.float32)
    for number, step in enumerate(branch.steps):
        assert isinstance(step, ClosedForm)
        read = _read(model, views, pose * branch.pose_scale, placed, first=number == 0)
        fit = gated_ridge(read, ones, poses / scale - pose.numpy(), views.heads, equal)[0]
        step.weight.copy_(torch.from_numpy(fit.weights.T))
        pose = pose + torch.from_numpy(fit.held_out)
        off = _pixels_off(pose * branch.pose_scale, placed, seen, faces, views.images.shape[1])
        say(f"pose, round {number + 1}: faces off by {off:.2f} pixels on others")
    pose = pose * branch.pose_scale
    read = _read(model, views, pose, placed, first=False)
    centre = wanted.mean(0)
    fits = gated_ridge(read, ones, (wanted - centre).numpy(), views.heads, shares)
    branch.shape.weight.copy_(torch.from_numpy(np.concatenate([f.weights for f in fits], 1).T))
    branch.shape.bias.copy_(centre)
    say("shape: " + ", ".join(f"error {f.error:.3f} on others ({f.strength:g})" for f in fits))


def _probes(template: HeadTemplate, regions: NDArray[np.uint8], count: int) -> NDArray[np.int32]:
    """Anchors spread evenly over each region, the furthest from those before first."""
    chosen = []
    for region, share in enumerate(_PROBE_SHARES):
        members = np.flatnonzero(regions == region)
        places = template.anchors[members]
        distance = np.full(len(members), np.inf)
        nearest = 0
        for _ in range(round(share * count)):
            chosen.append(members[nearest])
            distance = np.minimum(distance, ((places - places[nearest]) ** 2).sum(1))
            nearest = int(distance.argmax())
    return np.array(chosen, np.int32)


def _true_poses(
    places: torch.Tensor,  # [V, M, 3] as predicted
    seen: Floats,  # [V, M, 2] where the true ones are seen
    faces: NDArray[np.bool_],  # [M]
) -> Floats:
    """Affine cameras [V, 8] that put predicted probes nearest to where the true ones are seen."""
    weight = np.where(faces, _FACE_WEIGHT, _OTHER_WEIGHT)[:, None]
    poses = []
    for predicted, at in zip(places.numpy(), seen, strict=True):
        rows = np.column_stack([predicted * DECIMETRES, np.ones(len(predicted))])
        solution = np.linalg.lstsq(rows * weight, at * weight, rcond=None)[0]
        poses.append(solution.T.ravel())
    return np.array(poses, np.float32)


def _read(
    model: ReconstructionModel,
    views: AlignedViews,
    pose: torch.Tensor,  # [V, 8]
    places: torch.Tensor,  # [V, M, 3]
    first: bool,
) -> Floats:
    """Scaled features [V, S] at the probes; the first time sets how they are scaled."""
    branch, low_rank = model.pixel_aligned, model.low_rank
    assert branch is not None
    assert low_rank is not None
    rows = []
    for at in range(0, len(views), _ROWS):
        part = slice(at, at + _ROWS)
        rows.append(branch.sample(views.maps(part), pose[part], places[part]))
    read = torch.cat(rows)
    if first:
        probes = branch.config.probes
        branch.sampled_mean.copy_(read.mean(0))
        deviation = (read - branch.sampled_mean).unflatten(1, (-1, probes))
        # The blocks of channels count alike, whatever their width.
        widths = sampled_blocks(branch.config, low_rank.config)
        scales = [
            torch.full((width, probes), float(block.pow(2).sum((1, 2)).mean().sqrt()) + 1e-6)
            for width, block in zip(widths, deviation.split(widths, 1), strict=True)
        ]
        branch.sampled_scale.copy_(torch.cat(scales).flatten())
    scaled: Floats = branch.scaled(read).numpy()
    return scaled


def _pixels_off(
    pose: torch.Tensor,  # [V, 8]
    placed: torch.Tensor,  # [V, M, 3]
    seen: Floats,  # [V, M, 2] where the probes truly are
    faces: NDArray[np.bool_],  # [M]
    size: int,
) -> float:
    """Median distance of the faces' probes to where they are seen."""
    apart = projected(pose, placed).numpy()[:, faces] - seen[:, faces]
    return float(np.median(np.linalg.norm(apart, axis=2))) * size / 2
