"""Palettes: what a style says of colours, age and hair, and what it leaves open."""

import numpy as np
import torch

from inference.features.style_blocks import BLOCKS, WIDTH
from inference.model.editing_branch import AGE, HAIR_COLOUR
from training.editing.style_palette import PALETTE_BLOCKS, PaletteExamples, fit_palette

HEADS = 400


class Branch:
    """The part of an editing branch that a palette is fitted to."""

    def __init__(self):
        self.palette = torch.nn.Linear(WIDTH, len(PALETTE_BLOCKS))


def examples():
    """Heads whose age follows one coordinate of "age", in styles that lean to one side."""
    rng = np.random.default_rng(0)
    styles = rng.normal(size=(HEADS, WIDTH)) + 0.7
    for block in BLOCKS:
        part = styles[:, block.where]
        styles[:, block.where] = part / np.linalg.norm(part, axis=1, keepdims=True) * block.weight
    palette = rng.uniform(0.2, 0.6, (HEADS, len(PALETTE_BLOCKS)))
    age = next(block for block in BLOCKS if block.name == "age")
    palette[:, AGE] = 0.4 + 0.5 * styles[:, age.start] / age.weight
    palette[::2, HAIR_COLOUR[0]] = np.nan  # the bald
    numbers = np.arange(HEADS)
    return PaletteExamples(
        palette.astype(np.float32),
        styles.astype(np.float32),
        numbers,
        styles[:4].astype(np.float32),
        numbers[:4],
    )


def test_what_a_style_leaves_open_is_what_heads_are_on_average():
    branch, heads = Branch(), examples()
    fit_palette(branch, heads, lambda line: None)
    told = branch.palette(torch.zeros(WIDTH)).detach().numpy()
    np.testing.assert_allclose(told, np.nanmean(heads.palette, 0), atol=0.01)


def test_a_palette_follows_the_block_that_speaks_of_it_and_no_other():
    branch, heads = Branch(), examples()
    fit_palette(branch, heads, lambda line: None)
    told = branch.palette(torch.from_numpy(heads.styles)).detach().numpy()
    assert np.corrcoef(told[:, AGE], heads.palette[:, AGE])[0, 1] > 0.95
    others = heads.styles.copy()
    age = next(block for block in BLOCKS if block.name == "age")
    others[:, [n for n in range(WIDTH) if not age.start <= n < age.stop]] = 0
    same = branch.palette(torch.from_numpy(others)).detach().numpy()
    np.testing.assert_allclose(same[:, AGE], told[:, AGE], atol=1e-5)
