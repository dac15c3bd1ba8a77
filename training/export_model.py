"""Turn a training run's checkpoint into the file that ships.

python -m training.export_model RUN/model.safetensors resources/models/embedded.safetensors
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import torch

from inference.head.template import HeadTemplate
from inference.model.checkpoint import load_checkpoint, read_info, save_checkpoint
from inference.model.config import preset_config
from inference.model.reconstruction import ReconstructionModel


def export_model(source: Path, target: Path) -> int:
    """Write `source` in half precision to `target`; returns its size in bytes.

    Raises:
        InvalidModelError: the source is missing, damaged or of another version.
        OutputError: the target cannot be written.
    """
    config = preset_config(read_info(source).preset)
    anchors = torch.zeros(config.decoder.patches, config.head.per_patch, 3)
    model = ReconstructionModel(config, anchors, None)
    info = load_checkpoint(source, model, config)
    save_checkpoint(target, model, config, info, torch.float16)
    # What ships must load, in half precision too, against the template that ships.
    if load_checkpoint(target, model, config).template_id != HeadTemplate.load().topology:
        raise ValueError(f"{source} was trained on another template than resources/template.npz")
    return target.stat().st_size


def main(arguments: Sequence[str] | None = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Write a checkpoint as the file that ships.")
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("target", type=Path)
    options = parser.parse_args(arguments)
    size = export_model(options.checkpoint, options.target)
    print(f"{options.target}: {size / 1e6:.1f} MB, {read_info(options.target).trained_by}")


if __name__ == "__main__":
    main()
