"""The editing model's closed form: components and regressions, no step of training.

Ridge regression reads a latent of the geometry from maps; linear regressions say for each anchor,
and each thing that it may stand for, where it then lies and what colour it then has.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from inference.head.template import HeadTemplate
from inference.model.config import EditingBranchConfig
from inference.model.editing_branch import KINDS, EditingBranch, PatchTable
from training.anchors.patch_sampling import anchor_importance, anchors_of
from training.anchors.regression import principal_components
from training.editing.beard_region import beard_region, confine_beards
from training.editing.data import EditingHeads
from training.editing.style_palette import fit_palette

Array = NDArray[np.float32]

BASIS_HEADS = 700
"""Heads whose mirrored twins count too that the components are taken from (our choice)."""

_PSEUDO = 6.0  # heads' worth of doubt in each slope
_ANCHORS = 2048  # treated at a time


@dataclass(frozen=True)
class Regression:
    """Values that hang linearly on a code.

    Attributes:
        centre: [n, C] at code 0.
        table: [n, C, K] slopes.
    """

    centre: Array
    table: Array


def regress(
    code: Array,  # [R, K]
    weight: Array,  # [R, n] 0 or 1, which rows tell of which anchor
    values: Array,  # [R, n, C]
    prior: Regression,
) -> Regression:
    """Ridge regression of each anchor from those rows that tell of it, around a prior."""
    rows = len(code)
    spread = code.std(0) + 1e-6
    design = np.concatenate([np.ones((rows, 1), np.float32), code / spread], 1)
    columns = design.shape[1]
    products = (design[:, :, None] * design[:, None]).reshape(rows, -1)
    gram = (weight.T @ products).reshape(-1, columns, columns).astype(np.float64)
    # The place itself is doubted little, or anchors that few heads tell of would not learn it.
    gram += np.diag([0.5] + [_PSEUDO] * (columns - 1))
    expected = prior.centre[None] + np.einsum("nck,rk->rnc", prior.table, code)
    residual = (values - expected) * weight[..., None]
    right = np.einsum("rk,rnc->nkc", design, residual, optimize=True)
    found = np.linalg.solve(gram, right.astype(np.float64))
    return Regression(
        (prior.centre + found[:, 0]).astype(np.float32),
        (prior.table + found[:, 1:].transpose(0, 2, 1) / spread).astype(np.float32),
    )


def common_colours(code: Array, means: Array, known: NDArray[np.bool_]) -> Regression:
    """How the mean colour [R, 3] of a thing hangs on a code, for want of better."""
    if not known.any():
        return Regression(np.full(3, 0.5, np.float32), np.zeros((3, code.shape[1]), np.float32))
    rows = code[known]
    design = np.concatenate([np.ones((len(rows), 1), np.float32), rows], 1)
    penalty = np.diag([0.0] + [1.0] * code.shape[1]) * 1e-2 * len(rows) * code.var(0).mean()
    penalty += np.eye(len(penalty)) * 1e-4  # a code that never changes tells nothing
    found = np.linalg.solve(design.T @ design + penalty, design.T @ means[known])
    return Regression(found[0].astype(np.float32), found[1:].T.astype(np.float32))


def common_patches(
    kinds: NDArray[np.uint8],  # [H, N]
    per_patch: int,
    counts: tuple[int, ...],
) -> list[NDArray[np.int64]]:
    """Patches of each kind, those that are it most often."""
    chosen = [np.arange(kinds.shape[1] // per_patch)]
    for number in range(1, len(KINDS)):
        share = (kinds == number).mean(0).reshape(-1, per_patch).mean(1)
        chosen.append(np.sort(np.argsort(-share, kind="stable")[: counts[number]]))
    return chosen


def start_branch(
    branch: EditingBranch,
    config: EditingBranchConfig,
    heads: EditingHeads,
    template: HeadTemplate,
    say: Callable[[str], None] = print,
) -> Array:
    """Write the closed form into the branch; returns the mean head [N, 3].

    How it reads maps is left to training.editing.latents, which takes these tables as they are.
    """
    per_patch = branch.shape[1]
    flip = np.array([-1, 1, 1], np.float32)
    mirror = template.mirror

    some = heads.positions[:: max(1, len(heads.positions) // BASIS_HEADS)].astype(np.float32)
    both = np.concatenate([some, some[:, mirror] * flip])
    spread = np.sqrt(both.var(0).mean(1))
    importance = anchor_importance(template.labels) / np.maximum(spread, 0.0015)
    basis = principal_components(
        both.reshape(len(both), -1), np.repeat(importance, 3).astype(np.float32), config.latent
    )
    del both, some
    say(f"components: {basis.share[:6].round(3).tolist()}")

    def latent_of(positions: Array) -> Array:
        flat = positions.reshape(len(positions), -1) - basis.mean
        return np.asarray(flat @ basis.project.T, np.float32)

    parts = [
        (
            latent_of(chunk.astype(np.float32)),
            latent_of(chunk.astype(np.float32)[:, mirror] * flip),
        )
        for chunk in np.array_split(heads.positions, max(1, len(heads.positions) // 64))
    ]
    latent = np.concatenate([p for p, _ in parts])
    twins = np.concatenate([p for _, p in parts])

    palette = heads.filled_palette()
    fit_palette(branch, heads.palettes(), say)

    kinds = heads.anchor_kinds()
    patches = common_patches(kinds, per_patch, config.patches)
    double = np.concatenate([latent, twins])
    for number, chosen in enumerate(patches):
        code = palette[:, list(config.columns[number])]
        means = np.stack([_mean(c, k == number) for c, k in zip(heads.colours, kinds, strict=True)])
        shared = common_colours(code, means, np.asarray(np.isfinite(means).all(1)))
        found: dict[str, list[Regression]] = {"place": [], "chance": [], "colour": []}
        anchors = anchors_of(chosen, per_patch)
        for start in range(0, len(anchors), _ANCHORS):
            a = anchors[start : start + _ANCHORS]
            here = heads.positions[:, a].astype(np.float32)
            there = heads.positions[:, mirror[a]].astype(np.float32) * flip
            places: Array = np.concatenate([here, there]).astype(np.float32)
            told: Array = np.concatenate(
                [kinds[:, a] == number, kinds[:, mirror[a]] == number]
            ).astype(np.float32)
            flat = Regression(places.mean(0), np.zeros((len(a), 3, config.latent), np.float32))
            found["place"].append(regress(double, told, places, flat))
            if number:
                none = Regression(
                    np.zeros((len(a), 1), np.float32),
                    np.zeros((len(a), 1, config.latent), np.float32),
                )
                every = np.ones_like(told)
                yes = told[..., None]
                found["chance"].append(regress(double, every, yes, none))
            colours = np.multiply(heads.colours[:, a], 1 / 255, dtype=np.float32)
            common = Regression(
                np.tile(shared.centre, (len(a), 1)), np.tile(shared.table, (len(a), 1, 1))
            )
            found["colour"].append(regress(code, told[: len(kinds)], colours, common))
        _put(branch.places[number], chosen, found["place"])
        _put(branch.colours[number], chosen, found["colour"])
        if number:
            _put(branch.chances[number - 1], chosen, found["chance"])
        say(f"{KINDS[number]}: {len(chosen)} patches")
    confine_beards(branch, config, beard_region(template), palette.mean(0))
    return basis.mean.reshape(-1, 3)


def _mean(colours: NDArray[np.uint8], mask: NDArray[np.bool_]) -> Array:
    if not mask.any():
        return np.full(3, np.nan, np.float32)
    return (colours[mask].mean(0) / 255).astype(np.float32)


def _put(table: torch.nn.Module, patches: NDArray[np.int64], found: list[Regression]) -> None:
    assert isinstance(table, PatchTable)
    per_patch = table.values.shape[1]
    centre = np.concatenate([part.centre for part in found])
    slopes = np.concatenate([part.table for part in found])
    table.put(
        torch.from_numpy(patches),
        torch.from_numpy(centre.reshape(len(patches), per_patch, -1)),
        torch.from_numpy(slopes.reshape(len(patches), per_patch, *slopes.shape[1:])),
    )
