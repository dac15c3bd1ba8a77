"""Synthetic heads as the editing model takes them: maps, styles, anchors."""

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from inference.features.embedded_style import StyleSpace
from inference.features.style_blocks import WIDTH
from inference.features.style_features import StyleFeatures
from training.editing.map_heads import Array, MapHeads, load_map_heads
from training.editing.style_palette import PaletteExamples, palette_numbers, usual_palette
from training.styles.data import StyleData, prompt_styles


@dataclass(frozen=True, kw_only=True)
class EditingHeads(MapHeads):
    """Heads with styles.

    Attributes:
        palette: [H, 40], NaN where a head has no such part.
        styles: [S, 128] style vectors of pictures.
        style_head: [S] whose picture it is.
        style_view: [S] which of the head's views it is.
        prompts: [M, 128] style vectors of prompts.
        prompt_head: [M] a head that each is true of.
    """

    palette: Array
    styles: Array
    style_head: NDArray[np.int64]
    style_view: NDArray[np.int64]
    prompts: Array
    prompt_head: NDArray[np.int64]

    def styles_beside(self, head: int, view: int) -> NDArray[np.int64]:
        """Which styles are of a head's other views; if it has none, those of this view."""
        own = self.style_head == head
        others = np.flatnonzero(own & (self.style_view != view))
        return others if len(others) else np.flatnonzero(own)

    def palettes(self) -> PaletteExamples:
        """What styles say of palettes."""
        return PaletteExamples(
            self.palette, self.styles, self.style_head, self.prompts, self.prompt_head
        )

    def filled_palette(self) -> Array:
        """[H, 40] with means where a head has no such part."""
        filled = np.where(np.isfinite(self.palette), self.palette, usual_palette(self.palette))
        return filled.astype(np.float32)


def load_editing_heads(
    data: Path, styles: Path, space: StyleSpace, limit: int | None = None, views: int = 3
) -> EditingHeads:
    """Read heads that have style features.

    Args:
        data: the generator's folder.
        styles: a folder of training.style_cache of the same heads.
        space: gives style vectors of the cached features.
        limit: at most so many heads.
        views: maps of each head.
    """
    cached = sorted(styles.glob("head_*.npz"))[:limit]
    heads = load_map_heads((data / file.name for file in cached), views)
    palettes: list[Array] = []
    vectors: list[Array] = []
    style_head: list[int] = []
    style_view: list[int] = []
    for number, name in enumerate(heads.names):
        with np.load(styles / name, allow_pickle=False) as stored:
            found = StyleFeatures(
                *(torch.from_numpy(stored[k]).float() for k in ("overall", "cells", "colours"))
            )
            attributes = json.loads(str(stored["attributes"]))
            palettes.append(palette_numbers(stored["palette"], attributes))
            style_view += [int(view) for view in stored["views"]]
        with torch.no_grad():
            vectors.append(space.image(found).numpy())
        style_head += [number] * len(vectors[-1])
    return EditingHeads(
        **vars(heads),
        palette=np.stack(palettes),
        styles=np.concatenate(vectors),
        style_head=np.array(style_head),
        style_view=np.array(style_view),
        prompts=np.zeros((0, WIDTH), np.float32),
        prompt_head=np.zeros(0, np.int64),
    )


def with_prompts(
    heads: EditingHeads, styles: Path, space: StyleSpace, count: int, seed: int, keep: Path
) -> EditingHeads:
    """The heads with prompts that are true of them, so that words mean colours too.

    Args:
        heads: of a folder of style features.
        styles: that folder.
        space: gives style vectors.
        count: how many prompts.
        seed: decides which.
        keep: where sentence vectors are kept by text, as in training.train_style.
    """
    data = StyleData.load(styles, heads.names)
    vectors, told = prompt_styles(data, space, count, seed, keep)
    return replace(heads, prompts=vectors, prompt_head=told)
