"""Windows of examples, with what is left out and changed in each."""

from dataclasses import dataclass

import numpy as np
import torch

from inference.parsing.parser_network import fine_input, without_exposure
from training.parsing.example_cache import ExampleCache

PARTS = 4
"""A window starts at a multiple of this part of the picture, where tokens and pixels align."""


@dataclass(frozen=True)
class BatchConfig:
    """How batches are drawn (our choice).

    Attributes:
        size: windows in a batch.
        window: edge over the picture's, in PARTS.
        no_hints: how often the landmarks are left out, as where none are found.
        no_alpha: how often the foreground is left out, since that of photographs errs more.
        anywhere: how often a window lies anywhere, not around a class of the picture.
        tint: standard deviation of the log of each channel's gain.
    """

    size: int = 16
    window: int = 2
    no_hints: float = 0.25
    no_alpha: float = 0.25
    anywhere: float = 0.3
    tint: float = 0.1


@dataclass(frozen=True)
class Batch:
    """Windows.

    Attributes:
        tokens: [B, g, g, layers * width] float32.
        fine: [B, 4 + H, s, s] float32 (see fine_input).
        labels: [B, s, s] int64.
    """

    tokens: torch.Tensor
    fine: torch.Tensor
    labels: torch.Tensor


def draw_batch(
    cache: ExampleCache, names: list[str], step: int, seed: int, config: BatchConfig
) -> Batch:
    """The batch of a step: the same for the same names, step and seed.

    Examples take turns in an order that is shuffled anew each time around.
    """
    rng = np.random.default_rng([seed, step])
    first = step * config.size
    chosen = [names[_place(index, len(names), seed)] for index in range(first, first + config.size)]
    examples = [cache.read(name) for name in chosen]
    count = len(examples)
    no_hints, no_alpha = rng.random(count) < config.no_hints, rng.random(count) < config.no_alpha
    gain = np.exp(rng.normal(0, config.tint, (count, 3, 1, 1))).astype(np.float32)
    places = [window_place(x.labels, rng, config) for x in examples]

    # The exposure is that of the whole picture; the rest is cut before it grows to floats.
    pictures = torch.from_numpy(np.stack([x.picture for x in examples])).permute(0, 3, 1, 2)
    pictures = without_exposure(pictures.float() / 255 * torch.from_numpy(gain))

    def window(planes: list[np.ndarray]) -> torch.Tensor:
        pairs = zip(planes, places, strict=True)
        return torch.from_numpy(np.stack([_cut(x, place, config.window) for x, place in pairs]))

    alpha = window([x.alpha for x in examples])[:, None].float() / 255
    hints = window([x.hints.transpose(1, 2, 0) for x in examples]).permute(0, 3, 1, 2).float() / 255
    alpha[torch.from_numpy(no_alpha)] = 0.5
    hints[torch.from_numpy(no_hints)] = 0
    seen = window([x.permute(1, 2, 0).numpy() for x in pictures]).permute(0, 3, 1, 2)
    grid = cache.config.grid
    return Batch(
        window([x.tokens.reshape(grid, grid, -1) for x in examples]).float(),
        fine_input(seen, alpha, hints),
        window([x.labels for x in examples]).long(),
    )


def _place(index: int, count: int, seed: int) -> int:
    """Where the index-th draw finds its example."""
    turn, place = divmod(index, count)
    return int(_order(turn, count, seed)[place])


def _order(turn: int, count: int, seed: int) -> np.ndarray:
    return np.random.default_rng([seed, turn, count]).permutation(count)


def window_place(
    labels: np.ndarray,  # [S, S]
    rng: np.random.Generator,
    config: BatchConfig,
) -> tuple[int, int]:
    """Row and column of a window's corner in PARTS: anywhere, or around some pixel of a class.

    Each class that the picture shows is chosen as often as the others, however small it is.
    """
    last = PARTS - config.window
    anywhere = rng.integers(0, last + 1, 2)
    if rng.random() < config.anywhere:
        return int(anywhere[0]), int(anywhere[1])
    classes = np.unique(labels)
    rows, columns = np.nonzero(labels == rng.choice(classes))
    pixel = int(rng.integers(len(rows)))
    part = len(labels) / PARTS
    corners = []
    for place in (rows[pixel] / part, columns[pixel] / part):
        lowest, highest = max(0, int(place) - config.window + 1), min(last, int(place))
        corners.append(int(rng.integers(lowest, highest + 1)))
    return corners[0], corners[1]


def _cut(plane: np.ndarray, place: tuple[int, int], window: int) -> np.ndarray:
    """The window of a plane [S, S, ...] whose corner is at `place`."""
    part = len(plane) // PARTS
    row, column = (value * part for value in place)
    return plane[row : row + window * part, column : column + window * part]
