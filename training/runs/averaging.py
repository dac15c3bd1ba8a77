"""Exponential moving average of a model's weights."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn


@torch.no_grad()
def follow(average: nn.Module, model: nn.Module, step: int, least: float) -> None:
    """Move a copy of a model towards it, by 1 / (step + 2) at first and at least by `least`."""
    for mine, other in zip(average.parameters(), model.parameters(), strict=True):
        mine.lerp_(other, max(least, 1 / (step + 2)))


class MovingAverage:
    """Keeps averaged parameters; buffers are those of the model."""

    def __init__(self, model: nn.Module, decay: float) -> None:
        """Start at the model's present weights; decay is the share of the past per step."""
        self.decay = decay
        self.steps = 0
        self.shadow = {
            name: parameter.detach().clone() for name, parameter in model.named_parameters()
        }

    @torch.no_grad()
    def update(self, model: nn.Module) -> None:
        """Take one step into account; early steps count more, or the start would linger."""
        self.steps += 1
        decay = min(self.decay, (1 + self.steps) / (10 + self.steps))
        shadow = list(self.shadow.values())
        present = [parameter.detach() for parameter in model.parameters()]
        torch._foreach_lerp_(shadow, present, 1 - decay)

    @torch.no_grad()
    def copy_to(self, model: nn.Module) -> None:
        """Write the averaged weights into a model."""
        for name, parameter in model.named_parameters():
            parameter.copy_(self.shadow[name])

    @contextmanager
    def swapped_into(self, model: nn.Module) -> Iterator[None]:
        """The model has the averaged weights within the block, without a second copy of it."""
        self._swap(model)
        try:
            yield
        finally:
            self._swap(model)

    @torch.no_grad()
    def _swap(self, model: nn.Module) -> None:
        for name, parameter in model.named_parameters():
            present = parameter.clone()
            parameter.copy_(self.shadow[name])
            self.shadow[name].copy_(present)
