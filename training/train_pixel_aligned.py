"""The look back at the picture (inference.model.pixel_aligned), set in closed form.

    python -m training.train_pixel_aligned --data HEADS --init MODEL.safetensors --out RUN

HEADS are synthetic heads (training.synthetic.generate, layout npz) to which MODEL's low-rank
branch was not fitted, so that it errs on them as it does on new pictures. Writes
RUN/model.safetensors: MODEL with its pixel-aligned branch set. 1,200 heads of four views take
about 15 GB of memory and half an hour on two cores.
"""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from inference.features.embedded import load_embedded_backbone
from inference.head.template import HeadTemplate
from inference.model.checkpoint import load_checkpoint, save_checkpoint
from inference.model.config import preset_config
from inference.model.reconstruction import ReconstructionModel
from training.pixel_aligned.cascade import fit_cascade
from training.pixel_aligned.views import collect_views
from training.runs.command_line import command_parser
from training.runs.cpu_precision import multiplies_bfloat16
from training.runs.log import RunLog


def parse_options(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = command_parser("training.train_pixel_aligned", __doc__)
    add = parser.add_argument
    add("--data", type=Path, required=True, help="synthetic heads that MODEL never saw")
    add("--init", type=Path, required=True, help="checkpoint with the low-rank closed form")
    add("--out", type=Path, required=True, help="folder for model.safetensors")
    add("--heads", type=int, help="use at most so many heads")
    add("--seed", type=int, default=0, help="of the augmentation")
    add("--threads", type=int, default=2, help="of torch")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> Path:
    """Fit; returns the checkpoint's path."""
    options = parse_options(arguments)
    torch.set_num_threads(options.threads)
    log = RunLog(options.out)
    config = preset_config("embedded")
    template = HeadTemplate.load()
    anchors = torch.from_numpy(np.array(template.anchors))
    model = ReconstructionModel(config, anchors, load_embedded_backbone())
    info = load_checkpoint(options.init, model, config)
    model.requires_grad_(False)
    views = collect_views(
        model, options.data, options.heads, options.seed, log.say, multiplies_bfloat16(), True
    )
    log.say(f"{len(views.targets)} heads, {len(views)} views")
    fit_cascade(model, views, template, log.say)
    said = f"{info.trained_by}; then training.train_pixel_aligned, {len(views.targets)} heads"
    path: Path = options.out / "model.safetensors"
    save_checkpoint(path, model, config, replace(info, trained_by=said))
    return path


if __name__ == "__main__":
    main()
