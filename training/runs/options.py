"""The command line that the three training scripts share."""

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, TypeVar

import torch

from inference.errors import UsageError
from training.config import training_config
from training.data.generated import GeneratedHeads
from training.data.mixture import Mixture
from training.data.sample import HeadDataset
from training.data.shards import ShardDataset
from training.data.synthetic import GeneratorFolders, SyntheticHeads
from training.runs.command_line import command_parser, exit_status

T = TypeVar("T")


def training_parser(
    script: str, document: str | None, presets: dict[str, Any]
) -> argparse.ArgumentParser:
    """Options of every script; what is left out keeps the preset's value (training.config).

    Args:
        script: the module's name below training.
        document: the help's text, the module's docstring.
        presets: by name.
    """
    usage = "%(prog)s (--data SHARDS ... | --heads DIR | --generate N) --out RUN [options]"
    parser = command_parser(f"training.{script}", document, usage)
    add = parser.add_argument
    add("--preset", choices=list(presets), default="paper", help="default paper")
    add("--data", type=Path, nargs="*", default=[], help="folders of shards (data.prepare)")
    add("--heads", type=Path, help="folder of synthetic heads (synthetic.generate)")
    add("--generate", type=int, metavar="N", help="N synthetic heads, drawn while training")
    add("--wheel", type=Path, help="of the synthetic heads' mesh, see synthetic.generate")
    add("--skins", type=Path, help="more skins for them")
    add("--identity-modes", type=Path, help="more identities for them")
    add("--hdris", type=Path, help="more environments for them")
    add("--weights", type=float, nargs="+", help="share of each in an epoch; default its size")
    add("--out", type=Path, required=True, help="the run's folder")
    add("--init", type=Path, help="model.safetensors to start from")
    add("--dinov2", type=Path, help="the model's DINOv2: folder or .safetensors file")
    add("--loss-dino", type=Path, help="the loss's DINOv2 small: folder or .safetensors file")
    add("--loss-sam", type=Path, help="the loss's SAM 2.1 small: folder")
    add("--licence", default="that of the training data", help="of the weights")
    add("--resume", action="store_true", help="go on from --out")
    add("--stop-after", type=int, help="end early at this step, to be resumed later")
    add("--threads", type=int, help="of torch on the CPU, per process")

    loop = parser.add_argument_group(
        "length and bookkeeping", "What is left out of these and the next is the preset's."
    )
    loop.add_argument("--epochs", type=float)
    loop.add_argument("--steps", type=int, help="instead of epochs")
    loop.add_argument("--batch", type=int, help="heads per process and micro-batch")
    loop.add_argument("--accumulate", type=int, help="micro-batches per step")
    loop.add_argument("--seed", type=int)
    loop.add_argument("--precision", choices=["auto", "bf16", "fp32"])
    loop.add_argument("--workers", type=int, help="loading processes, per training process")
    loop.add_argument("--log-every", type=int, help="steps")
    loop.add_argument("--save-every", type=int, help="steps")
    loop.add_argument("--picture-every", type=int, help="steps")

    adamw = parser.add_argument_group("optimiser")
    adamw.add_argument("--learning-rate", type=float)
    adamw.add_argument("--weight-decay", type=float)
    adamw.add_argument("--warm-up", type=int, help="steps")
    adamw.add_argument("--clip", type=float)
    adamw.add_argument("--ema", type=float)

    pictures = parser.add_argument_group("pictures")
    pictures.add_argument("--size", type=int, help="edge in pixels of what the loss compares")
    pictures.add_argument("--background", choices=["white", "random"])
    yes_or_no = argparse.BooleanOptionalAction
    pictures.add_argument("--recompute-decoder", action=yes_or_no, help="spare memory")
    pictures.add_argument("--recompute-loss", action=yes_or_no, help="spare memory")
    return parser


def chosen_config(presets: dict[str, T], options: argparse.Namespace) -> T:
    """The preset's configuration with the options that were given.

    Raises:
        UsageError: the values make no sense.
    """
    if options.threads:
        torch.set_num_threads(options.threads)
    config: Any = _with(training_config(presets, options.preset), options)
    parts = {name: _with(getattr(config, name), options) for name in ("adamw", "loop", "render")}
    config = replace(config, **parts)
    least = {"batch": 1, "accumulate": 1, "log_every": 1, "save_every": 1, "picture_every": 1}
    for name, lowest in least.items():
        if getattr(config.loop, name) < lowest:
            raise UsageError(f"--{name.replace('_', '-')} must be at least {lowest}.")
    if config.render.size < 16:
        raise UsageError("--size must be at least 16 pixels.")
    result: T = config
    return result


def _with(part: Any, options: argparse.Namespace) -> Any:
    """A dataclass with the fields that options of the same name give."""
    given = {field.name: getattr(options, field.name, None) for field in fields(part)}
    return replace(part, **{name: value for name, value in given.items() if value is not None})


def open_data(options: argparse.Namespace, size: int) -> list[HeadDataset]:
    """The training halves of the data sets, then heads from files, then the generator.

    Args:
        options: --data, --heads, --generate and what the generator is made from.
        size: edge in pixels of generated pictures.

    Raises:
        UsageError: there is none, or a folder holds no shards.
    """
    datasets: list[HeadDataset] = [ShardDataset(folder) for folder in options.data]
    if options.heads:
        datasets.append(GeneratedHeads(options.heads))
    if options.generate:
        folders = GeneratorFolders(
            options.wheel, options.skins, options.hdris, options.identity_modes
        )
        datasets.append(SyntheticHeads(options.generate, size, folders=folders))
    if not datasets:
        raise UsageError("Training needs data: give --data, --heads or --generate.")
    return datasets


def mix(
    datasets: Sequence[HeadDataset],
    options: argparse.Namespace,
    keep: Callable[[HeadDataset], bool] | None = None,
) -> Mixture:
    """One stream of the data sets that `keep` keeps, with the weights of the command line.

    Raises:
        UsageError: nothing is left, or the weights are not one per data set.
    """
    weights = options.weights or [None] * len(datasets)
    if len(weights) != len(datasets):
        raise UsageError("Give one of --weights for each of --data, --heads and --generate.")
    pairs = [(data, w) for data, w in zip(datasets, weights, strict=True) if not keep or keep(data)]
    if not pairs:
        names = ", ".join(data.name for data in datasets)
        raise UsageError(f"None of the data sets ({names}) may be trained on here: name others.")
    chosen = [data for data, _ in pairs]
    return Mixture(chosen, [w for _, w in pairs] if options.weights else None)


def run_settings(options: argparse.Namespace, mixture: Mixture) -> dict[str, Any]:
    """What decides a run beside its configuration; a resumed run must say the same."""
    names = ("data", "heads", "generate", "weights", "init", "template")
    networks = ("dinov2", "loss_dino", "loss_sam")
    return {
        **{name: getattr(options, name, None) for name in (*names, *networks)},
        "views": {data.name: len(data) for data in mixture.datasets},
    }


def run_script(main: Callable[[], object]) -> None:
    """Run a script; what the user can mend is one sentence and exit code 2."""

    def command() -> int:
        main()
        return 0

    sys.exit(exit_status(command))
