"""Turn a training run's checkpoint into the file that ships.

    python -m training.export_model RUN/model.safetensors resources/models/embedded.safetensors

writes the second file.
"""

import math
from collections.abc import Sequence
from pathlib import Path

import torch

from inference.head.template import HeadTemplate
from inference.model.checkpoint import load_checkpoint, read_info, save_checkpoint
from inference.model.config import preset_config
from inference.model.reconstruction import ReconstructionModel
from training.runs.command_line import command_parser


def export_model(source: Path, target: Path, spacing_share: float | None = None) -> int:
    """Write `source` in half precision to `target`; returns its size in bytes.

    Args:
        source: the checkpoint of a run.
        target: the file that ships.
        spacing_share: first size of a Gaussian over the distance to its neighbours. Training
            on anchors leaves sizes at their start, which shows gaps close up; None keeps it.

    Raises:
        InvalidModelError: the source is missing, damaged or of another version.
        OutputError: the target cannot be written.
    """
    config = preset_config(read_info(source).preset)
    anchors = torch.zeros(config.decoder.patches, config.head.per_patch, 3)
    model = ReconstructionModel(config, anchors, None)
    info = load_checkpoint(source, model, config)
    if spacing_share is not None:
        torch.nn.init.constant_(model.head.scale.bias, math.log(spacing_share))
    save_checkpoint(target, model, config, info, torch.float16, model.silent_parts)
    # What ships must load, in half precision too, against the template that ships.
    if load_checkpoint(target, model, config).template_id != HeadTemplate.load().template_id:
        raise ValueError(f"{source} was trained on another template than resources/template.npz")
    return target.stat().st_size


def main(arguments: Sequence[str] | None = None) -> None:
    """Command line."""
    parser = command_parser("training.export_model", __doc__)
    parser.add_argument("checkpoint", type=Path, help="model.safetensors of a run")
    parser.add_argument("target", type=Path, help="file to write")
    parser.add_argument(
        "--spacing-share", type=float, help="size of Gaussians over their distance (no gaps: 0.65)"
    )
    options = parser.parse_args(arguments)
    size = export_model(options.checkpoint, options.target, options.spacing_share)
    print(f"{options.target}: {size / 1e6:.1f} MB, {read_info(options.target).trained_by}")


if __name__ == "__main__":
    main()
