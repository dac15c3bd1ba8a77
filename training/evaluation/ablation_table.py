"""The ablations' outcome beside the paper's table 2, and where the direction differs."""

from collections.abc import Mapping, Sequence
from typing import Any

from training.evaluation.ablations import ABLATIONS, TABLES, Ablation, reference_of
from training.evaluation.measure import EXTREME
from training.evaluation.metrics import METRIC_NAMES, METRICS
from training.evaluation.paper_figures import ABLATIONS as PAPER
from training.evaluation.report import number

COUNTERPARTS = {
    "psnr": ("psnr",),
    "lpips": ("lpips", "dino"),
    "dreamsim": ("dreamsim", "dino"),
    "arcface": ("arcface", "dlib"),
}
"""The paper's metric -> ours that say the same, the first that was measured counts."""

CLEAR = 0.01
"""Share of a figure by which ours must differ before it has a direction (our choice)."""


def ablation_table(
    reports: Mapping[str, Mapping[str, Any]],  # by the ablation's name
    made_with: Mapping[str, str],  # name -> what stood in for the paper's loss, or ""
    skipped: Mapping[str, str],  # name -> why
    scale: str,
) -> str:
    """A page with one table for each of the paper's blocks."""
    names = [n for n in METRICS if any(n in r["scores"][EXTREME] for r in reports.values())]
    titles = [METRIC_NAMES[name] for name in names]
    lines = ["# Ablations", "", scale, ""]
    for table, title in TABLES.items():
        lines += [f"## {title}", ""]
        heads = ["variant", *titles, *(f"paper: {name}" for name in COUNTERPARTS), "direction"]
        lines += [_line(heads), "|" + "---|" * len(heads)]
        for ablation in ABLATIONS:
            if ablation.table == table:
                lines.append(_row(ablation, reports, made_with, names))
        lines.append("")
    if skipped:
        lines += ["## Not run", ""]
        lines += [f"- {name}: {why}" for name, why in skipped.items()] + [""]
    return "\n".join(lines)


def _row(
    ablation: Ablation,
    reports: Mapping[str, Mapping[str, Any]],
    made_with: Mapping[str, str],
    names: Sequence[str],
) -> str:
    title = ablation.title
    if made_with.get(ablation.name):
        title += f" (here: {made_with[ablation.name]})"
    report = reports.get(ablation.name)
    ours = [number(_mean(report, name)) for name in names]
    paper = [number(PAPER[ablation.name].get(name)) for name in COUNTERPARTS]
    return _line([title, *ours, *paper, direction(ablation, reports)])


def direction(ablation: Ablation, reports: Mapping[str, Mapping[str, Any]]) -> str:
    """Where the change from the table's full method goes another way than in the paper.

    Differences that the paper prints as none, and ours within CLEAR, are not compared.
    """
    reference = reference_of(ablation.table)
    if ablation is reference:
        return "reference"
    mine, full = reports.get(ablation.name), reports.get(reference.name)
    if mine is None or full is None:
        return "not run"
    same: list[str] = []
    other: list[str] = []
    for theirs, candidates in COUNTERPARTS.items():
        stated = PAPER[ablation.name][theirs] - PAPER[reference.name][theirs]
        for name in candidates:
            value, base = _mean(mine, name), _mean(full, name)
            if value is None or base is None:
                continue
            if stated and abs(value - base) > CLEAR * abs(base):
                (same if stated * (value - base) > 0 else other).append(METRIC_NAMES[name])
            break
    if other:
        return "differs: " + ", ".join(dict.fromkeys(other))
    return "same: " + ", ".join(dict.fromkeys(same)) if same else "nothing to compare"


def _mean(report: Mapping[str, Any] | None, metric: str) -> float | None:
    if report is None or metric not in report["scores"][EXTREME]:
        return None
    mean: float | None = report["scores"][EXTREME][metric]["mean"]
    return mean


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"
