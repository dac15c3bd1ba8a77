r"""Train the sharpening CNN (sections 3.1 and 3.3, appendix E of the paper).

Everything but the CNN is frozen. It sees rendered heads and learns from the class token of
DINOv2's eighth layer alone, on pictures of real people, since synthetic ones have another
sharpness.

    python -m training.train_sharpening --preset paper --data SHARDS... \
        --init RUN/model.safetensors --dinov2 GIANT --loss-dino SMALL --out RUN_S

writes RUN_S/sharpening.safetensors and, where the preset has such a CNN, RUN_S/model.safetensors
with both. Several GPUs, --resume and curves: as in train_reconstruction.py.
The embedded model's CNN comes from --stage pairs, which has options of its own
(training.sharpening_stage).
"""

import sys
from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import nn

from inference.errors import UsageError
from inference.model.checkpoint import save_checkpoint
from inference.model.config import SharpeningConfig
from inference.model.sharpening import Sharpening
from training import sharpening_stage
from training.config import SHARPENING
from training.data.batch import PictureSizes
from training.losses.named import LOSSES, named_loss
from training.pictures.drawing import Pictures, contact_sheet, draw_targets
from training.runs.command_line import chosen_stage
from training.runs.loop import TrainingLoop
from training.runs.options import (
    chosen_config,
    mix,
    open_data,
    run_script,
    run_settings,
    training_parser,
)
from training.runs.processes import Processes
from training.runs.start import (
    checkpoint_info,
    chosen_template,
    load_backbone,
    model_config,
    reconstruction_model,
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Train a stage."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    stage, others = chosen_stage(arguments, ["images", "pairs"])
    if stage == "pairs":
        sharpening_stage.main(others)
    else:
        train_on_images(others)


def train_on_images(arguments: Sequence[str]) -> None:
    """The paper's training."""
    parser = training_parser("train_sharpening", __doc__, SHARPENING)
    parser.add_argument("--loss", choices=LOSSES)
    parser.add_argument(
        "--with-synthetic", action="store_false", dest="real_only", default=None,
        help="train on data sets of artificial heads, too",
    )  # fmt: skip
    options = parser.parse_args(arguments)
    config = chosen_config(SHARPENING, options)
    if options.init is None:
        raise UsageError("The sharpening CNN sharpens a trained model: give it as --init.")
    processes = Processes(config.loop.precision)
    shape = model_config(config.preset)
    mixture = mix(
        open_data(options, shape.image_size),
        options,
        lambda data: data.real or not config.real_only,
    )

    # The frozen rest.
    backbone = load_backbone(shape, options.dinov2, processes.device)
    template = chosen_template(None, options.init)
    model = reconstruction_model(shape, options.init, backbone, config.loop.seed, template)
    model.to(processes.device).eval().requires_grad_(False)

    # The CNN: the preset's own, or one beside the model. It starts as the identity.
    own = SharpeningConfig(config.width, config.levels, config.blur_sigma, config.fold)
    shape = replace(shape, sharpening=shape.sharpening or own)
    torch.manual_seed(config.loop.seed)
    cnn = Sharpening(shape.sharpening or own)

    loss = named_loss(config.loss, options, processes.device, config.recompute_loss)

    def export(averaged: nn.Module, step: int) -> None:
        trained_by = f"train_sharpening, {len(mixture)} views, {step} steps"
        info = checkpoint_info(shape, trained_by, options.licence, template)
        save_checkpoint(options.out / "sharpening.safetensors", averaged, shape, info)
        if model.sharpening is not None:
            model.sharpening.load_state_dict(averaged.state_dict())
            save_checkpoint(options.out / "model.safetensors", model, shape, info)

    sizes = PictureSizes(shape.image_size, config.render.size)
    loop = TrainingLoop(cnn, config.adamw, config.loop, options.out, processes, mixture, sizes)
    loop.start(config, run_settings(options, mixture), options.resume, export)
    for batch in loop.batches(options.stop_after):
        with torch.no_grad(), processes.autocast():
            heads = model(batch.images, batch.foreground)
            rendered = draw_targets(heads, batch, config.render.background)
        sharpened = Pictures(loop.model(rendered.predicted), rendered.truth)
        with processes.autocast():
            terms = loss(sharpened.predicted, sharpened.truth)
        if loop.update(terms, batch):
            loop.show("truth over rendered", contact_sheet(batch, rendered))
            loop.show("truth over sharpened", contact_sheet(batch, sharpened))
    loop.close()


if __name__ == "__main__":
    run_script(main)
