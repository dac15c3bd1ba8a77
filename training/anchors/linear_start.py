"""The closed-form start: mean head, components by region, gated ridge from pooled features."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from inference.files import atomic_write
from inference.model.pooling import pool_features, pooled_blocks, yaw_gates
from inference.model.reconstruction import ReconstructionModel
from training.anchors.class_probe import fit_class_probe
from training.anchors.data import TargetStatistics, mirrored_targets, target_statistics
from training.anchors.feature_cache import FeatureCache
from training.anchors.gated_ridge import gated_ridge
from training.anchors.mean_splat import MeanSplat, mean_splat
from training.anchors.regional_components import (
    RegionalComponents,
    RegionComponents,
    regional_components,
    regions_of,
)
from training.anchors.regression import Array, Basis

REACH_SPREADS = 6.0
"""How many spreads an anchor may move from the mean head (our choice)."""
REACH_RANGE = (0.012, 0.12)
"""Limits of that reach in metres; hair reaches up to 0.112 m from the template."""


@dataclass(frozen=True)
class LinearStart:
    """What the closed form found, kept for the coefficients of later heads.

    Attributes:
        statistics: mean head and spread.
        splat: mean splat over the spacing.
        components: of the regions; None where the closed form is that of other weights.
        held_out: [V, K] what the regression says about each cached view when its head is not
            fitted.
    """

    statistics: TargetStatistics
    splat: MeanSplat
    components: RegionalComponents | None
    held_out: Array

    def save(self, path: Path) -> None:
        """Write it for a run that is resumed."""
        arrays: dict[str, Any] = {"held_out": self.held_out}
        for name, part in (("statistics", self.statistics), ("splat", self.splat)):
            arrays |= {f"{name}.{field}": value for field, value in asdict(part).items()}
        for number, region in enumerate(self.components.regions if self.components else ()):
            key = f"region{number}"
            arrays |= {f"{key}.anchors": region.anchors, f"{key}.own": np.array(region.own)}
            for name, basis in (
                ("shape", region.shape),
                ("cover", region.cover),
                ("colour", region.colour),
            ):
                arrays |= {f"{key}.{name}.{f}": v for f, v in asdict(basis).items()}
        with atomic_write(path) as temporary, open(temporary, "wb") as file:
            np.savez(file, **arrays)

    @classmethod
    def load(cls, path: Path) -> "LinearStart":
        """Read what `save` wrote."""
        with np.load(path, allow_pickle=False) as data:
            arrays = {key: data[key] for key in data.files}

        def part(prefix: str) -> dict[str, Any]:
            start = len(prefix) + 1
            return {k[start:]: v for k, v in arrays.items() if k.startswith(f"{prefix}.")}

        def basis(prefix: str) -> Basis:
            return Basis(**part(prefix))

        regions: list[RegionComponents] = []
        while f"region{len(regions)}.anchors" in arrays:
            key = f"region{len(regions)}"
            regions.append(
                RegionComponents(
                    arrays[f"{key}.anchors"],
                    tuple(arrays[f"{key}.own"].tolist()),
                    basis(f"{key}.shape"),
                    basis(f"{key}.cover"),
                    basis(f"{key}.colour"),
                )
            )
        return cls(
            TargetStatistics(**part("statistics")),
            MeanSplat(**part("splat")),
            RegionalComponents(tuple(regions)) if regions else None,
            arrays["held_out"],
        )


def pooled_features(model: ReconstructionModel, cache: FeatureCache, first: int = 0) -> Array:
    """Pooled features [V - first, F] of the cached views from `first` on."""
    encoder = model.encoder
    rows = []
    with torch.no_grad():
        for start in range(first, len(cache), 32):
            batch = cache.batch(np.arange(start, min(start + 32, len(cache))))
            pooled = pool_features(
                batch.features, batch.images, batch.foreground, encoder.class_probe, encoder.config
            )
            rows.append(pooled.numpy())
    return np.concatenate(rows)


def view_coefficients(
    start: LinearStart, cache: FeatureCache, mirror: NDArray[np.int32], first: int = 0
) -> Array:
    """True coefficients [V - first, K] of the cached views from `first` on."""
    components = start.components
    if components is None:
        raise ValueError("the components of a closed form of other weights are not known")
    rows = []
    known: dict[tuple[int, bool], Array] = {}  # views of a head lie beside each other
    for view in range(first, len(cache)):
        head, flipped = int(cache.heads[view]), bool(cache.mirrored[view])
        target = cache.targets[head]
        if flipped:
            target = mirrored_targets(target, mirror)
        if (head, flipped) not in known:
            known = {k: v for k, v in known.items() if k[0] == head}
            known[head, flipped] = components.geometry(target)
        colours = components.colours(target, cache.light[view])
        rows.append(np.concatenate([known[head, flipped], colours]))
    return np.stack(rows)


def start_of_weights(cache: FeatureCache, per_patch: int, coefficients: int) -> LinearStart:
    """Statistics for a training on top of the closed form of finished weights.

    Args:
        cache: views of heads that the closed form was not fitted to.
        per_patch: anchors a patch.
        coefficients: of the closed form.
    """
    nothing = np.zeros((0, coefficients), np.float32)
    statistics = target_statistics(cache.targets, per_patch)
    return LinearStart(statistics, mean_splat(cache.targets, per_patch), None, nothing)


def start_in_closed_form(
    model: ReconstructionModel,
    cache: FeatureCache,
    mirror: NDArray[np.int32],
    labels: NDArray[np.uint8],
    importance: Array,
    say: Callable[[str], None] = print,
) -> LinearStart:
    """Set the model's buffers and its linear map so that it is components + ridge regression.

    Args:
        model: built with `per_anchor` and `low_rank`; its decoder's heads start at zero.
        cache: the training views.
        mirror: [N] the anchor on the other side; mirrored heads count as heads.
        labels: [N] of the template, FaRL classes.
        importance: [N] weight of each anchor in the components.
        say: told what is going on.
    """
    low_rank = model.low_rank
    if low_rank is None or not model.config.head.per_anchor:
        raise ValueError("only a model with per_anchor and low_rank starts in closed form")
    config = low_rank.config
    both = cache.targets + [mirrored_targets(t, mirror) for t in cache.targets]
    statistics = target_statistics(both, model.config.head.per_patch)
    parts = regional_components(both, regions_of(labels), importance, statistics.spread, config)
    splat = mean_splat(both, model.config.head.per_patch)
    del both
    say(f"components of {len(cache.targets)} heads")
    nothing = np.zeros((0, sum(config.counts)), np.float32)
    start = LinearStart(statistics, splat, parts, nothing)

    with torch.no_grad():
        model.encoder.class_probe.copy_(fit_class_probe(cache))
    pooled = pooled_features(model, cache)
    blocks = pooled_blocks(model.config.encoder, config)
    mean, scale = pooled.mean(0), _block_scales(pooled, list(blocks.values()))
    with torch.no_grad():
        low_rank.feature_mean.copy_(torch.from_numpy(mean))
        low_rank.feature_scale.copy_(torch.from_numpy(scale))
        scaled = low_rank.scaled(torch.from_numpy(pooled)).numpy()

    yaws, ones = cache.yaws, np.ones((len(cache), 1), np.float32)
    turn = gated_ridge(scaled, ones, yaws[:, None], cache.heads, [np.ones(1, np.float32)])[0]
    off = np.abs(turn.held_out[:, 0] - yaws).mean()
    say(f"yaw off by {off:.1f} degrees on others")
    gates = yaw_gates(torch.from_numpy(turn.held_out[:, 0].copy()), config).numpy()

    targets = view_coefficients(start, cache, mirror)
    centre, share = targets.mean(0), parts.share()
    # Each region has a strength of its own, or the widely spread hair would choose the face's.
    names = [f"{what} {n}" for what in ("shape", "cover", "colour") for n in range(config.regions)]
    widths = [w for w in (config.shape, config.cover, config.colour) for _ in range(config.regions)]
    shares = np.split(share, np.cumsum(widths)[:-1])
    fits = gated_ridge(scaled, gates, targets - centre, cache.heads, shares)
    for name, fit in zip(names, fits, strict=True):
        say(f"{name}: strength {fit.strength:g}, error on others {fit.error:.3f}")
    _write(model, start, turn.weights[:, 0], np.concatenate([f.weights for f in fits], 1), centre)
    return replace(start, held_out=np.concatenate([f.held_out for f in fits], 1) + centre)


def _block_scales(pooled: Array, widths: list[int]) -> Array:
    """One factor a block [F]: the root of its rows' mean square, so that blocks count alike."""
    deviation = pooled - pooled.mean(0)
    scales = []
    for block, width in zip(np.split(deviation, np.cumsum(widths)[:-1], 1), widths, strict=True):
        scales.append(np.full(width, np.sqrt((block**2).sum(1).mean()) + 1e-6))
    return np.concatenate(scales).astype(np.float32)


def _write(
    model: ReconstructionModel,
    start: LinearStart,
    yaw: Array,  # [F + 1]
    weights: Array,  # [gates (F + 1), K]
    bias: Array,  # [K]
) -> None:
    """Put the closed form into the model's buffers and weights."""
    head, low_rank, statistics = model.head, model.low_rank, start.statistics
    assert low_rank is not None
    assert start.components is not None
    anchors = head.anchors.shape
    count = anchors[0] * anchors[1]
    region = np.zeros(count, np.uint8)
    mean = np.zeros((count, 3), np.float32)
    config = low_rank.config
    bases = {
        name: np.zeros((count, 3, width), np.float32)
        for name, width in (
            ("shape", config.shape),
            ("cover", config.cover),
            ("colour", config.colour),
        )
    }
    for number, part in enumerate(start.components.regions):
        region[part.anchors] = number
        mean[part.anchors] = part.shape.mean.reshape(-1, 3)
        for name, columns in bases.items():
            basis: Basis = getattr(part, name)
            columns[part.anchors] = basis.columns.reshape(len(part.anchors), 3, -1)
    reach = np.clip(statistics.spread * REACH_SPREADS, *REACH_RANGE)
    values = {
        head.start: mean.reshape(anchors) - head.anchors.numpy(),
        head.reach: reach.reshape(*anchors[:2], 1),
        head.colour_start: statistics.colour.reshape(anchors),
        head.scale_start: start.splat.scales.reshape(anchors),
        head.rotation_start: start.splat.turns.reshape(*anchors[:2], 4),
        head.scale.bias: np.zeros(3, np.float32),
        low_rank.yaw: yaw,
        low_rank.shape_basis: bases["shape"].reshape(*anchors, -1),
        low_rank.cover_basis: bases["cover"].reshape(*anchors, -1),
        low_rank.colour_basis: bases["colour"].reshape(*anchors, -1),
        low_rank.linear.weight: weights.T,
        low_rank.linear.bias: bias,
    }
    with torch.no_grad():
        low_rank.region.copy_(torch.from_numpy(region.reshape(anchors[:2])))
        for tensor, value in values.items():
            tensor.copy_(torch.from_numpy(np.ascontiguousarray(value, np.float32)))
