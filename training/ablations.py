"""Train and measure the paper's ablations at whatever scale there is time for.

    python -m training.synthetic.generate --out HEADS --seeds 0:200
    python -m training.evaluation.held_out --out TEST
    python -m training.ablations --heads HEADS --test held-out:TEST --out OUT --steps 300

Synthetic heads stand for both kinds of data: with their views together for multi-view data, each
picture alone for 2D data. Losses whose published networks are not given (--loss-dino,
--loss-sam) are replaced by a stand-in where there is one and left out by name where there is
none. Every row is trained by train_reconstruction.py (and train_sharpening.py), measured by
evaluate.py, and kept: a run that was stopped goes on with the next row. Writes OUT/ablations.md
and one folder per training and row.
"""

import argparse
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from inference.errors import UsageError
from inference.files import atomic_write
from training.anchor_data import list_heads
from training.command_line import command_parser, exit_status
from training.config import RECONSTRUCTION
from training.evaluation.ablation_data import write_synthetic_shards
from training.evaluation.ablation_table import ablation_table
from training.evaluation.ablations import ABLATIONS, Ablation
from training.evaluation.metrics import load_metrics
from training.evaluation.report import read_json
from training.run_state import STATE


def parse_options(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = command_parser("training.ablations", __doc__)
    add = parser.add_argument
    add("--heads", type=Path, required=True, help="heads of training.synthetic.generate")
    add("--test", required=True, help="what evaluate takes as --data")
    add("--out", type=Path, required=True, help="folder to write to")
    add("--preset", choices=list(RECONSTRUCTION), default="trial", help="of all but Light")
    add("--init", type=Path, help="where the embedded preset starts from")
    add("--steps", type=int, default=200, help="of every reconstruction model")
    add("--sharpening-steps", type=int, default=50, help="of every sharpening CNN")
    add("--batch", type=int, help="heads per step")
    add("--size", type=int, default=256, help="edge of the measured crops, pixels")
    add("--subjects", type=int, help="measure at most so many people")
    add("--only", nargs="+", choices=[ablation.name for ablation in ABLATIONS])
    add("--dinov2-giant", type=Path, help="for the presets paper and light")
    add("--dinov2-small", type=Path, help="for the preset light-s")
    add("--loss-dino", type=Path, help="DINOv2 small, for the losses")
    add("--loss-sam", type=Path, help="SAM 2.1 small, for the losses")
    add("--threads", type=int, default=1, help="of torch")
    return parser.parse_args(arguments)


def chosen_loss(ablation: Ablation, missing: dict[str, str]) -> tuple[str, str]:
    """The loss that a row is trained with here.

    Args:
        ablation: the row.
        missing: part of a loss's name -> why it can't be used.

    Returns:
        The loss, and its name again where it is a stand-in, else "".

    Raises:
        UsageError: neither the loss nor a stand-in can be used.
    """
    reasons = [missing[part] for part in ablation.loss.split("+") if part in missing]
    if not reasons:
        return ablation.loss, ""
    if ablation.stand_in is None:
        raise UsageError(f"{reasons[0]}, and there is no stand-in.")
    return ablation.stand_in, ablation.stand_in


def missing_networks(options: argparse.Namespace) -> dict[str, str]:
    """Parts of losses that cannot be used here, with the reason."""
    missing = {}
    if options.loss_dino is None:
        missing["dino"] = "DINOv2 small is not given (--loss-dino)"
    if options.loss_sam is None:
        missing["sam"] = "SAM 2.1 small is not given (--loss-sam)"
    missing.update(load_metrics(["lpips"]).skipped)
    return missing


class Runner:
    """Trains and measures rows, each training once.

    Args:
        options: the command line.
    """

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self._missing = missing_networks(options)

    def run(self, ablation: Ablation) -> tuple[dict[str, Any], str]:
        """One row: its evaluation, and the stand-in for its loss.

        Raises:
            UsageError: it can't be run here, or one of its scripts failed.
        """
        loss, stand_in = chosen_loss(ablation, self._missing)
        preset = ablation.preset or self._options.preset
        networks = self._backbone(preset)
        name = f"{preset}-{ablation.data}-{loss}"
        checkpoint = self._reconstruction(name, preset, ablation, loss, networks)
        if ablation.sharpening and preset not in ("light", "light-s", "embedded"):
            checkpoint = self._sharpening(name, preset, checkpoint, networks)
        out = self._options.out / "rows" / ablation.name
        if not (out / "evaluation.json").exists():
            words = ["--data", self._options.test, "--out", out, "--preset", preset]
            words += ["--checkpoint", checkpoint, "--size", self._options.size, *networks]
            if self._options.subjects:
                words += ["--subjects", self._options.subjects]
            if not ablation.sharpening:
                words.append("--without-sharpening")
            self._script("training.evaluate", [*words, "--threads", self._options.threads])
        return read_json(out / "evaluation.json"), stand_in

    def _backbone(self, preset: str) -> list[Any]:
        """The option that names the frozen branch.

        Raises:
            UsageError: it is not given.
        """
        if preset in ("embedded", "trial"):
            return []
        name = "dinov2_small" if preset == "light-s" else "dinov2_giant"
        given = getattr(self._options, name)
        if given is None:
            raise UsageError(f"The preset {preset} needs --{name.replace('_', '-')}.")
        return ["--dinov2", given]

    def _reconstruction(
        self, name: str, preset: str, ablation: Ablation, loss: str, networks: list[Any]
    ) -> Path:
        run = self._options.out / "runs" / name
        if not (run / "finished").exists():
            words = ["--stage", "images", "--preset", preset, "--loss", loss, "--out", run]
            words += ["--data", *self._data(ablation), "--steps", self._options.steps]
            if self._options.init and preset == "embedded":
                words += ["--init", self._options.init]
            self._train("training.train_reconstruction", words + networks, run)
        return run / "model.safetensors"

    def _sharpening(self, name: str, preset: str, init: Path, networks: list[Any]) -> Path:
        run = self._options.out / "runs" / f"{name}-sharpening"
        if not (run / "finished").exists():
            loss = "embedded-class-token" if "dino" in self._missing else "class-token"
            words = ["--preset", preset, "--loss", loss, "--init", init, "--out", run]
            words += ["--data", self._options.out / "data" / "multi-view", "--with-synthetic"]
            words += ["--steps", self._options.sharpening_steps]
            self._train("training.train_sharpening", words + networks, run)
        return run / "model.safetensors"

    def _data(self, ablation: Ablation) -> list[Path]:
        kinds = ["2d", "multi-view"] if ablation.data == "both" else [ablation.data]
        return [self._options.out / "data" / kind for kind in kinds]

    def _train(self, module: str, words: list[Any], run: Path) -> None:
        for option in ("loss_dino", "loss_sam", "batch", "threads"):
            value = getattr(self._options, option)
            if value is not None:
                words = [*words, f"--{option.replace('_', '-')}", value]
        if (run / STATE).exists():
            words = [*words, "--resume"]
        self._script(module, words)
        with atomic_write(run / "finished") as temporary:
            temporary.write_text("ok\n")

    def _script(self, module: str, words: list[Any]) -> None:
        """Run a script in a process of its own; what it says goes to OUT/last_script.log.

        Raises:
            UsageError: it failed; the log is kept as failed_NUMBER.log.
        """
        command = [sys.executable, "-m", module, *map(str, words)]
        print(" ".join(command[2:]), flush=True)
        log = self._options.out / "last_script.log"
        with open(log, "w", encoding="utf-8") as said:
            done = subprocess.run(command, stdout=said, stderr=subprocess.STDOUT)
        if done.returncode:
            number = len(list(self._options.out.glob("failed_*.log"))) + 1
            kept = log.replace(log.with_name(f"failed_{number}.log"))
            raise UsageError(f"{module} ended with status {done.returncode}: see {kept.name}.")


def run(options: argparse.Namespace) -> str:
    """Run all rows that can be run; returns the page."""
    data = options.out / "data"
    for kind in ("2d", "multi-view"):
        write_synthetic_shards(options.heads, data / kind, single_views=kind == "2d")
    runner = Runner(options)
    reports: dict[str, dict[str, Any]] = {}
    made_with: dict[str, str] = {}
    skipped = {ablation.name: "not run yet." for ablation in ABLATIONS}
    page = ""
    for ablation in ABLATIONS:
        name = ablation.name
        try:
            if options.only and name not in options.only:
                raise UsageError("not asked for.")
            reports[name], made_with[name] = runner.run(ablation)
            del skipped[name]
        except UsageError as error:
            skipped[name] = str(error)
            print(f"left out: {name}: {error}", flush=True)
        # After every row, since all of them may take days.
        page = ablation_table(reports, made_with, skipped, _scale(options))
        with atomic_write(options.out / "ablations.md") as temporary:
            temporary.write_text(page, encoding="utf-8")
    return page


def _scale(options: argparse.Namespace) -> str:
    """What the figures stand on, in words."""
    heads = len(list_heads(options.heads))
    return (
        f"Extreme views. Here: preset {options.preset}, {heads} synthetic heads, {options.steps} "
        f"steps, measured on {options.test.partition(':')[0]} heads; the paper: 15 epochs of "
        "NeRSemble, Cafca and FFHQ, measured on Ava-256. Only directions can be compared."
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point; 2 for something the user can mend."""

    def command() -> int:
        print(run(parse_options(arguments)))
        return 0

    return exit_status(command)


if __name__ == "__main__":
    sys.exit(main())
