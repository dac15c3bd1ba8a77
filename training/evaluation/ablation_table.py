"""The ablations' outcome beside the paper's table 2, and where the direction differs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from training.evaluation.ablations import ABLATIONS, TABLES, Ablation, reference_of
from training.evaluation.measure import EXTREME, NOVEL
from training.evaluation.metrics import METRIC_NAMES, METRICS
from training.evaluation.paper_figures import ABLATIONS as PAPER
from training.evaluation.report import number

Report = Mapping[str, Any]

COUNTERPARTS = {
    "psnr": ("psnr",),
    "lpips": ("lpips", "dino"),
    "dreamsim": ("dreamsim", "dino"),
    "arcface": ("arcface", "dlib"),
}
"""The paper's metric -> ours that say the same, the first that was measured counts."""

PAPER_NAMES = {"psnr": "PSNR", "lpips": "LPIPS", "dreamsim": "DreamSim", "arcface": "ArcFace"}
"""As the paper's table heads them."""

HIGHER_IS_BETTER = frozenset({"psnr", "ssim", "mask-iou"})

CLEAR = 0.01
"""Share of a figure by which ours must differ before it has a direction (our choice)."""

FEWEST = 8
"""Views that must have a figure before a mean of them has a direction (our choice): faces seen
from the side are seldom found."""

BETTER, WORSE, EVEN = "▲", "▼", "≈"


@dataclass(frozen=True)
class Outcome:
    """What was found.

    Attributes:
        reports: evaluation.json by the ablation's name.
        made_with: name -> what stood in for the paper's loss, or "".
        skipped: name -> why it was not run.
        repeats: evaluations of the full method trained again with other seeds: how far figures
            move by chance.
    """

    reports: Mapping[str, Report]
    made_with: Mapping[str, str] = field(default_factory=dict)
    skipped: Mapping[str, str] = field(default_factory=dict)
    repeats: Sequence[Report] = ()


def ablation_table(outcome: Outcome, scale: Sequence[str]) -> str:
    """A page with one table for each of the paper's blocks.

    Args:
        outcome: what was found.
        scale: paragraphs that say what the figures stand on.
    """
    every = [*outcome.reports.values(), *outcome.repeats]
    names = [name for name in METRICS if any(name in r["scores"][EXTREME] for r in every)]
    lines = ["# Ablations", ""]
    for paragraph in scale:
        lines += [paragraph, ""]
    lines += [_legend(outcome), ""]
    titles = [METRIC_NAMES[name] for name in names]
    heads = ["variant", *titles, *(f"paper: {name}" for name in PAPER_NAMES.values()), "direction"]
    for table, title in TABLES.items():
        lines += [f"## {title}", "", _line(heads), "|" + "---|" * len(heads)]
        lines += [_row(a, outcome, names) for a in ABLATIONS if a.table == table] + [""]
    lines += _novel_views(outcome, names)
    if outcome.repeats:
        lines += ["## The same again with other seeds", ""]
        lines += [_line(["full method", *titles]), "|" + "---|" * (len(titles) + 1)]
        full = outcome.reports.get(reference_of("loss").name)
        for count, report in enumerate([full, *outcome.repeats]):
            title = f"again, {count}" if count else "as above"
            lines.append(_line([title, *(number(_mean(report, name)) for name in names)]))
        lines.append("")
    if outcome.skipped:
        lines += ["## Not run", ""]
        lines += [f"- {name}: {why}" for name, why in outcome.skipped.items()] + [""]
    return "\n".join(lines)


def _novel_views(outcome: Outcome, names: Sequence[str]) -> list[str]:
    """What the paper's table leaves out: views near the input, without the paper's figures."""
    done = [ablation for ablation in ABLATIONS if ablation.name in outcome.reports]
    if not done:
        return []
    lines = ["## Novel views, near the input", ""]
    lines += [_line(["variant", *(METRIC_NAMES[name] for name in names)])]
    lines += ["|" + "---|" * (len(names) + 1)]
    for ablation in done:
        report = outcome.reports[ablation.name]
        cells = [_figure(report, NOVEL, name) for name in names]
        lines.append(_line([ablation.title, *cells]))
    return [*lines, ""]


def _legend(outcome: Outcome) -> str:
    margin = f"{100 * CLEAR:.0f} %"
    if outcome.repeats:
        margin += ", or the full method trained again with another seed moves as far,"
    return (
        f"{BETTER} better, {WORSE} worse than the full method of the same block, {EVEN} as good: "
        f"ours differs by less than {margin} or the paper prints the same figure. "
        f"Means of fewer than {FEWEST} views get no mark. "
        '"Direction" compares the marks where both have one.'
    )


def _row(ablation: Ablation, outcome: Outcome, names: Sequence[str]) -> str:
    title = ablation.title
    if outcome.made_with.get(ablation.name):
        title += f" (here: {outcome.made_with[ablation.name]})"
    report = outcome.reports.get(ablation.name)
    ours = [_ours(ablation, report, outcome, name) for name in names]
    marked = ablation is not reference_of(ablation.table)
    paper = []
    for name in COUNTERPARTS:
        figure = number(PAPER[ablation.name].get(name))
        paper.append(f"{figure} {_mark(_paper_change(ablation, name))}" if marked else figure)
    return _line([title, *ours, *paper, direction(ablation, outcome)])


def _ours(ablation: Ablation, report: Report | None, outcome: Outcome, metric: str) -> str:
    if report is None:
        return number(None)
    text = _figure(report, EXTREME, metric)
    change = change_of(ablation, outcome, metric)
    return text if change is None else f"{text} {_mark(change)}"


def _figure(report: Report, task: str, metric: str) -> str:
    """A mean; where not all views have a figure, of how many, and how many lost their face."""
    figure = report["scores"][task].get(metric)
    if figure is None:
        return number(None)
    text = number(figure["mean"])
    if figure["views"] < report["protocol"]["views"][task]:
        text += f" ({figure['views']} views, {figure['lost']} faces lost)"
    return text


def change_of(ablation: Ablation, outcome: Outcome, metric: str) -> float | None:
    """How much better (above 0) or worse a row is than its table's full method.

    Returns:
        0 where the difference is within chance; None where there is nothing to compare, or too
        few views.
    """
    reference = reference_of(ablation.table)
    mine = _mean(outcome.reports.get(ablation.name), metric, FEWEST)
    full = _mean(outcome.reports.get(reference.name), metric, FEWEST)
    if ablation is reference or mine is None or full is None:
        return None
    margin = max(CLEAR * abs(full), _chance(outcome, metric))
    if abs(mine - full) <= margin:
        return 0.0
    return mine - full if metric in HIGHER_IS_BETTER else full - mine


def _chance(outcome: Outcome, metric: str) -> float:
    """How far another seed moved the full method; the repeats are those of the loss's block."""
    first = _mean(outcome.reports.get(reference_of("loss").name), metric, FEWEST)
    again = [_mean(report, metric, FEWEST) for report in outcome.repeats]
    if first is None:
        return 0.0
    return max((abs(value - first) for value in again if value is not None), default=0.0)


def direction(ablation: Ablation, outcome: Outcome) -> str:
    """Whether the change from the table's full method goes the same way as in the paper."""
    reference = reference_of(ablation.table)
    if ablation is reference:
        return "reference"
    if ablation.name not in outcome.reports or reference.name not in outcome.reports:
        return "not run"
    found: dict[str, list[str]] = {"differs": [], "same": [], "too close": []}
    for theirs, candidates in COUNTERPARTS.items():
        for name in candidates:
            change = change_of(ablation, outcome, name)
            if change is None:
                continue
            stated = _paper_change(ablation, theirs)
            if not stated or not change:
                kind = "too close" if stated else None  # the paper sees no difference
            else:
                kind = "same" if stated * change > 0 else "differs"
            if kind:
                said = METRIC_NAMES[name]
                said += f" (paper's {PAPER_NAMES[theirs]})" if name != theirs else ""
                found[kind].append(said)
            break
    return "; ".join(f"{kind}: {', '.join(which)}" for kind, which in found.items() if which) or (
        "nothing to compare"
    )


def _paper_change(ablation: Ablation, metric: str) -> float:
    """How much better the paper's row is than its full method; 0 where it prints the same."""
    reference = reference_of(ablation.table)
    difference = PAPER[ablation.name][metric] - PAPER[reference.name][metric]
    return difference if metric in HIGHER_IS_BETTER else -difference


def _mark(change: float) -> str:
    return EVEN if not change else BETTER if change > 0 else WORSE


def _mean(report: Report | None, metric: str, fewest: int = 1) -> float | None:
    """A figure of the extreme views, or None where fewer than so many views have one."""
    if report is None or metric not in report["scores"][EXTREME]:
        return None
    figure = report["scores"][EXTREME][metric]
    mean: float | None = figure["mean"]
    return mean if figure["views"] >= fewest else None


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"
