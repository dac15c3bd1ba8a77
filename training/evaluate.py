r"""Measure a reconstruction model with the paper's protocol.

    python -m training.evaluate --data held-out:DIR --out RESULTS
    python -m training.evaluate --data shards:DIR --preset paper --checkpoint FILE \
        --dinov2 DIR --out RESULTS
    python -m training.evaluate --data held-out:DIR --ceiling --out RESULTS

`held-out` is what training.evaluation.held_out made; `shards` is what training.data.prepare
stored of Ava-256, NeRSemble or another data set, of which the held-out people are used. Views
near the input and from its other side are compared in PanoHead's tight crop over white. Written
are evaluation.json, evaluation.md and contact_sheet.jpg. Metrics whose package or weights are
missing are listed with the reason. With --ceiling the exact anchors are drawn instead of a
prediction: what training on them can reach at best; under 22 dB it ends with status 1.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from inference.errors import UsageError
from inference.files import atomic_write
from inference.head.template import HeadTemplate
from inference.rendering.selection import choose_renderer
from training.data.splits import Split
from training.evaluation.contact_sheet import contact_sheet
from training.evaluation.head_source import ExactHeads, HeadSource, load_model_heads
from training.evaluation.held_out_subjects import HeldOutSubjects
from training.evaluation.measure import RunOptions, measure
from training.evaluation.metrics import METRICS, load_metrics
from training.evaluation.report import build_report, markdown, write_json
from training.evaluation.shard_subjects import ShardSubjects
from training.evaluation.subject import SubjectSet
from training.evaluation.targets import CEILING_TARGETS, MODEL_TARGETS, Target
from training.runs.command_line import command_parser, exit_status


def parse_options(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = command_parser("training.evaluate", __doc__)
    add = parser.add_argument
    add("--data", required=True, help="held-out:DIR or shards:DIR")
    add("--out", type=Path, required=True, help="folder for table and pictures")
    add("--preset", default="embedded")
    add("--checkpoint", type=Path, help="weights; by default those that ship with the preset")
    add("--dinov2", type=Path, help="published backbone of presets other than embedded")
    add("--sharpening", type=Path, help="a sharpening.safetensors beside the checkpoint")
    add("--ceiling", action="store_true", help="draw the exact anchors instead of a prediction")
    add("--without-sharpening", action="store_true", help="leave the sharpening CNN out")
    add("--metrics", nargs="+", choices=list(METRICS), help="by default all that are here")
    add("--subjects", type=int, help="at most so many people")
    add("--split", choices=["test", "all"], default="test", help="whose shards")
    add("--held-out-share", type=float, default=0.0, help="as the data was split for training")
    add("--size", type=int, default=RunOptions.size, help="edge of the compared crops, pixels")
    add("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    add("--threads", type=int, default=torch.get_num_threads())
    return parser.parse_args(arguments)


def load_subjects(data: str, split: Split = "test", held_out_share: float = 0.0) -> SubjectSet:
    """The people that --data names.

    Raises:
        UsageError: it names nothing that is known or there.
    """
    kind, _, folder = data.partition(":")
    if kind == "held-out" and folder:
        return HeldOutSubjects(Path(folder))
    if kind == "shards" and folder:
        return ShardSubjects(Path(folder), split, held_out_share)
    raise UsageError(f"--data is held-out:DIR or shards:DIR, not {data!r}.")


def run(options: argparse.Namespace) -> int:
    """Measure and write; returns the exit status."""
    if options.size < 32:
        raise UsageError("--size must be at least 32 pixels.")
    torch.set_num_threads(options.threads)
    subjects = load_subjects(options.data, options.split, options.held_out_share)
    source: HeadSource
    targets: tuple[Target, ...] = ()
    if options.ceiling:
        source = ExactHeads()
        targets = CEILING_TARGETS
    else:
        source = load_model_heads(
            options.preset,
            options.checkpoint,
            options.dinov2,
            options.sharpening,
            not options.without_sharpening,
            options.device,
        )
        if isinstance(subjects, HeldOutSubjects):
            targets = MODEL_TARGETS
    metrics = load_metrics(options.metrics)
    for name, why in metrics.skipped.items():
        print(f"not measured: {name}, {why}", flush=True)
    limits = RunOptions(options.size, options.subjects)
    labels = HeadTemplate.load().labels
    found = measure(source, subjects, choose_renderer(), metrics.metrics, labels, limits, _say)
    report = build_report(source.name, subjects, metrics, limits, found)
    page = markdown(report, targets)
    write_json(report, options.out / "evaluation.json")
    with atomic_write(options.out / "evaluation.md") as temporary:
        temporary.write_text(page, encoding="utf-8")
    _write_picture(contact_sheet(found.rows), options.out / "contact_sheet.jpg")
    print(page)
    gate = [target.reached(report) for target in targets if options.ceiling]
    return 1 if False in gate else 0


def _say(text: str) -> None:
    print(text, flush=True)


def _write_picture(picture: NDArray[np.uint8], path: Path) -> None:
    with atomic_write(path) as temporary:
        Image.fromarray(picture).save(temporary, quality=92)


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point; 2 for something the user can mend."""
    return exit_status(lambda: run(parse_options(arguments)))


if __name__ == "__main__":
    sys.exit(main())
