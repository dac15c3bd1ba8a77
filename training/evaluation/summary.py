"""From single views to the figures of a table."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass

from training.evaluation.anchor_errors import AnchorErrors
from training.evaluation.measure import EXTREME, NOVEL, Measurement, ViewScore


@dataclass(frozen=True)
class Figure:
    """A metric over some views.

    Attributes:
        mean: over the views that have a figure; None where none has.
        views: how many have one.
        lost: views whose true picture shows a face and whose rendering shows none; they are
            not part of the mean and make it too kind.
    """

    mean: float | None
    views: int
    lost: int


Table = dict[str, dict[str, Figure]]
"""Task -> metric -> figure."""


def figure_of(values: Iterable[float | None]) -> Figure:
    """Mean, count and losses."""
    known = [value for value in values if value is not None]
    found = [value for value in known if not math.isnan(value)]
    mean = sum(found) / len(found) if found else None
    return Figure(mean, len(found), len(known) - len(found))


def table_of(views: Sequence[ViewScore], metrics: Sequence[str]) -> Table:
    """Every metric for novel and extreme views."""
    return {
        task: {
            metric: figure_of(view.scores[metric] for view in views if view.task == task)
            for metric in metrics
        }
        for task in (NOVEL, EXTREME)
    }


def drops_of(table: Table) -> dict[str, float | None]:
    """Relative change of each metric from novel to extreme, 0.1 is 10 % more."""
    drops: dict[str, float | None] = {}
    for metric, novel in table[NOVEL].items():
        extreme = table[EXTREME][metric].mean
        known = novel.mean is not None and extreme is not None and novel.mean != 0
        drops[metric] = (extreme / novel.mean - 1) if known else None  # type: ignore[operator]
    return drops


def anchor_means(errors: Sequence[AnchorErrors]) -> dict[str, float | None]:
    """Means over heads of each error; heads without such anchors do not count."""
    if not errors:
        return {}
    rows = [asdict(error) for error in errors]
    return {name: figure_of(row[name] for row in rows).mean for name in rows[0]}


def by_group(measurement: Measurement, metrics: Sequence[str]) -> dict[str, dict[str, object]]:
    """The bias table: group kind -> group -> identities, scores and anchor errors."""
    result: dict[str, dict[str, object]] = {}
    kinds = sorted({kind for view in measurement.views for kind in view.groups})
    for kind in kinds:
        result[kind] = {}
        for name in sorted({v.groups[kind] for v in measurement.views if kind in v.groups}):
            inside = _in_group(kind, name)
            views = [view for view in measurement.views if inside(view.groups)]
            errors = [error for groups, error in measurement.anchors if inside(groups)]
            result[kind][name] = {
                "identities": len({view.identity for view in views}),
                "scores": plain(table_of(views, metrics)),
                "anchors": anchor_means(errors),
            }
    return result


def _in_group(kind: str, name: str) -> Callable[[dict[str, str]], bool]:
    return lambda groups: groups.get(kind) == name


def plain(table: Table) -> dict[str, dict[str, dict[str, float | int | None]]]:
    """A table as JSON."""
    return {
        task: {metric: asdict(figure) for metric, figure in row.items()}
        for task, row in table.items()
    }
