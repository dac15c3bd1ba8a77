r"""Stage "anchors" of train_reconstruction.py: pre-training of the embedded model.

It needs no renderer: synthetic heads share the template's topology, so the exact place and
colour of every Gaussian is known, and patches do not see each other, so each step looks at a
random subset of them.

    python -m training.train_reconstruction --stage anchors --data HEADS --test HELD_OUT \
        --cache FOLDER --out FOLDER --minutes 120

Heads that the generator writes meanwhile are taken up every --refresh minutes. A run that was
stopped goes on where it was with the same command and --resume. With --start-only it ends
after the closed-form start, which is already a usable model. With --closed-form WEIGHTS that of
finished weights is kept, and the decoder learns what it leaves open: --data must then hold heads
that it was not fitted to, on which it errs as it does on others. Writes model.safetensors,
log.jsonl and what --resume needs to --out.
"""

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch

from inference.features.embedded import load_embedded_backbone
from inference.head.template import HeadTemplate
from inference.model.checkpoint import CheckpointInfo, load_checkpoint, save_checkpoint
from inference.model.config import preset_config
from inference.model.reconstruction import ReconstructionModel
from training.anchors.feature_cache import FeatureCache
from training.anchors.linear_start import LinearStart, start_in_closed_form, start_of_weights
from training.anchors.loss import AnchorLossConfig
from training.anchors.metrics import AnchorMetrics, measure
from training.anchors.patch_sampling import anchor_importance
from training.anchors.trainer import AnchorTrainer, OptimiserConfig
from training.runs.command_line import command_parser
from training.runs.cpu_precision import multiplies_bfloat16
from training.runs.log import RunLog


def parse_options(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    required = "--data DATA --test TEST --cache CACHE --out OUT"
    usage = f"%(prog)s --stage anchors {required} [options]"
    parser = command_parser("training.train_reconstruction", __doc__, usage)
    add = parser.add_argument
    add("--stage", choices=["anchors"], default="anchors", help="this one")
    add("--data", type=Path, required=True, help="the generator's training heads")
    add("--test", type=Path, required=True, help="heads that are never trained on")
    add("--cache", type=Path, required=True, help="backbone features; about 1.5 MB a view")
    add("--out", type=Path, required=True, help="log, training state and model.safetensors")
    add("--minutes", type=float, default=60, help="time budget of the whole training")
    add("--steps", type=int, help="steps instead of minutes")
    add("--repeats", type=int, default=2, help="augmentations of each view")
    add("--min-heads", type=int, default=2, help="wait until the generator has so many")
    add("--heads", type=int, help="use at most so many heads")
    add("--refresh", type=float, default=5, help="minutes between looks for new heads")
    add("--evaluate", type=float, default=5, help="minutes between measurements")
    add("--save", type=float, default=3, help="minutes between checkpoints")
    add("--resume", action="store_true", help="go on from --out")
    add("--init", type=Path, help="take trained weights from this checkpoint")
    add("--stop-after", type=int, help="stop early at this step, to be resumed later")
    add("--closed-form", type=Path, help="keep that of these weights")
    add("--start-only", action="store_true", help="end after the closed-form start")
    add("--seed", type=int, default=0)
    add("--threads", type=int, default=2, help="of torch")
    defaults = OptimiserConfig()
    add("--batch", type=int, default=defaults.batch, help="views per step")
    add("--patches", type=int, default=defaults.patches, help="of each view per step")
    add("--learning-rate", type=float, default=defaults.learning_rate)
    add(
        "--precision", choices=["bf16", "fp32"], default="bf16" if multiplies_bfloat16() else "fp32"
    )
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> AnchorMetrics:
    """Train; returns the last measurement."""
    options = parse_options(arguments)
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    log = RunLog(options.out)
    config = preset_config("embedded")
    template = HeadTemplate.load()
    anchors = torch.from_numpy(np.array(template.anchors))
    model = ReconstructionModel(config, anchors, load_embedded_backbone())

    train = FeatureCache(
        options.cache / "train", model.encoder, options.repeats, precision=options.precision
    )
    test = FeatureCache(options.cache / "test", model.encoder, 1, plain=True)
    log.say(f"held out: {_gather(test, options.test, 1, None)} heads, {len(test)} views")
    count = _gather(train, options.data, options.min_heads, options.heads)
    log.say(f"training: {count} heads, {len(train)} views")

    state, closed_form = options.out / "state.pt", options.out / "start.npz"
    resuming = options.resume and state.exists()
    if options.closed_form:
        load_checkpoint(options.closed_form, model, config)
    if resuming:
        start = LinearStart.load(closed_form)
    elif options.closed_form:
        assert config.low_rank is not None
        start = start_of_weights(train, config.head.per_patch, sum(config.low_rank.counts))
        start.save(closed_form)
    else:
        importance = anchor_importance(template.labels)
        start = start_in_closed_form(
            model, train, template.mirror, template.labels, importance, log.say
        )
        start.save(closed_form)
    if options.init and not resuming:
        _initialise(model, options.init, log)
    trainer = AnchorTrainer(
        model,
        template,
        train,
        start,
        OptimiserConfig(
            batch=options.batch,
            patches=options.patches,
            learning_rate=options.learning_rate,
            precision=options.precision,
        ),
        AnchorLossConfig(),
        options.seed,
    )
    patches = np.arange(0, config.decoder.patches, 4)
    elapsed = 0.0
    if resuming:
        elapsed = float(trainer.load(state)["elapsed"])
        log.say(f"resumed at step {trainer.step_count}, {elapsed / 60:.1f} minutes")

    def evaluate(layers: int | None = None) -> AnchorMetrics:
        return measure(trainer.averaged_model(), test, template.labels, patches, layers)

    def export() -> None:
        info = CheckpointInfo(
            preset=config.name,
            embedding_widths={config.encoder.backbone.name: config.encoder.backbone.width},
            template_id=template.template_id,
            trained_by=f"training.train_reconstruction, stage anchors, {len(train.names)} "
            f"synthetic heads, {trainer.step_count} steps of {options.batch} views",
            licence="CC0-1.0",
        )
        save_checkpoint(options.out / "model.safetensors", trainer.averaged_model(), config, info)
        trainer.save(
            state, {"elapsed": elapsed, "options": {k: str(v) for k, v in vars(options).items()}}
        )

    log.say(f"optimiser {json.dumps(asdict(trainer.config))}")
    if trainer.step_count == 0:
        log.measurement("mean head", 0, 0.0, evaluate(layers=0).to_dict())
        log.measurement("closed form", 0, 0.0, evaluate().to_dict())
        export()
    if options.start_only:
        return evaluate()

    budget = options.minutes * 60
    last = {"evaluate": elapsed, "save": elapsed, "refresh": elapsed}

    def due(what: str) -> bool:
        if elapsed - last[what] < getattr(options, what) * 60:
            return False
        last[what] = elapsed
        return True

    def progress() -> float:
        return trainer.step_count / options.steps if options.steps else elapsed / budget

    while progress() < 1 and trainer.step_count != options.stop_after:
        began = time.monotonic()
        terms = trainer.step(progress())
        # Only the time of the steps themselves counts, so that --minutes means training.
        elapsed += time.monotonic() - began
        log.step(trainer.step_count, options.batch, elapsed, terms)
        if due("save"):
            export()
        if due("evaluate"):
            log.measurement("training", trainer.step_count, elapsed, evaluate().to_dict())
        if not options.heads and due("refresh"):
            added = train.update(options.data, limit=200)
            trainer.take_new_views()
            log.say(f"{added} new heads, {len(train.names)} heads, {len(train)} views")
    export()
    result = evaluate()
    log.measurement("end", trainer.step_count, elapsed, result.to_dict())
    return result


def _gather(cache: FeatureCache, source: Path, least: int, most: int | None) -> int:
    """Fill a cache with what is there, waiting for the generator if that is too little."""
    cache.update(source, limit=0)  # opens what an earlier run left, which counts
    while True:
        limit = None if most is None else most - len(cache.names)
        cache.update(source, limit)
        if len(cache.names) >= least:
            return len(cache.names)
        time.sleep(10)


def _initialise(model: ReconstructionModel, path: Path, log: RunLog) -> None:
    """Take encoder, decoder and heads of an earlier run; the closed form stays this run's."""
    donor = ReconstructionModel(replace(model.config), model.head.anchors, None)
    load_checkpoint(path, donor, model.config)
    state = {
        name: tensor
        for name, tensor in donor.named_parameters()
        if not name.startswith(("low_rank.linear", "low_rank.refine"))
    }
    model.load_state_dict(state, strict=False)
    log.say(f"initialised from {path}")
