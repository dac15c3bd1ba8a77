"""The state from which a killed run goes on exactly, and its curve."""

import json
from pathlib import Path
from typing import Any

import torch
from torch import nn

from inference.errors import UsageError
from inference.files import atomic_write
from training.runs.averaging import MovingAverage

STATE, CURVE = "state.pt", "curve.jsonl"


def save_state(
    folder: Path,
    step: int,
    model: nn.Module,
    optimiser: torch.optim.Optimizer,
    average: MovingAverage,
) -> None:
    """Write all that the next step depends on; an older state stays whole if that fails."""
    state = {
        "step": step,
        "model": model.state_dict(),
        "optimiser": optimiser.state_dict(),
        "average": average.shadow,
        "average_steps": average.steps,
    }
    with atomic_write(folder / STATE) as temporary:
        torch.save(state, temporary)


def load_state(
    folder: Path,
    model: nn.Module,
    optimiser: torch.optim.Optimizer,
    average: MovingAverage,
) -> int:
    """Go on from a state; returns the steps done.

    Raises:
        UsageError: there is none, or it is of another model.
    """
    path = folder / STATE
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        model.load_state_dict(state["model"])
        optimiser.load_state_dict(state["optimiser"])
        for name, value in state["average"].items():
            average.shadow[name].copy_(value)
        average.steps = int(state["average_steps"])
        return int(state["step"])
    except FileNotFoundError as error:
        raise UsageError(f"{path} does not exist: begin without --resume.") from error
    except (RuntimeError, KeyError, ValueError, EOFError) as error:
        raise UsageError(f"{path} is damaged or of another model: begin anew.") from error


class Curve:
    """curve.jsonl: the loss to its last digit, a row of JSON every few steps."""

    def __init__(self, folder: Path, steps_done: int) -> None:
        """Open it; rows behind `steps_done`, which will come again, are dropped."""
        self.path = folder / CURVE
        folder.mkdir(parents=True, exist_ok=True)
        kept = [row for row in read_curve(folder) if row["step"] <= steps_done]
        with atomic_write(self.path) as temporary:
            temporary.write_text("".join(json.dumps(row) + "\n" for row in kept), "utf-8")

    def add(self, row: dict[str, float]) -> None:
        """Append a row; it is on disk when this returns."""
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")


def read_curve(folder: Path) -> list[dict[str, Any]]:
    """The rows written so far; the last one may be cut off in a killed run and is left out."""
    path = folder / CURVE
    rows = []
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        try:
            rows.append(json.loads(line))
        except ValueError:
            continue
    return rows
