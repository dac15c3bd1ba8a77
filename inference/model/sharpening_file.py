"""The sharpening CNN in a file of its own, as train_sharpening writes it beside a model."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from inference.errors import InvalidModelError
from inference.model.checkpoint import load_checkpoint
from inference.model.config import SharpeningConfig
from inference.model.sharpening import Sharpening
from inference.model.shipped import sharpening_path

_WIDEST = 1024  # channels; wider is damage, and building it would take all memory


@dataclass(frozen=True)
class _FileConfig:
    """What the file was built from; only the CNN's part has to be understood here.

    A change elsewhere in the preset does not make another filter of it.
    """

    name: str
    values: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Plain data, as the file has it."""
        return self.values


def load_sharpening(path: Path, preset: str) -> Sharpening:
    """The CNN of a file; its shape is in the file's own metadata.

    Args:
        path: the file.
        preset: name of the model whose pictures it was trained on.

    Returns:
        The CNN in evaluation mode; its parameters want no gradient.

    Raises:
        InvalidModelError: the file is missing, damaged, of another preset or something else.
    """
    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            values = json.loads(file.metadata()["config"])
        shape = _shape(values["sharpening"])
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise InvalidModelError(
            f"{path} is no sharpening network of PercHead: choose another file."
        ) from error
    cnn = Sharpening(shape)
    load_checkpoint(path, cnn, _FileConfig(preset, values))
    return cnn.eval().requires_grad_(False)


def sharpening_beside(checkpoint: Path, preset: str) -> Sharpening | None:
    """The CNN that lies in a checkpoint's folder, or None where there is none.

    Raises:
        InvalidModelError: see load_sharpening.
    """
    path = sharpening_path(checkpoint)
    return None if path is None else load_sharpening(path, preset)


def _shape(values: dict[str, Any]) -> SharpeningConfig:
    """The shape that a file names.

    Raises:
        TypeError: a field is unknown or no number.
        ValueError: no CNN of a sensible size has this shape.
    """
    shape = SharpeningConfig(**values)
    whole = (shape.width, shape.levels, shape.fold)
    if not all(type(value) is int for value in whole):
        raise TypeError("width, levels and fold are whole numbers")
    if not (shape.width >= 1 and 1 <= shape.levels <= 8 and shape.fold in (1, 2, 4, 8)):
        raise ValueError("there is no such network")
    if shape.width * 2 ** (shape.levels - 1) > _WIDEST or not 0 < shape.blur_sigma <= 16:
        raise ValueError("the network is too large")
    return shape
