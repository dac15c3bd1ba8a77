r"""Train the embedded face parser (19 classes) on synthetic heads.

    python -m training.train_parser --data HEADS --cache FOLDER --out RUN --steps 4000
    python -m training.evaluation.parsing --data held-out:SET --weights RUN/parser.safetensors \
        --out RESULT

Each view is augmented to look like a photograph, then prepared as the application prepares
portraits: landmarks and foreground are those that its own networks find, the frozen backbone
reads it once, and all is kept in --cache (about 2.7 MB a view). Training draws windows from
there. Writes to --out: config.json, examples.json, curve.jsonl, log.jsonl,
parser.safetensors (float16, what ships) and the state that --resume goes on from exactly.
"""

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch

from inference.errors import UsageError
from inference.face_map.labels import COUNT
from inference.features.embedded import load_embedded_backbone
from inference.files import atomic_write
from inference.parsing.embedded import load_parser_network, save_parser
from inference.parsing.parser_config import ParserConfig
from inference.parsing.parser_network import ParserNetwork
from training.config import AdamWConfig
from training.parsing.batches import BatchConfig, draw_batch
from training.parsing.example_cache import ExampleCache, fill
from training.parsing.loss import ParserLossConfig, class_weights, parser_loss
from training.runs.averaging import MovingAverage
from training.runs.command_line import command_parser
from training.runs.cpu_precision import quicker_products
from training.runs.folder import check_same_run, describe, write_description
from training.runs.log import RunLog
from training.runs.options import run_script
from training.runs.schedule import parameter_groups, rate
from training.runs.state import Curve, load_state, save_state

EXAMPLES = "examples.json"


@dataclass(frozen=True)
class TrainParserConfig:
    """Everything that decides what a run computes.

    Attributes:
        steps: of the whole training.
        seed: of augmentations, order and first weights.
        repeats: augmentations of each view.
        parser: the network.
        batch: how windows are drawn.
        loss: its weights.
        adamw: the optimiser.
    """

    steps: int = 4000
    seed: int = 0
    repeats: int = 1
    parser: ParserConfig = field(default_factory=ParserConfig)
    batch: BatchConfig = field(default_factory=BatchConfig)
    loss: ParserLossConfig = field(default_factory=ParserLossConfig)
    adamw: AdamWConfig = field(
        default_factory=lambda: AdamWConfig(
            learning_rate=2e-3, weight_decay=0.02, betas=(0.9, 0.98), warm_up=100, ema=0.998
        )
    )


def parse_options(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = command_parser("training.train_parser", __doc__)
    add = parser.add_argument
    usual = TrainParserConfig()
    add("--data", type=Path, required=True, help="the generator's training heads")
    add("--cache", type=Path, required=True, help="prepared examples")
    add("--out", type=Path, required=True, help="the run's folder")
    add("--steps", type=int, default=usual.steps)
    add("--heads", type=int, help="at most so many")
    add("--repeats", type=int, default=usual.repeats, help="augmentations of each view")
    add("--batch", type=int, default=usual.batch.size, help="windows in a step")
    add("--learning-rate", type=float, default=usual.adamw.learning_rate)
    add("--seed", type=int, default=usual.seed)
    add("--threads", type=int, default=2, help="of torch")
    add("--save", type=int, default=250, help="steps between checkpoints")
    add("--resume", action="store_true", help="go on from --out")
    add("--init", type=Path, help="begin with the weights of this parser.safetensors")
    add("--stop-after", type=int, help="stop early at this step, to be resumed later")
    add("--cached-only", action="store_true", help="train on what is in --cache, add nothing")
    add("--cache-only", action="store_true", help="only fill --cache")
    add("--licence", default="Apache-2.0", help="of the weights")
    return parser.parse_args(arguments)


def chosen_config(options: argparse.Namespace) -> TrainParserConfig:
    """The configuration that the options ask for.

    Raises:
        UsageError: no training can have it.
    """
    if min(options.steps, options.batch, options.repeats, options.save) < 1:
        raise UsageError("--steps, --batch, --repeats and --save must be at least 1.")
    usual = TrainParserConfig()
    changed = {
        "learning_rate": options.learning_rate,
        "warm_up": min(usual.adamw.warm_up, options.steps // 5),
    }
    return TrainParserConfig(
        steps=options.steps,
        seed=options.seed,
        repeats=options.repeats,
        batch=BatchConfig(size=options.batch),
        adamw=replace(usual.adamw, **changed),
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Train."""
    options = parse_options(arguments)
    config = chosen_config(options)
    torch.set_num_threads(options.threads)
    log = RunLog(options.out, every=50)
    cache = ExampleCache(options.cache, config.parser, config.seed)
    if not (options.resume or options.cached_only):
        backbone = load_embedded_backbone()
        fill(cache, options.data, config.repeats, backbone, options.heads, log.say)
    if options.cache_only:
        return
    names, counts = _examples(cache, options.out, options.resume)
    log.say(f"training: {len(names)} examples")

    torch.manual_seed(config.seed)
    network = ParserNetwork(config.parser)
    if options.init is not None:
        network.load_state_dict(load_parser_network(options.init).state_dict())
    for parameter in network.parameters():  # convolutions are quicker so
        if parameter.ndim == 4:
            parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(
        parameter_groups(network, config.adamw),
        lr=config.adamw.learning_rate,
        betas=config.adamw.betas,
        eps=config.adamw.epsilon,
    )
    average = MovingAverage(network, config.adamw.ema)
    weights = class_weights(torch.tensor(counts, dtype=torch.float32), config.loss)
    description = describe(
        config, {"examples": len(names), "data": options.data.name, "init": options.init}
    )
    first = 0
    if options.resume:
        check_same_run(options.out, description)
        first = load_state(options.out, network, optimiser, average)
        log.say(f"resumed at step {first}")
    write_description(options.out, description, first)
    curve = Curve(options.out, first)

    def keep(step: int) -> None:
        save_state(options.out, step, network, optimiser, average)
        trained_by = f"training.train_parser, {len(names)} views of synthetic heads, {step} steps"
        with average.swapped_into(network):
            save_parser(options.out / "parser.safetensors", network, trained_by, options.licence)

    began = time.monotonic()
    last = min(config.steps, options.stop_after or config.steps)
    for step in range(first, last):
        batch = draw_batch(cache, names, step, config.seed, config.batch)
        for group in optimiser.param_groups:
            group["lr"] = rate(step, config.steps, config.adamw)
        fine = batch.fine.contiguous(memory_format=torch.channels_last)
        with quicker_products():
            logits = network(batch.tokens, fine)
        terms = parser_loss(logits, batch.labels, weights, config.loss)
        optimiser.zero_grad(set_to_none=True)
        sum(terms.values()).backward()  # type: ignore[union-attr]
        torch.nn.utils.clip_grad_norm_(network.parameters(), config.adamw.clip)
        optimiser.step()
        average.update(network)
        values = {name: float(term.detach()) for name, term in terms.items()}
        curve.add({"step": step + 1, **values})
        log.step(step + 1, config.batch.size, time.monotonic() - began, values)
        if (step + 1) % options.save == 0 or step + 1 == last:
            keep(step + 1)


def _examples(cache: ExampleCache, out: Path, resume: bool) -> tuple[list[str], list[int]]:
    """Names of the examples and pixels of each class in them: found once, kept for --resume.

    Raises:
        UsageError: there are none.
    """
    path = out / EXAMPLES
    if resume and path.exists():
        kept = json.loads(path.read_text(encoding="utf-8"))
        return list(kept["names"]), list(kept["pixels"])
    names = cache.names()
    if not names:
        raise UsageError(f"There are no heads to train on in {cache.folder}: check --data.")
    pixels = np.zeros(COUNT, np.int64)
    for name in names:
        pixels += np.bincount(cache.read(name).labels.ravel(), minlength=COUNT)
    with atomic_write(path) as temporary:
        temporary.write_text(json.dumps({"names": names, "pixels": pixels.tolist()}))
    return names, pixels.tolist()


if __name__ == "__main__":
    run_script(main)
