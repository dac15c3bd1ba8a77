"""Where the weights of a preset are; known without loading torch."""

from pathlib import Path

from inference.errors import InvalidModelError
from inference.files import resource_path

EMBEDDED_CHECKPOINT = "models/embedded.safetensors"

SHARPENING_FILE = "sharpening.safetensors"
"""The sharpening CNN's name, in the folder of the model that it was trained with."""


def checkpoint_path(preset: str, checkpoint: Path | None = None) -> Path:
    """The weights of a preset: those that are given, or those that ship.

    Raises:
        InvalidModelError: none are given, and none ship.
    """
    if checkpoint is not None:
        return checkpoint
    if preset != "embedded":
        raise InvalidModelError(
            f"The preset {preset!r} comes without weights: choose a checkpoint file for it."
        )
    return resource_path(EMBEDDED_CHECKPOINT)


def sharpening_path(checkpoint: Path) -> Path | None:
    """The file of the CNN that goes with a checkpoint, or None where there is none."""
    path = checkpoint.with_name(SHARPENING_FILE)
    return path if path.is_file() else None
