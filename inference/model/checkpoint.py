"""Checkpoints: safetensors with JSON metadata; nothing in them is ever executed."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Protocol

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import nn

from inference.errors import InvalidModelError
from inference.files import atomic_write

FORMAT = "perchead-1"

LATER_TENSORS: Mapping[str, tuple[float, ...]] = {
    "head.scale_start": (0.0, 0.0, 0.0),
    "head.rotation_start": (1.0, 0.0, 0.0, 0.0),
}
"""What the format gained since, by the value of each anchor with which a file without it means
the same as before."""


class CheckpointConfig(Protocol):
    """What a model was built from: ModelConfig, EditingModelConfig."""

    @property
    def name(self) -> str:
        """The preset's name."""
        ...

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for the metadata."""
        ...


@dataclass(frozen=True)
class CheckpointInfo:
    """What a checkpoint says about itself.

    Attributes:
        preset: name of the configuration.
        embedding_widths: width per frozen network it was trained over, by its name.
        template_id: of the template whose anchors the Gaussians start from.
        trained_by: the script, its data and how long.
        licence: of the weights.
    """

    preset: str
    embedding_widths: dict[str, int]
    template_id: str
    trained_by: str
    licence: str


def save_checkpoint(
    path: Path,
    model: nn.Module,
    config: CheckpointConfig,
    info: CheckpointInfo,
    dtype: torch.dtype = torch.float32,
    leave_out: tuple[str, ...] = (),
) -> None:
    """Write a model's state; an older file stays whole if that fails.

    Args:
        path: the .safetensors file.
        model: what to save; parameters and persistent buffers.
        config: the configuration it was built from.
        info: what the file shall say about itself.
        dtype: floating precision in the file (float16 for what ships).
        leave_out: beginnings of the names of what was never trained and that nothing listens to:
            a model that reads the file keeps its initial values there.

    Raises:
        OutputError: the file cannot be written.
    """
    tensors = {
        name: tensor.detach().to("cpu", dtype if tensor.is_floating_point() else None).contiguous()
        for name, tensor in model.state_dict().items()
        if not name.startswith(leave_out)
    }
    metadata = {
        "left_out": json.dumps(leave_out),
        "format": FORMAT,
        "info": json.dumps(asdict(info), sort_keys=True),
        "config": json.dumps(config.to_dict(), sort_keys=True),
    }
    with atomic_write(path) as temporary:
        save_file(tensors, temporary, metadata=metadata)


def read_info(path: Path) -> CheckpointInfo:
    """What a checkpoint says about itself, without its weights.

    Raises:
        InvalidModelError: the file is missing or is no checkpoint of PercHead.
    """
    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            return _parse_info(file.metadata(), path)
    except (OSError, SafetensorError) as error:
        raise _damaged(path) from error


def load_checkpoint(path: Path, model: nn.Module, config: CheckpointConfig) -> CheckpointInfo:
    """Read a checkpoint into a model built from the same configuration.

    The model is left as it was if anything does not fit.

    Args:
        path: the .safetensors file.
        model: receives the weights, in its own precision and on its own device.
        config: the configuration it was built from.

    Raises:
        InvalidModelError: the file is missing, damaged, holds values that are not finite,
            or belongs to another preset or another version of it.
    """
    wanted = model.state_dict()
    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            metadata = file.metadata()
            info = _parse_info(metadata, path)
            if info.preset != config.name:
                raise InvalidModelError(
                    f"{path.name} holds the preset {info.preset!r}, not {config.name!r}: "
                    f"choose that preset or another file."
                )
            names = set(file.keys())
            shapes = {name: tuple(file.get_slice(name).get_shape()) for name in names}
            later = set(LATER_TENSORS) & set(wanted) - names
            initial = {name for name in set(wanted) - names if name.startswith(_left_out(metadata))}
            shapes |= {name: tuple(wanted[name].shape) for name in later | initial}
            same = shapes == {name: tuple(tensor.shape) for name, tensor in wanted.items()}
            described = json.dumps(config.to_dict(), sort_keys=True)
            if not same or metadata.get("config") != described:
                raise InvalidModelError(
                    f"{path.name} was made for another version of the preset "
                    f"{config.name!r}: download it again."
                )
            state = {name: file.get_tensor(name).float() for name in names}
            state |= {
                name: torch.tensor(LATER_TENSORS[name]).expand(shapes[name]) for name in later
            }
            state |= {name: wanted[name] for name in initial}
    except (OSError, SafetensorError) as error:
        raise _damaged(path) from error
    if not all(_is_finite(tensor) for tensor in state.values()):
        raise _damaged(path)
    model.load_state_dict(state, strict=True)
    return info


def _is_finite(tensor: torch.Tensor) -> bool:
    """NaN and infinity survive a sum, which is quicker than a mask of every value."""
    return bool(tensor.sum(dtype=torch.float64).isfinite())


def _left_out(metadata: Mapping[str, str]) -> tuple[str, ...]:
    """Beginnings of names that a file leaves at their initial values."""
    try:
        found = json.loads(metadata.get("left_out", "[]"))
    except ValueError:
        return ()
    return tuple(str(name) for name in found) if isinstance(found, list) else ()


def _parse_info(metadata: dict[str, str] | None, path: Path) -> CheckpointInfo:
    if not metadata or metadata.get("format") != FORMAT:
        raise InvalidModelError(f"{path.name} is no checkpoint of PercHead: choose another file.")
    try:
        values = json.loads(metadata["info"])
        info = CheckpointInfo(
            **{field.name: values[field.name] for field in fields(CheckpointInfo)}
        )
    except (KeyError, TypeError, ValueError) as error:
        raise _damaged(path) from error
    if not all(isinstance(getattr(info, name), str) for name in ("preset", "template_id")):
        raise _damaged(path)
    return info


def _damaged(path: Path) -> InvalidModelError:
    return InvalidModelError(
        f"The model file {path.name} is missing or damaged: download or install it again."
    )
