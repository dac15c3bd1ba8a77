"""What a stage of a training needs to go on where it was stopped."""

import argparse
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import torch

from inference.files import atomic_write


def add_budget_options(parser: argparse.ArgumentParser, minutes: str) -> None:
    """What StageClock reads, and --resume.

    Args:
        parser: of a stage.
        minutes: what those are of.
    """
    add = parser.add_argument
    add("--minutes", type=float, default=20, help=minutes)
    add("--steps", type=int, help="steps instead of minutes")
    add("--save", type=float, default=5, help="minutes between checkpoints and measurements")
    add("--resume", action="store_true", help="go on where a run with the same options stopped")


class StageClock:
    """How far a stage has come that has a share of the options' minutes or steps.

    Attributes:
        steps: done.
        seconds: that they took; saving and measuring do not count.
    """

    def __init__(self, options: argparse.Namespace, share: float = 1.0) -> None:
        self.steps, self.seconds = 0, 0.0
        self._by_steps = bool(options.steps)
        self._whole = share * (options.steps or options.minutes * 60)
        self._between = options.save * 60
        self._saved = 0.0

    @property
    def done(self) -> float:
        """How much of the stage is done; over from 1 on."""
        spent = self.steps if self._by_steps else self.seconds
        return spent / self._whole if self._whole > 0 else 1.0

    @contextmanager
    def step(self) -> Iterator[None]:
        """Count the block as a step."""
        began = time.monotonic()
        yield
        self.steps += 1
        self.seconds += time.monotonic() - began

    def time_to_save(self) -> bool:
        """Whether --save minutes have passed since this last said so."""
        due = self.seconds - self._saved > self._between
        if due:
            self._saved = self.seconds
        return due


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
