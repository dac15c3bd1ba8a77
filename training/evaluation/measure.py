"""Run the protocol: predict, draw, compare, view by view."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from inference.rendering.protocol import Renderer
from training.evaluation.anchor_errors import AnchorErrors, anchor_errors
from training.evaluation.crop import crop_truth
from training.evaluation.head_source import HeadSource
from training.evaluation.metric import Comparison, Metric, Picture
from training.evaluation.subject import Subject, SubjectSet
from training.evaluation.view_selection import ViewTask, select_views, yaw_and_elevation

NOVEL, EXTREME = "novel", "extreme"


@dataclass(frozen=True)
class ViewScore:
    """One rendered view.

    Attributes:
        identity: whose.
        groups: of the person, for the bias table.
        task: NOVEL or EXTREME.
        input_yaw, target_yaw: degrees.
        scores: metric name -> figure; None where the true picture has none, NaN where the
            rendering lost the face.
    """

    identity: str
    groups: dict[str, str]
    task: str
    input_yaw: float
    target_yaw: float
    scores: dict[str, float | None]


@dataclass(frozen=True)
class SheetRow:
    """Pictures for the contact sheet: the input, then truth and rendering of some views.

    Attributes:
        identity: whose.
        pictures: title and picture [S, S, 3] of each, in order.
    """

    identity: str
    pictures: tuple[tuple[str, Picture], ...]


@dataclass
class Measurement:
    """All that a run found.

    Attributes:
        views: one entry per rendered view.
        anchors: one entry per head of a synthetic subject, with its groups.
        rows: for the contact sheet.
    """

    views: list[ViewScore] = field(default_factory=list)
    anchors: list[tuple[dict[str, str], AnchorErrors]] = field(default_factory=list)
    rows: list[SheetRow] = field(default_factory=list)


@dataclass(frozen=True)
class RunOptions:
    """How much is measured.

    Attributes:
        size: edge of the compared crops in pixels (our choice; the paper does not say).
        subjects: at most so many, None is all.
        sheet_rows: how many heads the contact sheet shows.
    """

    size: int = 256
    subjects: int | None = None
    sheet_rows: int = 16


def measure(
    source: HeadSource,
    subjects: SubjectSet,
    renderer: Renderer,
    metrics: Mapping[str, Metric],
    labels: NDArray[np.uint8],  # [N] template labels
    options: RunOptions,
    say: Callable[[str], None] = lambda text: None,
) -> Measurement:
    """Evaluate heads on a set of subjects."""
    result = Measurement()
    total = len(subjects) if options.subjects is None else min(options.subjects, len(subjects))
    for number, subject in enumerate(_first(subjects, options.subjects)):
        cameras = [view.camera for view in subject.views]
        for task in select_views(cameras, subjects.protocol, number):
            _measure_task(source, subject, task, renderer, metrics, labels, options, result)
        say(f"{number + 1} of {total}: {subject.identity}")
    return result


def _first(subjects: SubjectSet, count: int | None) -> Iterator[Subject]:
    for number, subject in enumerate(subjects):
        if count is not None and number >= count:
            return
        yield subject


def _measure_task(
    source: HeadSource,
    subject: Subject,
    task: ViewTask,
    renderer: Renderer,
    metrics: Mapping[str, Metric],
    labels: NDArray[np.uint8],
    options: RunOptions,
    result: Measurement,
) -> None:
    head = source.head(subject, task.input)
    # A trial's head has fewer Gaussians than the template.
    if subject.targets is not None and len(head) == len(labels):
        result.anchors.append((subject.groups, anchor_errors(head, subject.targets, labels)))
    input_yaw = yaw_and_elevation(subject.views[task.input].camera)[0]
    seen = crop_truth(subject.views[task.input], options.size).rgb
    shown: list[tuple[str, Picture]] = [(f"input {input_yaw:+.0f}", seen)]
    for kind, views in ((NOVEL, task.novel), (EXTREME, task.extreme)):
        for place, index in enumerate(views):
            view = subject.truth(index)
            truth = crop_truth(view, options.size)
            frame = renderer.render(head, truth.camera)
            rendered = source.finish(frame)
            comparison = Comparison(rendered, truth.rgb, frame.alpha, truth.alpha)
            result.views.append(
                ViewScore(
                    subject.identity,
                    subject.groups,
                    kind,
                    input_yaw,
                    yaw_and_elevation(view.camera)[0],
                    {name: metric(comparison) for name, metric in metrics.items()},
                )
            )
            if place in (0, len(views) - 1):
                title = f"{kind} {result.views[-1].target_yaw:+.0f}"
                shown += [(f"truth, {title}", truth.rgb), (f"head, {title}", rendered)]
    if len(result.rows) < options.sheet_rows:
        result.rows.append(SheetRow(subject.identity, tuple(shown)))
