"""How patches mend themselves after what they are seen on (inference.model.patch_refinement).

    python -m training.train_patches --data HEADS --init MODEL.safetensors --out RUN

HEADS are synthetic heads (training.synthetic.generate, layout npz) to which nothing in MODEL was
fitted, neither its low-rank branch nor its look back, so that both err on them as on new pictures.
Writes RUN/model.safetensors: MODEL with its patches trained. 1,000 heads of four views take about
5 GB of memory; two cores encode them in 15 minutes and train 80 steps a minute.
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
from training.pixel_aligned.patches import learn_patches
from training.pixel_aligned.views import collect_views
from training.runs.command_line import command_parser
from training.runs.cpu_precision import multiplies_bfloat16
from training.runs.log import RunLog


def parse_options(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = command_parser("training.train_patches", __doc__)
    add = parser.add_argument
    add("--data", type=Path, required=True, help="synthetic heads that MODEL never saw")
    add("--init", type=Path, required=True, help="checkpoint of training.train_pixel_aligned")
    add("--out", type=Path, required=True, help="folder for model.safetensors and log.jsonl")
    add("--heads", type=int, help="use at most so many heads")
    add("--steps", type=int, default=4000)
    add("--measure", type=int, default=500, help="steps between two looks at other heads")
    add("--learning-rate", type=float, default=1.5e-3)
    add("--seed", type=int, default=0, help="of augmentation, batches and dropout")
    add("--threads", type=int, default=2, help="of torch")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> Path:
    """Train; returns the checkpoint's path."""
    options = parse_options(arguments)
    torch.set_num_threads(options.threads)
    log = RunLog(options.out)
    config, template = preset_config("embedded"), HeadTemplate.load()
    anchors = torch.from_numpy(np.array(template.anchors))
    model = ReconstructionModel(config, anchors, load_embedded_backbone())
    info = load_checkpoint(options.init, model, config)
    model.requires_grad_(False)
    views = collect_views(
        model, options.data, options.heads, options.seed, log.say, multiplies_bfloat16()
    )
    log.say(f"{len(views.targets)} heads, {len(views)} views")
    learn_patches(model, views, template, options, log)
    said = f"{info.trained_by}; then training.train_patches, {len(views.targets)} heads"
    path: Path = options.out / "model.safetensors"
    save_checkpoint(path, model, config, replace(info, trained_by=said))
    return path


if __name__ == "__main__":
    main()
