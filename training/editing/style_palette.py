"""What a style says of a head's palette.

Forty numbers (colours of the parts, light, age, sex, beard, kind of hair, dark lenses), each told
by a ridge regression from those blocks of the style vector that may speak of it. What these leave
open is learned by training.editing.tints.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from inference.features.style_blocks import BLOCKS, BY_NAME, Block, completed, said
from inference.model.editing_branch import EditingBranch
from training.anchors.regression import ridge
from training.editing.palette import PARTS
from training.synthetic.style_words import head_tags

Array = NDArray[np.float32]

_BEARDS = ("stubble", "moustache", "goatee", "short", "full")
_KINDS = ("curly", "wavy")
_SPEAKS = {
    "hair": ("hair colour", "light"),
    "skin": ("skin", "light"),
    "lips": ("skin", "light", "sex"),
    "brow": ("skin", "hair colour", "light"),
    "eyes": ("eyes", "light"),
    "chin": ("skin", "beard", "hair colour", "light"),
    "cloth": ("clothes", "light"),
    "glasses": ("worn", "light"),
    "hat": ("worn", "light"),
    "light": ("light", "skin"),
}


def _blocks(*names: str) -> tuple[Block, ...]:
    return tuple(BY_NAME[name] for name in names)


PALETTE_BLOCKS: tuple[tuple[Block, ...], ...] = (
    *(_blocks(*_SPEAKS[part]) for part in PARTS for _ in range(3)),
    _blocks("age"),
    _blocks("sex"),
    *(_blocks("beard") for _ in _BEARDS),
    *(_blocks("hair kind") for _ in _KINDS),
    _blocks("worn"),
)
"""For each number of the palette the blocks of the style that it is read from: so a prompt about
hair cannot change the skin."""


def palette_numbers(stored: Array, attributes: dict[str, object]) -> Array:
    """[40] the palette of a head: colours, light, years, sex, beard, hair, lenses."""
    tags = head_tags(attributes, float(stored[-1, 2]))
    extra = [float(str(attributes["years"])) / 100, float(str(attributes["male"]))]
    extra += [float(beard in tags["beard"]) for beard in _BEARDS]
    extra += [float(kind in tags["hair kind"]) for kind in _KINDS]
    # Who wears no glasses says nothing about lenses.
    extra += [float("sunglasses" in tags["worn"]) if attributes["glasses"] else float("nan")]
    return np.concatenate([stored.ravel(), np.array(extra, np.float32)]).astype(np.float32)


def usual_palette(palettes: Array) -> Array:
    """[40] mean of palettes [H, 40] over those that have a part; 0 for what nobody has."""
    known = np.isfinite(palettes)
    total = np.where(known, palettes, 0).sum(0)
    return np.asarray(total / np.maximum(known.sum(0), 1), np.float32)


@dataclass(frozen=True)
class PaletteExamples:
    """Palettes, and styles of pictures and prompts that tell of them.

    Attributes:
        palette: [H, 40], NaN where a head has no such part.
        styles: [S, 128] style vectors of pictures.
        style_head: [S] whose picture it is.
        prompts: [M, 128] style vectors of prompts.
        prompt_head: [M] a head that each is true of.
    """

    palette: Array
    styles: Array
    style_head: NDArray[np.int64]
    prompts: Array
    prompt_head: NDArray[np.int64]


def fit_palette(branch: EditingBranch, heads: PaletteExamples, say: Callable[[str], None]) -> None:
    """Each number of the palette from the blocks of the style that may speak of it.

    A block that is zero says the average of all heads (inference.features.style_blocks.completed).
    """
    palette = heads.palette[np.concatenate([heads.style_head, heads.prompt_head])]
    groups = np.concatenate([heads.style_head, heads.prompt_head]).astype(np.int32)
    styles = np.concatenate([heads.styles, *(completed(v)[None] for v in heads.prompts)])
    about = np.array([said(vector) for vector in styles]) > 0.8
    weight = np.zeros((palette.shape[1], styles.shape[1]), np.float32)
    bias = np.zeros(palette.shape[1], np.float32)
    errors = []
    for column, blocks in enumerate(PALETTE_BLOCKS):
        where = np.concatenate([np.arange(b.start, b.stop) for b in blocks])
        # A prompt tells of a colour only if it names what has it.
        known = np.isfinite(palette[:, column]) & about[:, BLOCKS.index(blocks[0])]
        if known.sum() < 2:
            continue  # nobody wears such a thing
        x, y = styles[known][:, where], palette[known, column]
        middle = y.mean()
        scale = max(float(y.std()), 1e-3)
        weights, _ = ridge(
            x,
            ((y - middle) / scale)[:, None].astype(np.float32),
            groups[known],
            np.ones(1, np.float32),
        )
        weight[column, where] = weights[:, 0] * scale
        bias[column] = middle
        told = x @ weight[column, where] + bias[column]
        errors.append(1 - float(((told - y) ** 2).mean() / max(y.var(), 1e-9)))
    say(f"palette told by styles (share of variance): {np.round(errors, 2).tolist()}")
    with torch.no_grad():
        branch.palette.weight.copy_(torch.from_numpy(weight))
        branch.palette.bias.copy_(torch.from_numpy(bias))
