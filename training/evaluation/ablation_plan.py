"""What all rows of a run of ablations share, kept beside the results.

A run that was stopped goes on with the same data and the same number of steps.
"""

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from inference.errors import UsageError
from inference.files import atomic_write

PLAN = "plan.json"


@dataclass(frozen=True)
class AblationPlan:
    """The scale of a run.

    Attributes:
        scale: "mini" or "paper", key of training.evaluation.ablation_models.MODELS.
        steps: optimiser steps of every reconstruction model.
        sharpening_steps: of every sharpening CNN.
        sharpen: "all" for every row whose method has a sharpening CNN, as in the paper; "own" for
            the sharpening block alone, so that the others compare plain reconstructions.
        batch: heads per step.
        size: edge in pixels of the pictures that the losses compare.
        crop: edge in pixels of the measured crops.
        subjects: how many held-out people are measured at most; None is all.
        seed: of every random choice; a repeat has the next one.
        multi_view: names of the heads that are shown from many sides.
        single: names of the heads whose pictures are shown one by one.
        test: fingerprint of the set that is measured on.
    """

    scale: str
    steps: int
    sharpening_steps: int
    sharpen: str
    batch: int
    size: int
    crop: int
    subjects: int | None
    seed: int
    multi_view: tuple[str, ...]
    single: tuple[str, ...]
    test: str


def read_plan(folder: Path) -> AblationPlan | None:
    """The plan of a run that was begun, or None.

    Raises:
        UsageError: it is damaged.
    """
    path = folder / PLAN
    if not path.exists():
        return None
    try:
        stored: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        values = {field.name: stored[field.name] for field in fields(AblationPlan)}
        for name in ("multi_view", "single"):
            values[name] = tuple(values[name])
        return AblationPlan(**values)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{path} is damaged: choose another --out.") from error


def write_plan(folder: Path, plan: AblationPlan) -> None:
    """Write a plan."""
    with atomic_write(folder / PLAN) as temporary:
        temporary.write_text(json.dumps(asdict(plan), indent=1) + "\n", encoding="utf-8")


def check_plan(plan: AblationPlan, asked: dict[str, Any], folder: Path) -> None:
    """Rows of different length or data do not compare.

    Args:
        plan: as the run was begun.
        asked: what the command line says, by the plan's names; None is not said.
        folder: of the run.

    Raises:
        UsageError: the two differ.
    """
    for name, value in asked.items():
        begun = getattr(plan, name)
        if value is not None and value != begun:
            raise UsageError(
                f"{folder} was begun with {name.replace('_', ' ')} {begun}, not {value}: "
                "say the same, or choose another --out."
            )
