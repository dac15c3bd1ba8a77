r"""Measure the embedded face parser: intersection over union of its 19 classes.

    python -m training.evaluation.parsing --data held-out:DIR --out RESULT
    python -m training.evaluation.parsing --data heads:DIR --weights RUN/parser.safetensors \
        --every 8 --out RESULT

`held-out` is what training.evaluation.held_out made, `heads` any folder of the generator's. Each
view is prepared as the application prepares a portrait (its own landmarks and foreground) and
parsed with and without the landmarks. Written are parsing.json and parsing.md. Pixels of all
views count together; classes that no view shows have no figure.
"""

import argparse
import sys
import time
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from inference.errors import NoFaceError, UsageError
from inference.face_map.labels import COUNT, MIRRORED, Label
from inference.files import atomic_write
from inference.head.template import HeadTemplate
from inference.parsing.embedded import EmbeddedParser, load_embedded_parser
from inference.portrait.prepare import PortraitPreparer
from inference.portrait.types import PreparedPortrait
from training.anchors.data import list_heads
from training.data.sample import TrainingView
from training.evaluation.held_out_subjects import HeldOutSubjects, load_subject
from training.evaluation.report import write_json
from training.evaluation.view_selection import yaw_and_elevation
from training.parsing.examples import prepared_view
from training.runs.command_line import command_parser, exit_status

FORMAT = "perchead-parsing-1"
TARGET = 0.75
FRONTAL = 40.0
"""Degrees of yaw up to which a view counts as frontal."""
WITH, WITHOUT = "with landmarks", "without landmarks"


@dataclass
class Confusion:
    """How often pixels of one class were taken for another.

    Attributes:
        pixels: [19, 19], true class first.
    """

    pixels: NDArray[np.int64] = field(default_factory=lambda: np.zeros((COUNT, COUNT), np.int64))

    def add(self, true: NDArray[np.uint8], found: NDArray[np.uint8]) -> None:
        """Count the pixels of a view: both [S, S]."""
        pair = true.astype(np.int64) * COUNT + found
        self.pixels += np.bincount(pair.ravel(), minlength=COUNT**2).reshape(COUNT, COUNT)

    @property
    def iou(self) -> NDArray[np.float64]:
        """[19] intersection over union; NaN for classes that are in no true map."""
        both = np.diag(self.pixels).astype(np.float64)
        true, found = self.pixels.sum(1), self.pixels.sum(0)
        return np.where(true > 0, both / np.maximum(true + found - both, 1), np.nan)

    @property
    def mean_iou(self) -> float:
        """Over the classes present."""
        return float(np.nanmean(self.iou))

    @property
    def accuracy(self) -> float:
        """Share of pixels that are right."""
        return float(np.trace(self.pixels) / max(1, self.pixels.sum()))

    @property
    def swapped(self) -> float:
        """Of the pixels of paired classes found as one of the pair, the share on the wrong side."""
        pairs = np.flatnonzero(np.arange(COUNT) != MIRRORED)
        wrong = self.pixels[pairs, MIRRORED[pairs]].sum()
        return float(wrong / max(1, wrong + self.pixels[pairs, pairs].sum()))


@dataclass
class Found:
    """All that a run found.

    Attributes:
        confusions: by way of parsing, then by group of views ("all" among them).
        views: how many were parsed.
        faces: of how many landmarks were found.
        seconds: of each parse, preparation not included.
    """

    confusions: dict[str, dict[str, Confusion]] = field(
        default_factory=lambda: {WITH: {}, WITHOUT: {}}
    )
    views: int = 0
    faces: int = 0
    seconds: list[float] = field(default_factory=list)

    def add(self, way: str, groups: tuple[str, ...], true: Any, found: Any) -> None:
        """Count one parse."""
        for group in groups:
            self.confusions[way].setdefault(group, Confusion()).add(true, found)


def measure(
    parser: EmbeddedParser,
    views: Iterator[tuple[TrainingView, dict[str, str]]],
    preparer_size: int | None = None,
) -> Found:
    """Parse views and compare.

    Args:
        parser: what is measured.
        views: with their true labels, and the groups of who they show.
        preparer_size: edge of the portraits in pixels; None for that of the views.
    """
    found = Found()
    preparers: dict[int, PortraitPreparer] = {}
    for view, who in views:
        if view.label is None:
            continue
        edge = preparer_size or view.rgb.shape[0]
        if edge not in preparers:
            preparers[edge] = PortraitPreparer(HeadTemplate.load(), edge)
        portrait = prepared_view(preparers[edge], (view.rgb * 255 + 0.5).astype(np.uint8))
        turned = abs(yaw_and_elevation(view.camera)[0]) > FRONTAL
        groups = ("all", "turned" if turned else "frontal", *(f"{k}: {v}" for k, v in who.items()))
        began = time.perf_counter()
        tokens = parser.tokens(portrait)
        labels = _labels(parser, tokens, portrait, True)
        found.seconds.append(time.perf_counter() - began)
        found.add(WITH, groups, view.label, labels)
        if portrait.landmarks is not None:
            found.faces += 1
            labels = _labels(parser, tokens, portrait, False)
        found.add(WITHOUT, groups, view.label, labels)
        found.views += 1
    return found


def _labels(
    parser: EmbeddedParser, tokens: torch.Tensor, portrait: PreparedPortrait, landmarks: bool
) -> NDArray[np.uint8]:
    """What is parsed; all background where no face is found."""
    try:
        return parser.parse_tokens(tokens, portrait, use_landmarks=landmarks).labels
    except NoFaceError:
        return np.full(portrait.alpha.shape, Label.BACKGROUND, np.uint8)


def read_views(
    data: str, every: int, subjects: int | None
) -> tuple[str, Iterator[tuple[TrainingView, dict[str, str]]]]:
    """The fingerprint of a set, and every n-th of its views with the groups of who it shows.

    Raises:
        UsageError: --data names nothing that is known or there.
    """
    kind, _, name = data.partition(":")
    folder = Path(name)
    if kind == "held-out" and name:
        people = HeldOutSubjects(folder)
        heads = [folder / path.name for path in list_heads(folder)]
        fingerprint = people.fingerprint
    elif kind == "heads" and name:
        heads, fingerprint = list_heads(folder), "none"
    else:
        raise UsageError(f"--data is held-out:DIR or heads:DIR, not {data!r}.")
    if not heads:
        raise UsageError(f"There are no heads in {folder}.")
    return fingerprint, _views(heads[:subjects], every)


def _views(heads: list[Path], every: int) -> Iterator[tuple[TrainingView, dict[str, str]]]:
    for number, head in enumerate(heads):
        try:
            subject = load_subject(head)
        except (OSError, KeyError, ValueError, zipfile.BadZipFile, EOFError) as error:
            raise UsageError(f"{head} is damaged: remove it or make it again.") from error
        # Another first view for each head, so that all angles come up.
        yield from ((view, subject.groups) for view in subject.views[number % every :: every])


def build_report(found: Found, name: str, data: str, fingerprint: str) -> dict[str, Any]:
    """Everything that was found, as plain data."""
    return {
        "format": FORMAT,
        "weights": name,
        "data": data.partition(":")[0],
        "fingerprint": fingerprint,
        "views": found.views,
        "views_with_landmarks": found.faces,
        "median_seconds": round(float(np.median(found.seconds)), 3),
        "threads": torch.get_num_threads(),
        "ways": {
            way: {
                group: {
                    "mean_iou": round(confusion.mean_iou, 4),
                    "accuracy": round(confusion.accuracy, 4),
                    "swapped_sides": round(confusion.swapped, 5),
                    "iou": {
                        label.title: None if np.isnan(value) else round(float(value), 4)
                        for label, value in zip(Label, confusion.iou, strict=True)
                    },
                }
                for group, confusion in sorted(groups.items())
            }
            for way, groups in found.confusions.items()
        },
    }


def markdown(report: dict[str, Any]) -> str:
    """The report as a page."""
    ways = report["ways"]
    best = ways[WITH]["all"]["mean_iou"]
    groups = [group for group in ways[WITH] if ":" not in group]
    lines = [
        "# Face parsing on synthetic heads",
        "",
        f"Weights: {report['weights']}; data: {report['data']}, fingerprint "
        f"{report['fingerprint']}; {report['views']} views, landmarks found in "
        f"{report['views_with_landmarks']}; {report['median_seconds']} s a portrait on "
        f"{report['threads']} threads.",
        "",
        f"Mean IoU {best:.3f} (target {TARGET}: {'reached' if best >= TARGET else 'missed'}).",
        "",
        "| | " + " | ".join(f"{way}, {group}" for way in ways for group in groups) + " |",
        "|---" * (1 + len(ways) * len(groups)) + "|",
    ]
    rows = {"mean IoU": "mean_iou", "pixels right": "accuracy", "sides swapped": "swapped_sides"}
    for title, key in rows.items():
        cells = [f"{ways[way][group][key]:.3f}" for way in ways for group in groups]
        lines.append(f"| **{title}** | " + " | ".join(cells) + " |")
    for label in Label:
        values = [ways[way][group]["iou"][label.title] for way in ways for group in groups]
        cells = ["-" if value is None else f"{value:.3f}" for value in values]
        lines.append(f"| {label.title} | " + " | ".join(cells) + " |")
    lines += ["", "| who | mean IoU | pixels right |", "|---|---|---|"]
    for group, found in ways[WITH].items():
        if ":" in group:
            lines.append(f"| {group} | {found['mean_iou']:.3f} | {found['accuracy']:.3f} |")
    return "\n".join(lines) + "\n"


def parse_options(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = command_parser("training.evaluation.parsing", __doc__)
    add = parser.add_argument
    add("--data", required=True, help="held-out:DIR or heads:DIR")
    add("--out", type=Path, required=True, help="folder for the tables")
    add("--weights", type=Path, help="parser.safetensors; by default the one that ships")
    add("--every", type=int, default=1, help="take every n-th view of a head")
    add("--subjects", type=int, help="at most so many heads")
    add("--size", type=int, help="edge of the prepared portraits; by default that of the views")
    add("--threads", type=int, default=torch.get_num_threads())
    return parser.parse_args(arguments)


def run(options: argparse.Namespace) -> int:
    """Measure and write; returns the exit status."""
    if options.every < 1:
        raise UsageError("--every counts from 1.")
    torch.set_num_threads(options.threads)
    parser = load_embedded_parser(options.weights)
    fingerprint, views = read_views(options.data, options.every, options.subjects)
    found = measure(parser, views, options.size)
    if not found.views:
        raise UsageError(f"{options.data} has no views with labels.")
    name = options.weights.name if options.weights else "as shipped"
    report = build_report(found, name, options.data, fingerprint)
    page = markdown(report)
    write_json(report, options.out / "parsing.json")
    with atomic_write(options.out / "parsing.md") as temporary:
        temporary.write_text(page, encoding="utf-8")
    print(page)
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point; 2 for something the user can mend."""
    return exit_status(lambda: run(parse_options(arguments)))


if __name__ == "__main__":
    sys.exit(main())
