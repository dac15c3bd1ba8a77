"""The learning rate of each parameter at each step."""

import math
from typing import Any

from torch import nn

from training.config import AdamWConfig

NO_DECAY = ("template.query", "low_rank.queries", "branch.queries")
"""Embeddings: matrices by shape, but each row stands alone."""


def warm_cosine(step: int, progress: float, warm_up: int, floor: float = 0.0) -> float:
    """Factor on the highest rate: linear warm-up times half a cosine from 1 to the floor.

    Args:
        step: optimiser steps already done.
        progress: share of the cosine that is done, 0..1.
        warm_up: steps until the top.
        floor: where the cosine ends.
    """
    warm = min(1.0, (step + 1) / max(1, warm_up))
    cosine = 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))
    return warm * (floor + (1 - floor) * cosine)


def rate(step: int, total: int, config: AdamWConfig) -> float:
    """Learning rate before a group's factor: linear warm-up, then half a cosine to the floor.

    Args:
        step: optimiser steps already done.
        total: of the whole training.
        config: top, warm-up and floor.
    """
    progress = max(0, step - config.warm_up) / max(1, total - config.warm_up)
    return config.learning_rate * warm_cosine(step, progress, config.warm_up, config.floor)


def freeze_by_factor(model: nn.Module, config: AdamWConfig) -> None:
    """Parameters whose factor is 0 want no gradient."""
    for name, parameter in model.named_parameters():
        if _factor(name, config) == 0:
            parameter.requires_grad_(False)


def parameter_groups(model: nn.Module, config: AdamWConfig) -> list[dict[str, Any]]:
    """AdamW's groups, one per decay and factor; what wants no gradient is in none."""
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        matrix = parameter.ndim > 1 and name not in NO_DECAY
        key = (config.weight_decay if matrix else 0.0, _factor(name, config))
        groups.setdefault(key, []).append(parameter)
    return [
        {"params": parameters, "weight_decay": decay, "factor": factor}
        for (decay, factor), parameters in sorted(groups.items(), key=lambda item: item[0])
    ]


def _factor(name: str, config: AdamWConfig) -> float:
    return next((factor for start, factor in config.factors if name.startswith(start)), 1.0)
