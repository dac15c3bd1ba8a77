"""What a stage of a training needs to go on where it was stopped."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import torch

from inference.files import atomic_write


def share_done(options: argparse.Namespace, share: float, steps: int, seconds: float) -> float:
    """How much of a stage is done, that has this share of the options' minutes or steps."""
    whole = share * (options.steps or options.minutes * 60)
    return (steps if options.steps else seconds) / whole if whole > 0 else 1.0


class Stateful(Protocol):
    """A module or an optimiser."""

    def state_dict(self) -> dict[str, Any]:
        """Everything that changes."""
        ...

    def load_state_dict(self, state_dict: dict[str, Any]) -> object:
        """Take it back."""
        ...


def save_state(path: Path, parts: Mapping[str, Stateful], step: int, seconds: float) -> None:
    """Write the state of all parts; an older file stays whole if that fails.

    Args:
        path: the file.
        parts: by name.
        step: steps done.
        seconds: of training.
    """
    states = {name: part.state_dict() for name, part in parts.items()}
    with atomic_write(path) as temporary:
        torch.save({"parts": states, "step": step, "seconds": seconds}, temporary)


def load_state(path: Path, parts: Mapping[str, Stateful]) -> tuple[int, float]:
    """Read what `save_state` wrote into the same parts; returns steps and seconds."""
    state = torch.load(path, weights_only=True)
    for name, part in parts.items():
        part.load_state_dict(state["parts"][name])
    return int(state["step"]), float(state["seconds"])
