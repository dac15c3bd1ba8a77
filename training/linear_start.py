"""The closed-form start: mean head, principal components, ridge regression from pooled features."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from inference.files import atomic_write
from inference.model.low_rank import pool_features
from inference.model.reconstruction import ReconstructionModel
from training.anchor_data import HeadTargets, TargetStatistics, mirrored_targets, target_statistics
from training.augment import apply_light
from training.feature_cache import FeatureCache
from training.mean_splat import MeanSplat, mean_splat

Array = NDArray[np.float32]
REACH_SPREADS = 6.0
"""How many spreads an anchor may move from the mean head (our choice)."""
REACH_RANGE = (0.012, 0.12)
"""Limits of that reach in metres; hair reaches up to 0.112 m from the template."""
_LAMBDAS = (0.1, 1.0, 10.0, 30.0, 100.0, 300.0, 1e3, 3e3, 1e4, 3e4, 1e5, 3e5)


@dataclass(frozen=True)
class Basis:
    """Principal components with unit-variance coefficients.

    Attributes:
        mean: [D] what zero coefficients give.
        columns: [D, K] in the units of the data.
        project: [K, D] from a deviation to coefficients.
        share: [K] of the explained variance, sums to 1.
    """

    mean: Array
    columns: Array
    project: Array
    share: Array


def principal_components(data: Array, weight: Array, count: int) -> Basis:
    """Weighted PCA of few long rows by their Gram matrix.

    Args:
        data: [H, D].
        weight: [D] factor on each column's deviation.
        count: components; those beyond the rank are zero.
    """
    mean = data.mean(0)
    scaled = (data - mean) * weight
    values, vectors = np.linalg.eigh((scaled @ scaled.T).astype(np.float64))
    order = np.argsort(values)[::-1][:count]
    keep = order[values[order] > 1e-6 * values.max()]
    singular = np.sqrt(values[keep])
    directions = (scaled.T @ vectors[:, keep].astype(np.float32)) / singular  # [D, k] unit
    sd = singular / np.sqrt(len(data))
    columns = np.zeros((data.shape[1], count), np.float32)
    project = np.zeros((count, data.shape[1]), np.float32)
    share = np.zeros(count, np.float32)
    columns[:, : len(keep)] = directions * sd / weight[:, None]
    project[: len(keep)] = (directions / sd).T * weight
    share[: len(keep)] = values[keep] / values[keep].sum()
    return Basis(mean.astype(np.float32), columns, project, share)


def ridge(
    features: Array, targets: Array, groups: NDArray[np.int32], share: Array
) -> tuple[Array, float]:
    """Ridge regression [F, K], and its strength, chosen on a seventh of the groups.

    Args:
        features: [V, F] standardised.
        targets: [V, K].
        groups: [V] head of each row; a head is either fitted or judged.
        share: [K] weight of each target in the judgement.
    """
    held = groups % 7 == 3
    if held.all() or not held.any():
        return _solve(features, targets, [_LAMBDAS[7]])[0], _LAMBDAS[7]
    solutions = _solve(features[~held], targets[~held], list(_LAMBDAS))
    errors = [
        float((((features[held] @ w - targets[held]) ** 2) * share).sum(1).mean())
        for w in solutions
    ]
    best = _LAMBDAS[int(np.argmin(errors))]
    return _solve(features, targets, [best])[0], best


def held_out_predictions(
    features: Array, targets: Array, groups: NDArray[np.int32], strength: float, folds: int = 5
) -> Array:
    """What the regression says [V, K] about each head when that head is not fitted.

    On heads it was fitted to, the regression is better than it will ever be again. A decoder
    that learned on top of that would learn the wrong residual.
    """
    gram = torch.from_numpy(features @ features.T)
    predicted = np.zeros_like(targets)
    for fold in range(folds):
        out = torch.from_numpy(groups % folds == fold)
        if not out.any() or out.all():
            continue
        inner = gram[~out][:, ~out]
        inner.diagonal().add_(strength)
        solved = torch.cholesky_solve(torch.from_numpy(targets)[~out], torch.linalg.cholesky(inner))
        predicted[out.numpy()] = (gram[out][:, ~out] @ solved).numpy()
    return predicted


def _solve(features: Array, targets: Array, lambdas: list[float]) -> list[Array]:
    """Solutions [F, K] for several strengths from one eigendecomposition."""
    wide = features.shape[1] > features.shape[0]
    gram = torch.from_numpy(features @ features.T if wide else features.T @ features)
    values, vectors = torch.linalg.eigh(gram)
    right = torch.from_numpy(targets if wide else features.T @ targets)
    rotated = vectors.T @ right
    found = []
    for strength in lambdas:
        inner = (vectors @ (rotated / (values.clamp(min=0) + strength)[:, None])).numpy()
        found.append(features.T @ inner if wide else inner)
    return found


@dataclass(frozen=True)
class LinearStart:
    """What the closed form found, kept for the coefficients of later heads.

    Attributes:
        statistics: mean head and spread.
        splat: mean splat over the spacing.
        shape: components of positions in metres.
        colour: components of colours 0..1.
        held_out: [V, shape + colour] what the regression says about each cached view when
            its head is not fitted.
    """

    statistics: TargetStatistics
    splat: MeanSplat
    shape: Basis
    colour: Basis
    held_out: Array

    def coefficients(self, target: HeadTargets, light: Array) -> Array:
        """[shape + colour] of one head under a view's light [4]."""
        deviation = target.positions.astype(np.float32).ravel() - self.shape.mean
        colours = apply_light(_unit(target.colours), light).ravel() - self.colour.mean
        return np.concatenate([self.shape.project @ deviation, self.colour.project @ colours])

    def save(self, path: Path) -> None:
        """Write it for a run that is resumed."""
        parts = asdict(self)
        held_out = parts.pop("held_out")
        arrays = {
            f"{name}.{field}": array
            for name, part in parts.items()
            for field, array in part.items()
        }
        with atomic_write(path) as temporary, open(temporary, "wb") as file:
            np.savez(file, held_out=held_out, **arrays)

    @classmethod
    def load(cls, path: Path) -> "LinearStart":
        """Read what `save` wrote."""
        with np.load(path, allow_pickle=False) as data:
            names = ("statistics", "splat", "shape", "colour")
            parts: dict[str, dict[str, Array]] = {name: {} for name in names}
            held_out = data["held_out"]
            for key in data.files:
                if key == "held_out":
                    continue
                name, field = key.split(".")
                parts[name][field] = data[key]
        return cls(
            TargetStatistics(**parts["statistics"]),
            MeanSplat(**parts["splat"]),
            Basis(**parts["shape"]),
            Basis(**parts["colour"]),
            held_out,
        )


def _unit(colours: NDArray[np.uint8]) -> Array:
    return np.multiply(colours, 1 / 255, dtype=np.float32)


def components(
    targets: list[HeadTargets],
    importance: Array,  # [N]
    shape: int,
    colour: int,
    per_patch: int,
) -> LinearStart:
    """Mean head, spread and both bases of the training heads.

    Args:
        targets: the heads.
        importance: factor on each anchor's deviation, so that shirts do not use up components.
        shape: components of positions.
        colour: components of colours.
        per_patch: anchors of a patch.
    """
    statistics = target_statistics(targets, per_patch)
    positions = np.stack([t.positions.astype(np.float32).ravel() for t in targets])
    weight = np.repeat(importance / statistics.spread, 3).astype(np.float32)
    shape_basis = principal_components(positions, weight, shape)
    del positions
    colours = np.stack([_unit(t.colours).ravel() for t in targets])
    colour_basis = principal_components(colours, np.repeat(importance, 3), colour)
    nothing = np.zeros((0, shape + colour), np.float32)
    splat = mean_splat(targets, per_patch)
    return LinearStart(statistics, splat, shape_basis, colour_basis, nothing)


def pooled_features(model: ReconstructionModel, cache: FeatureCache, first: int = 0) -> Array:
    """Pooled features [V - first, F] of the cached views from `first` on."""
    low_rank, config = model.encoder.low_rank, model.config.encoder
    assert low_rank is not None
    rows = []
    with torch.no_grad():
        for start in range(first, len(cache), 32):
            batch = cache.batch(np.arange(start, min(start + 32, len(cache))))
            pooled = pool_features(batch.features, batch.images, batch.kept, config, low_rank)
            rows.append(pooled.numpy())
    return np.concatenate(rows)


def view_coefficients(
    start: LinearStart, cache: FeatureCache, mirror: NDArray[np.int32], first: int = 0
) -> Array:
    """True coefficients [V - first, shape + colour] of the cached views from `first` on."""
    rows = []
    for head, light, flipped in list(zip(cache.heads, cache.light, cache.mirrored, strict=True))[
        first:
    ]:
        target = cache.targets[head]
        rows.append(
            start.coefficients(mirrored_targets(target, mirror) if flipped else target, light)
        )
    return np.stack(rows)


def start_in_closed_form(
    model: ReconstructionModel,
    cache: FeatureCache,
    mirror: NDArray[np.int32],
    importance: Array,
    say: Callable[[str], None] = print,
) -> LinearStart:
    """Set the model's buffers and its linear map so that it is PCA + ridge regression.

    Args:
        model: built with `per_anchor` and `low_rank`; its decoder's heads start at zero.
        cache: the training views.
        mirror: [N] the anchor on the other side; mirrored heads count as heads.
        importance: [N] weight of each anchor in the components.
        say: told what is going on.
    """
    low_rank = model.low_rank
    if low_rank is None or not model.config.head.per_anchor:
        raise ValueError("only a model with per_anchor and low_rank starts in closed form")
    counts = low_rank.config.shape, low_rank.config.colour
    per_patch = model.config.head.per_patch
    both = cache.targets + [mirrored_targets(t, mirror) for t in cache.targets]
    start = components(both, importance, *counts, per_patch)
    del both
    say(f"components of {len(cache.targets)} heads")
    pooled = pooled_features(model, cache)
    mean, std = pooled.mean(0), pooled.std(0) + 1e-2 * pooled.std()
    targets = view_coefficients(start, cache, mirror)
    standard, heads = (pooled - mean) / std, cache.heads
    maps, held_out, centre = [], [], targets.mean(0)
    shares = start.shape.share, start.colour.share
    for columns, share in zip(np.split(targets - centre, [counts[0]], 1), shares, strict=True):
        weights, strength = ridge(standard, columns, heads, share)
        maps.append(weights)
        held_out.append(held_out_predictions(standard, columns, heads, strength))
        fitted = float((((standard @ weights - columns) ** 2) * share).sum(1).mean())
        unseen = float((((held_out[-1] - columns) ** 2) * share).sum(1).mean())
        say(f"strength {strength:g}, error on fitted heads {fitted:.3f}, on others {unseen:.3f}")
    say(f"ridge regression of {len(cache)} views")
    _write(model, start, mean, std, np.concatenate(maps, 1), centre)
    return replace(start, held_out=np.concatenate(held_out, 1) + centre)


def _write(
    model: ReconstructionModel,
    start: LinearStart,
    mean: Array,
    std: Array,
    weights: Array,  # [F, K]
    bias: Array,  # [K]
) -> None:
    """Put the closed form into the model's buffers and weights."""
    head, low_rank, statistics = model.head, model.low_rank, start.statistics
    assert low_rank is not None
    anchors = head.anchors.shape
    reach = np.clip(statistics.spread * REACH_SPREADS, *REACH_RANGE)
    values = {
        head.start: statistics.mean.reshape(anchors) - head.anchors.numpy(),
        head.reach: reach.reshape(*anchors[:2], 1),
        head.colour_start: statistics.colour.reshape(anchors),
        head.scale_start: start.splat.scales.reshape(anchors),
        head.rotation_start: start.splat.turns.reshape(*anchors[:2], 4),
        head.scale.bias: np.zeros(3, np.float32),
        low_rank.feature_mean: mean,
        low_rank.feature_std: std,
        low_rank.shape_basis: start.shape.columns.reshape(*anchors, -1),
        low_rank.colour_basis: start.colour.columns.reshape(*anchors, -1),
        low_rank.linear.weight: weights.T,
        low_rank.linear.bias: bias,
    }
    with torch.no_grad():
        for tensor, value in values.items():
            tensor.copy_(torch.from_numpy(np.ascontiguousarray(value, np.float32)))
