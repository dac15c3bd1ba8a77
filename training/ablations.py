"""Train and measure the paper's ablations at whatever scale there is time for.

    python -m training.synthetic.generate --out HEADS --seeds 0:200
    python -m training.evaluation.held_out --out TEST --identities 8
    python -m training.ablations --heads HEADS --test held-out:TEST --out OUT --minutes 4

Half of the synthetic heads are shown from all their sides (multi-view data), of the other half
each picture alone (2D data). Every row has the same data, seed and number of steps, every row
whose method has one a sharpening CNN of its own. The scale "mini" needs nothing but what ships:
small models on one core, and stand-ins for the losses, named in every table
(training.losses.named). The scale "paper" trains the paper's models with the published networks.

--minutes measures how long the full method takes a step and gives all rows as many as fit; what
it decided is in OUT/plan.json. Every row is kept: a run that was killed goes on with the same
command. The full method is trained once more with another seed (--repeats), because a difference
that another seed makes as well says nothing. Writes OUT/ablations.md, and for each measured
model its evaluation and a contact sheet.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch

from inference.errors import PercHeadError, UsageError
from inference.files import atomic_write
from training.evaluate import load_subjects
from training.evaluation.ablation_data import halves_of
from training.evaluation.ablation_models import MODELS
from training.evaluation.ablation_page import scale_in_words
from training.evaluation.ablation_plan import AblationPlan, check_plan, read_plan, write_plan
from training.evaluation.ablation_runner import Runner
from training.evaluation.ablation_table import Outcome, ablation_table
from training.evaluation.ablations import ABLATIONS, reference_of
from training.evaluation.metrics import METRICS, load_metrics
from training.evaluation.subject import SubjectSet
from training.runs.command_line import command_parser, exit_status


def parse_options(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = command_parser("training.ablations", __doc__)
    add = parser.add_argument
    add("--heads", type=Path, required=True, help="heads of training.synthetic.generate")
    add("--test", required=True, help="what evaluate takes as --data")
    add("--out", type=Path, required=True, help="folder to write to")
    add("--scale", choices=list(MODELS), default="mini", help="default mini")
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--steps", type=int, help="of every reconstruction model")
    length.add_argument("--minutes", type=float, help="of every reconstruction model, about")
    add("--sharpening-steps", type=int, help="of every sharpening CNN; default a fifth of steps")
    add("--sharpen", choices=["all", "own"], help="which blocks' rows; default all, as the paper")
    add("--batch", type=int, help="heads per step, default 2")
    add("--size", type=int, help="edge of the compared pictures in pixels, default 112")
    add("--crop", type=int, help="edge of the measured crops in pixels, default 128")
    add("--subjects", type=int, help="measure at most so many people")
    add("--most-heads", type=int, help="train on at most so many heads")
    add("--seed", type=int, help="of every random choice, default 0")
    add("--repeats", type=int, default=1, help="of the full method with other seeds, default 1")
    add("--metrics", nargs="+", choices=list(METRICS), help="by default all that are here")
    add("--only", nargs="+", choices=[ablation.name for ablation in ABLATIONS])
    add("--dinov2-giant", type=Path, help="DINOv2 giant, for the scale paper")
    add("--dinov2-small", type=Path, help="DINOv2 small, for the scale paper's Light-S")
    add("--loss-dino", type=Path, help="DINOv2 small, for the losses")
    add("--loss-sam", type=Path, help="SAM 2.1 small, for the losses")
    add("--threads", type=int, default=1, help="of torch")
    return parser.parse_args(arguments)


def missing_networks(options: argparse.Namespace) -> dict[str, str]:
    """Parts of losses that cannot be used here, with the reason."""
    missing = {}
    if options.loss_dino is None:
        missing["dino"] = "DINOv2 small is not given (--loss-dino)"
    if options.loss_sam is None:
        missing["sam"] = "SAM 2.1 small is not given (--loss-sam)"
    missing.update(load_metrics(["lpips"]).skipped)
    return missing


def begin_plan(options: argparse.Namespace, subjects: SubjectSet) -> AblationPlan:
    """The plan of a run that was begun, checked; or a new one, with 0 steps if --minutes says.

    Raises:
        UsageError: the command line says other things than the run was begun with.
    """
    asked = {
        "scale": options.scale,
        "steps": options.steps,
        "sharpening_steps": options.sharpening_steps,
        "sharpen": options.sharpen,
        "batch": options.batch,
        "size": options.size,
        "crop": options.crop,
        "subjects": options.subjects,
        "seed": options.seed,
        "test": subjects.fingerprint,
    }
    plan = read_plan(options.out)
    if plan is not None:
        check_plan(plan, asked, options.out)
        return plan
    multi_view, single = halves_of(options.heads, options.most_heads)
    steps = options.steps or (0 if options.minutes else 200)
    return AblationPlan(
        scale=options.scale,
        steps=steps,
        sharpening_steps=options.sharpening_steps or max(1, steps // 5),
        sharpen=options.sharpen or "all",
        batch=options.batch or 2,
        size=options.size or 112,
        crop=options.crop or 128,
        subjects=options.subjects,
        seed=options.seed or 0,
        multi_view=multi_view,
        single=single,
        test=subjects.fingerprint,
    )


def run(options: argparse.Namespace) -> str:
    """Run all rows that can be run; returns the page."""
    least = {"steps": 1, "minutes": 0.01, "batch": 1, "size": 28, "crop": 32, "most_heads": 2}
    for name, lowest in least.items():
        value = getattr(options, name)
        if value is not None and value < lowest:
            raise UsageError(f"--{name.replace('_', '-')} must be at least {lowest}.")
    torch.set_num_threads(options.threads)
    subjects = load_subjects(options.test)
    plan = begin_plan(options, subjects)
    missing = missing_networks(options)
    metrics = load_metrics(options.metrics)

    def runner_of(plan: AblationPlan) -> Runner:
        return Runner(plan, options.out, options.heads, subjects, metrics, options, missing)

    full = reference_of("loss")
    if not plan.steps:
        pace = runner_of(plan).seconds_per_step(full)
        steps = max(1, round(60 * options.minutes / pace))
        print(f"{pace:.2f} s a step: {steps} steps for every row", flush=True)
        sharpening = options.sharpening_steps or max(1, steps // 5)
        plan = replace(plan, steps=steps, sharpening_steps=sharpening)
    write_plan(options.out, plan)
    runner = runner_of(plan)
    outcome = Outcome({}, {}, {ablation.name: "not run yet." for ablation in ABLATIONS}, ())
    page = ""
    # The full method first: all others stand beside it.
    for ablation in sorted(ABLATIONS, key=lambda ablation: ablation.network != full.network):
        name = ablation.name
        reports, made_with = dict(outcome.reports), dict(outcome.made_with)
        skipped, repeats = dict(outcome.skipped), list(outcome.repeats)
        try:
            if options.only and name not in options.only:
                raise UsageError("not asked for.")
            reports[name], made_with[name] = runner.run(ablation)
            del skipped[name]
            if ablation is full:
                repeats = [runner.run(full, 1 + i)[0] for i in range(options.repeats)]
        except PercHeadError as error:
            skipped[name] = str(error)
            print(f"left out: {name}: {error}", flush=True)
        outcome = Outcome(reports, made_with, skipped, repeats)
        # After every row, since all of them may take days.
        page = ablation_table(outcome, scale_in_words(plan, outcome, missing, metrics))
        with atomic_write(options.out / "ablations.md") as temporary:
            temporary.write_text(page, encoding="utf-8")
    return page


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point; 2 for something the user can mend."""

    def command() -> int:
        print(run(parse_options(arguments)))
        return 0

    return exit_status(command)


if __name__ == "__main__":
    sys.exit(main())
