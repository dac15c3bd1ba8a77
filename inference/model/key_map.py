"""From another program's names of the weights to ours: rules, checks and one call.

With it a converter for another layout is a small file; CHECKPOINTS.md beside this file lists our
names and shows one.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from inference.errors import InvalidModelError
from inference.features.torch_archive import read_torch_archive
from inference.model.checkpoint import CheckpointInfo, save_checkpoint
from inference.model.config import ModelConfig
from inference.model.reconstruction import ReconstructionModel

Tensors = Sequence[torch.Tensor]
Change = Callable[[Tensors], Tensors]

CONSTANTS = ("head.start", "head.reach", "head.colour_start", "head.scale_start",
             "head.rotation_start")  # fmt: skip
"""What a layout after the paper does not have: there they are constants of the configuration."""


def unchanged(tensors: Tensors) -> Tensors:
    """As they are."""
    return tensors


def split_rows(*parts: int) -> Change:
    """One tensor into several along its rows, in these proportions: (1, 2) parts q from kv."""

    def change(tensors: Tensors) -> Tensors:
        (tensor,) = tensors
        unit = len(tensor) // sum(parts)
        return tensor.split([unit * part for part in parts])

    return change


def join_rows(tensors: Tensors) -> Tensors:
    """Several tensors into one, below each other: a key and a value."""
    return [torch.cat(list(tensors))]


def flatten_kernel(tensors: Tensors) -> Tensors:
    """A convolution over patches [out, C, rows, columns] as our linear layer [out, C * ...]."""
    return [tensor.flatten(1) for tensor in tensors]


@dataclass(frozen=True)
class Rule:
    """How some of their tensors become some of ours.

    Attributes:
        theirs: their names; {i} and {j} stand for numbers, {w} for weight or bias.
        ours: our names, with the same placeholders.
        change: from the tensors of `theirs` to those of `ours`, in order.
    """

    theirs: tuple[str, ...]
    ours: tuple[str, ...]
    change: Change = unchanged


def rename(theirs: str, ours: str, change: Change = unchanged) -> Rule:
    """The rule for one tensor that becomes one."""
    return Rule((theirs,), (ours,), change)


def same_names(*patterns: str) -> tuple[Rule, ...]:
    """Rules for tensors that are called and shaped alike in both layouts."""
    return tuple(rename(pattern, pattern) for pattern in patterns)


def convert(
    theirs: dict[str, torch.Tensor],
    rules: Sequence[Rule],
    wanted: dict[str, torch.Tensor],
    kept: Sequence[str] = CONSTANTS,
    ignored: Sequence[str] = (),
) -> dict[str, torch.Tensor]:
    """Apply rules, and see to it that nothing is lost, left over or of another shape.

    Args:
        theirs: the weights as the other program names them.
        rules: each of their tensors is the business of one rule.
        wanted: the state of a model of ours.
        kept: our tensors that stay as they are in `wanted` where no rule makes them.
        ignored: patterns of their tensors that we have no use for.

    Returns:
        A whole state for the model.

    Raises:
        InvalidModelError: the weights are not in the layout that the rules describe.
    """
    made: dict[str, torch.Tensor] = {}
    used = {name for name in theirs for pattern in ignored if _regex(pattern).fullmatch(name)}
    for rule in rules:
        for holes in _occasions(rule.theirs[0], theirs):
            names = [pattern.format(**holes) for pattern in rule.theirs]
            absent = [name for name in names if name not in theirs]
            if absent:
                raise _misfit(f"there is no {absent[0]}")
            used.update(names)
            try:
                tensors = rule.change([theirs[name] for name in names])
            except (RuntimeError, ValueError, IndexError) as error:
                raise _misfit(f"{names[0]} has an unexpected shape") from error
            for pattern, tensor in zip(rule.ours, tensors, strict=True):
                made[pattern.format(**holes)] = tensor.contiguous()
    if left_over := sorted(set(theirs) - used):
        raise _misfit(f"{left_over[0]} is not known, one of {len(left_over)}")
    if unknown := sorted(set(made) - set(wanted)):
        raise _misfit(f"the model has no {unknown[0]}, one of {len(unknown)}")
    made = {name: wanted[name] for name in kept if name in wanted} | made
    if missing := sorted(set(wanted) - set(made)):
        raise _misfit(f"nothing becomes {missing[0]}, one of {len(missing)}")
    for name, tensor in made.items():
        if tensor.shape != wanted[name].shape:
            shapes = f"{tuple(tensor.shape)}, not {tuple(wanted[name].shape)}"
            raise _misfit(f"{name} would be {shapes}")
    return made


def convert_checkpoint(
    source: Path,
    target: Path,
    config: ModelConfig,
    rules: Sequence[Rule],
    info: CheckpointInfo,
    ignored: Sequence[str] = (),
) -> None:
    """Write another program's reconstruction weights as a checkpoint of ours.

    Args:
        source: .safetensors, or a .pt that torch.save wrote; nothing in it is run.
        target: our .safetensors.
        config: which model they are the weights of.
        rules: see `convert`.
        info: what the file shall say about itself.
        ignored: see `convert`.

    Raises:
        InvalidModelError: the file is damaged or in another layout.
        OutputError: the target cannot be written.
    """
    try:
        safe = source.suffix == ".safetensors"
        theirs = load_file(source) if safe else read_torch_archive(source)
    except (SafetensorError, OSError) as error:
        raise InvalidModelError(f"{source.name} is missing or damaged: get it again.") from error
    anchors = torch.zeros(config.decoder.patches, config.head.per_patch, 3)
    model = ReconstructionModel(config, anchors, None)
    model.load_state_dict(convert(theirs, rules, model.state_dict(), ignored=ignored))
    save_checkpoint(target, model, config, info)


_HOLES = {"i": r"\d+", "j": r"\d+", "w": "weight|bias"}


def _regex(pattern: str) -> re.Pattern[str]:
    expression = re.escape(pattern)
    for hole, meaning in _HOLES.items():
        mark = re.escape("{" + hole + "}")
        expression = expression.replace(mark, f"(?P<{hole}>{meaning})", 1)
        expression = expression.replace(mark, f"(?P={hole})")
    return re.compile(expression)


def _occasions(pattern: str, names: dict[str, torch.Tensor]) -> list[dict[str, str]]:
    """What the placeholders stand for, once for each name that the pattern fits."""
    found = (_regex(pattern).fullmatch(name) for name in names)
    return [match.groupdict() for match in found if match]


def _misfit(reason: str) -> InvalidModelError:
    return InvalidModelError(
        f"These weights are not in the expected layout ({reason}): look at the rules."
    )
