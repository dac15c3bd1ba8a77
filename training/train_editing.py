r"""Train the editing model (section 3.4 and appendix E of the paper).

The image encoder gives way to one that reads a label map and a style vector (equation 8);
template embedding, decoder and Gaussian head go on from reconstruction weights. Labels and style
both come from the input picture. Cafca is left out, so that heads do not look artificial.

    python -m training.train_editing --preset paper --data SHARDS... --init RUN/model.safetensors \
        --clip-network ViT-L-14.pt --loss-dino SMALL --loss-sam SAM --out RUN_E

writes RUN_E/editing.safetensors. Several GPUs, --resume and curves: as in train_reconstruction.py.
The embedded model's weights come from --stage anchors, which has options of its own
(training.editing.stage).
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional

from inference.errors import UsageError
from inference.model.checkpoint import save_checkpoint
from inference.model.editing import EditingModel, editing_config
from training.config import EDITING
from training.data.batch import UNKNOWN_LABEL, Batch, PictureSizes
from training.editing import stage as editing_stage
from training.losses.named import LOSSES, named_loss
from training.pictures.drawing import contact_sheet, draw_targets
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
    model_config,
    reconstruction_model,
    template_anchors,
)
from training.styles.networks import load_style


def one_hot(batch: Batch, classes: int) -> torch.Tensor:
    """The inputs' label maps [B, classes, S, S] float32.

    Raises:
        UsageError: a sample has none.
    """
    unknown = (batch.labels == UNKNOWN_LABEL).flatten(1).any(dim=1).tolist()
    without = [source for source, missing in zip(batch.sources, unknown, strict=True) if missing]
    if without:
        raise UsageError(f"{', '.join(without)} has no label map: prepare the data with labels.")
    return functional.one_hot(batch.labels.long(), classes).permute(0, 3, 1, 2).float()


def main(arguments: Sequence[str] | None = None) -> None:
    """Train a stage."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    stage, others = chosen_stage(arguments, ["images", "anchors"])
    if stage == "anchors":
        editing_stage.main(others)
    else:
        train_on_images(others)


def train_on_images(arguments: Sequence[str]) -> None:
    """The paper's training."""
    parser = training_parser("train_editing", __doc__, EDITING)
    parser.add_argument("--loss", choices=LOSSES)
    parser.add_argument("--style", choices=["clip", "embedded"])
    parser.add_argument(
        "--clip-network", type=Path, help="CLIP's ViT-L-14.pt; default: the catalogue's"
    )
    options = parser.parse_args(arguments)
    config = chosen_config(EDITING, options)
    if options.init is None:
        raise UsageError("Editing goes on from a reconstruction model: give it as --init.")
    processes = Processes(config.loop.precision)
    preset = model_config(config.preset)
    datasets = open_data(options, preset.image_size)
    mixture = mix(datasets, options, lambda data: data.name not in config.left_out)

    # The model: a new encoder before the trained rest.
    style = load_style(config.style, options.clip_network, processes.device)
    shape = editing_config(preset, style.name, style.width)
    torch.manual_seed(config.loop.seed)
    template = chosen_template(None, options.init)
    model = EditingModel(shape, template_anchors(template, shape.decoder.patches))
    model.start_from(reconstruction_model(preset, options.init, None, config.loop.seed, template))
    model.decoder.recompute = config.recompute_decoder

    loss = named_loss(config.loss, options, processes.device, config.recompute_loss)

    def export(averaged: nn.Module, step: int) -> None:
        trained_by = f"train_editing, {len(mixture)} views, {step} steps, from {options.init.name}"
        info = checkpoint_info(preset, trained_by, options.licence, template)
        save_checkpoint(options.out / "editing.safetensors", averaged, shape, info)

    sizes = PictureSizes(shape.encoder.image_size, config.render.size)
    loop = TrainingLoop(model, config.adamw, config.loop, options.out, processes, mixture, sizes)
    loop.start(config, run_settings(options, mixture), options.resume, export)
    for batch in loop.batches(options.stop_after):
        heads = loop.model(one_hot(batch, shape.encoder.classes), style.embed_images(batch.images))
        pictures = draw_targets(heads, batch, config.render.background)
        with processes.autocast():
            terms = loss(pictures.predicted, pictures.truth)
        if loop.update(terms, batch):
            loop.show("truth over prediction", contact_sheet(batch, pictures))
    loop.close()


if __name__ == "__main__":
    run_script(main)
