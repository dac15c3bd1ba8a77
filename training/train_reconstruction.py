r"""Train the reconstruction model (section 3 and appendix E of the paper), in one of two stages.

Each stage has options of its own: --stage images --help and --stage anchors --help list them.

Stage "images" is the paper's: predict all Gaussians from one picture, draw them from the
cameras of other pictures of the same moment, compare those with a perceptual loss.

    python -m training.data.prepare ...                     # once for each data set: SHARDS
    python -m training.train_reconstruction --stage images --preset paper --data SHARDS... \
        --dinov2 GIANT --loss-dino SMALL --loss-sam SAM --out RUN

Stage "anchors" comes before it for the embedded preset, which learns from synthetic heads whose
Gaussians are known, needs no renderer, and brings its own networks:

    python -m training.train_reconstruction --stage anchors --data HEADS --test HELD_OUT \
        --cache FOLDER --out RUN_A
    python -m training.train_reconstruction --stage images --preset embedded --data SHARDS... \
        --init RUN_A/model.safetensors --out RUN_B

Both write --out/model.safetensors, the state that --resume goes on from, and a log; images also
writes config.json, curve.jsonl and TensorBoard's curves and pictures.

On several GPUs or machines: `accelerate launch -m training.train_reconstruction ...` or
`torchrun --nproc-per-node 4 -m training.train_reconstruction ...`. A run that was killed goes
on where it was with the same command and --resume. Curves: tensorboard --logdir RUN.
"""

import argparse
import sys
from collections.abc import Sequence

from torch import nn

from inference.head.choice import FLAME
from inference.head.template import SHIPPED
from inference.model.checkpoint import save_checkpoint
from training.anchors import stage as anchor_stage
from training.anchors.metrics import AnchorMetrics
from training.config import RECONSTRUCTION
from training.data.batch import PictureSizes
from training.losses.named import LOSSES, named_loss
from training.pictures.drawing import contact_sheet, draw_targets
from training.pictures.photograph import photograph
from training.runs.command_line import command_parser
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


def train_on_images(arguments: Sequence[str]) -> None:
    """The paper's stage."""
    parser = training_parser("train_reconstruction", __doc__, RECONSTRUCTION)
    parser.add_argument("--stage", choices=["images"], help="this one")
    parser.add_argument("--loss", choices=LOSSES)
    parser.add_argument("--augment", choices=["none", "photograph"], help="of the inputs")
    parser.add_argument(
        "--closed-form", choices=["frozen", "trained"], help="the embedded preset's linear part"
    )
    parser.add_argument(
        "--template",
        choices=[SHIPPED, FLAME],
        help=f"the mesh that Gaussians start from (default: as --init, else {SHIPPED}); {FLAME} is "
        "your own file: 'perchead models import flame'",
    )
    options = parser.parse_args(arguments)
    config = chosen_config(RECONSTRUCTION, options)
    processes = Processes(config.loop.precision)
    shape = model_config(config.preset)
    mixture = mix(open_data(options, shape.image_size), options)

    # The model. DINOv2 is frozen, and so is what the embedded preset knows in closed form; the
    # sharpening CNN is train_sharpening.py's.
    backbone = load_backbone(shape, options.dinov2, processes.device)
    template = chosen_template(options.template, options.init)
    model = reconstruction_model(shape, options.init, backbone, config.loop.seed, template)
    model.decoder.recompute = config.recompute_decoder
    if model.sharpening is not None:
        model.sharpening.requires_grad_(False)
    if model.low_rank is not None and config.closed_form == "frozen":
        model.low_rank.linear.requires_grad_(False)

    # What judges it: equations 4 to 7, or one of the ablations.
    loss = named_loss(config.loss, options, processes.device, config.recompute_loss)

    def export(averaged: nn.Module, step: int) -> None:
        trained_by = f"train_reconstruction --stage images, {len(mixture)} views, {step} steps"
        info = checkpoint_info(shape, trained_by, options.licence, template)
        save_checkpoint(options.out / "model.safetensors", averaged, shape, info)

    sizes = PictureSizes(shape.image_size, config.render.size)
    augment = photograph if config.augment == "photograph" else None
    loop = TrainingLoop(
        model, config.adamw, config.loop, options.out, processes, mixture, sizes, augment
    )
    loop.start(config, run_settings(options, mixture), options.resume, export)
    for batch in loop.batches(options.stop_after):
        heads = loop.model(batch.images, batch.foreground)
        pictures = draw_targets(heads, batch, config.render.background)
        with processes.autocast():
            terms = loss(pictures.predicted, pictures.truth)
        if loop.update(terms, batch):
            loop.show("truth over prediction", contact_sheet(batch, pictures))
    loop.close()


def main(arguments: Sequence[str] | None = None) -> AnchorMetrics | None:
    """Train a stage; anchors returns its last measurement."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    stage = _stage_chooser(add_help=False).parse_known_args(arguments)[0].stage
    if stage is None:  # --help without a stage is about both
        _stage_chooser(add_help=True).parse_known_args(arguments)
    if stage == "images":
        train_on_images(arguments)
        return None
    return anchor_stage.main(arguments)


def _stage_chooser(add_help: bool) -> argparse.ArgumentParser:
    """Reads --stage alone."""
    name = "training.train_reconstruction"
    usage = "%(prog)s --stage {images,anchors} [options of the stage]"
    chooser = command_parser(name, __doc__, usage, add_help)
    chooser.add_argument(
        "--stage",
        choices=["images", "anchors"],
        help="default anchors; add --help for the options of one",
    )
    return chooser


if __name__ == "__main__":
    run_script(main)
