"""What an edit lays bare, or adds, looks like what the photograph shows beside it."""

import numpy as np

from inference.editing.discs import discs
from inference.editing.identity import ShapedHead, keep_identity
from inference.editing.kinds import HAIR, SKIN
from inference.head.gaussians import Gaussians

ROWS, COLUMNS = 40, 20
FRINGE = slice(10, 16)  # rows
UPPER, LOWER = 0.8, 0.4  # how light the photograph's skin is above and below


def head(kinds, colours):
    row, column = np.mgrid[:ROWS, :COLUMNS].reshape(2, -1) / 200
    means = np.stack([column, -row, np.zeros_like(row)], 1).astype(np.float32)
    return ShapedHead(means, np.repeat(colours.ravel(), 3).reshape(-1, 3), kinds.ravel())


def nearby():
    index = np.arange(ROWS * COLUMNS)
    steps = (-COLUMNS - 1, -COLUMNS, -COLUMNS + 1, -1, 1, COLUMNS - 1, COLUMNS, COLUMNS + 1)
    return np.stack([(index + s) % len(index) for s in steps], 1).astype(np.int32)


def test_skin_under_a_fringe_is_as_light_as_the_forehead_around_it():
    bare, fringe = np.full((ROWS, COLUMNS), SKIN), np.full((ROWS, COLUMNS), SKIN)
    fringe[FRINGE] = HAIR
    modelled = np.full((ROWS, COLUMNS), 0.6, np.float32)
    hairy = np.where(fringe == HAIR, 0.1, modelled).astype(np.float32)
    before, edited = head(fringe, hairy), head(bare, modelled)
    seen = np.where(np.arange(ROWS) < ROWS // 2 + 2, UPPER, LOWER)[:, None]
    shown = np.where(fringe == HAIR, 0.1, seen).astype(np.float32).ravel()
    neighbours = nearby()
    turns, scales, opacities = discs(before.means, before.kinds, neighbours)
    colours = np.repeat(shown, 3).reshape(-1, 3)
    fitted = Gaussians(before.means, turns, scales, opacities, colours)
    found = keep_identity(edited, before, fitted, 1.0, neighbours)
    uncovered = found.colours.reshape(ROWS, COLUMNS, 3)[FRINGE]
    np.testing.assert_allclose(uncovered, UPPER, atol=0.02)
