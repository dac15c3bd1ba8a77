"""The outcome as JSON, and as Markdown beside the paper's figures."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from inference.errors import UsageError
from inference.files import atomic_write
from training.evaluation.measure import EXTREME, NOVEL, Measurement, RunOptions
from training.evaluation.metrics import METRIC_NAMES, MetricSet
from training.evaluation.paper_figures import RESULTS, Row
from training.evaluation.subject import SubjectSet
from training.evaluation.summary import anchor_means, by_group, drops_of, plain, table_of
from training.evaluation.targets import Target

FORMAT = "perchead-evaluation-1"
FACES = frozenset({"arcface", "dlib"})
"""Metrics that look for a face first, and see few in profile."""


def build_report(
    name: str,
    subjects: SubjectSet,
    metrics: MetricSet,
    options: RunOptions,
    measurement: Measurement,
) -> dict[str, Any]:
    """Everything that was found, as plain data."""
    names = list(metrics.metrics)
    table = table_of(measurement.views, names)
    return {
        "format": FORMAT,
        "model": name,
        "data": subjects.protocol.name,
        "fingerprint": subjects.fingerprint,
        "protocol": {
            "crop": "PanoHead-tight, white background",
            "size": options.size,
            "identities": len({view.identity for view in measurement.views}),
            "views": {
                task: sum(view.task == task for view in measurement.views)
                for task in (NOVEL, EXTREME)
            },
            "widest_input": subjects.protocol.widest_input,
        },
        "scores": plain(table),
        "drops": drops_of(table),
        "anchors": anchor_means([error for _, error in measurement.anchors]),
        "groups": by_group(measurement, names),
        "skipped": metrics.skipped,
    }


def write_json(report: dict[str, Any], path: Path) -> None:
    """Write a report."""
    with atomic_write(path) as temporary:
        text = json.dumps(report, indent=1, allow_nan=False)
        temporary.write_text(text + "\n", encoding="utf-8")


def read_json(path: Path) -> dict[str, Any]:
    """Read a report.

    Raises:
        UsageError: it is missing or something else.
    """
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(
            f"{path} cannot be read: give the evaluation.json that training.evaluate wrote."
        ) from error
    if not isinstance(report, dict) or report.get("format") != FORMAT:
        raise UsageError(f"{path} is no evaluation.json of this version: run evaluate again.")
    return report


def markdown(report: dict[str, Any], targets: Sequence[Target] = ()) -> str:
    """The report as a page."""
    protocol = report["protocol"]
    lines = [
        f"# {report['model']} on {report['data']}",
        "",
        f"{protocol['identities']} identities, {protocol['views'][NOVEL]} novel and "
        f"{protocol['views'][EXTREME]} extreme views, inputs within "
        f"±{protocol['widest_input']:.0f} degrees, {protocol['crop']}, {protocol['size']} pixels. "
        f"Set: {report['fingerprint']}.",
        "",
        *score_table(report),
    ]
    if report["anchors"]:
        lines += ["", "## Anchors", "", *_anchor_table(report)]
    if targets:
        lines += ["", "## Targets", "", *target_table(report, targets)]
    if report["groups"]:
        lines += ["", "## By group", "", *bias_table(report)]
    if report["skipped"]:
        lines += ["", "## Not measured", ""]
        lines += [f"- {METRIC_NAMES[name]}: {why}." for name, why in report["skipped"].items()]
    return "\n".join(lines) + "\n"


def score_table(report: dict[str, Any]) -> list[str]:
    """Our rows, with the paper's below them where it has any for this data set."""
    names = list(report["scores"][NOVEL])
    lines = [_line(["", *(METRIC_NAMES[name] for name in names)]), _rule(len(names) + 1)]
    for task in (NOVEL, EXTREME):
        figures = report["scores"][task]
        views = report["protocol"]["views"][task]
        cells = [_figure(figures[name], views) for name in names]
        lines.append(_line([f"**{report['model']}**, {task}", *cells]))
        for method, row in RESULTS.get((report["data"], task), {}).items():
            lines.append(_line([f"{method}, {task}", *_paper_cells(row, names)]))
    drops = [report["drops"][name] for name in names]
    cells = ["" if drop is None else f"{100 * drop:+.1f} %" for drop in drops]
    lines.append(_line(["novel to extreme", *cells]))
    if FACES & set(names):
        lines += ["", "Metrics of faces leave out views in whose true picture they find none."]
    return lines


def _paper_cells(row: Row, names: list[str]) -> list[str]:
    return [number(row.get(name)) for name in names]


def _figure(figure: dict[str, Any], views: int | None = None) -> str:
    """Mean, and what it leaves out: views whose true picture has no figure, and lost faces."""
    notes = []
    if views is not None and figure["views"] < views:
        notes.append(f"{figure['views']} of {views} views")
    if figure["lost"]:
        notes.append(f"{figure['lost']} faces lost")
    return number(figure["mean"]) + (f" ({', '.join(notes)})" if notes else "")


def number(value: float | None) -> str:
    """A figure as tables show it; a dash where there is none."""
    if value is None:
        return "–"
    return f"{value:.2f}" if abs(value) >= 2 else f"{value:.3f}"


def _anchor_table(report: dict[str, Any]) -> list[str]:
    anchors = report["anchors"]
    return [
        _line(["face mm", "hair mm", "colour L1 face", "colour L1 hair", "colour L1 all"]),
        _rule(5),
        _line(
            [
                number(anchors[name])
                for name in ("face_mm", "hair_mm", "face_colour", "hair_colour", "colour")
            ]
        ),
    ]


def target_table(report: dict[str, Any], targets: Sequence[Target]) -> list[str]:
    """Every target with what was found."""
    words = {True: "yes", False: "no", None: "not measured"}
    lines = [_line(["target", "wanted", "found", "reached"]), _rule(4)]
    for target in targets:
        sign = "≥" if target.at_least else "≤"
        found = number(target.found(report))
        reached = words[target.reached(report)]
        lines.append(_line([target.name, f"{sign} {target.limit:g}", found, reached]))
    return lines


def bias_table(report: dict[str, Any]) -> list[str]:
    """Scores over novel and extreme views by group."""
    names = list(report["scores"][NOVEL])
    heads = [f"{METRIC_NAMES[name]}, {task}" for name in names for task in (NOVEL, EXTREME)]
    anchors = ["face_mm", "face_colour"] if report["anchors"] else []
    titles = ["face mm", "colour L1 face"] if anchors else []
    lines = [_line(["group", "identities", *heads, *titles])]
    lines.append(_rule(2 + len(heads) + len(titles)))
    for kind, groups in report["groups"].items():
        for group, found in groups.items():
            cells = [
                _figure(found["scores"][task][name]) for name in names for task in (NOVEL, EXTREME)
            ]
            cells += [number(found["anchors"][name]) for name in anchors]
            lines.append(_line([f"{kind}: {group}", str(found["identities"]), *cells]))
    return lines


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _rule(columns: int) -> str:
    return "|" + "---|" * columns
