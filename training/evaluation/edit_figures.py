"""What the edits of held-out heads come to: means, worst tenths, and where they go wrong."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.features.style_blocks import BLOCKS, unit


@dataclass(frozen=True)
class EditScore:
    """How one edit of a held-out head came out.

    Attributes:
        style: whose style it was given.
        groups: of the person whose map it was, as "sex: male".
        kept: IoU 0..1 of the map and the classes that the head shows.
        read: IoU 0..1 of the map and what our parser reads off the picture.
        alike: cosine of the style that was given and the picture's.
        blocks: the same by aspect of a look.
    """

    style: str
    groups: tuple[str, ...]
    kept: float
    read: float
    alike: float
    blocks: dict[str, float]


def block_cosines(
    found: NDArray[np.float32],  # [128]
    given: NDArray[np.float32],  # [128]
) -> dict[str, float]:
    """Cosines of two style vectors by aspect; 0 where one of them leaves it open."""
    return {
        block.name: float(unit(found[block.where]) @ unit(given[block.where])) for block in BLOCKS
    }


def figures_of(scores: Sequence[EditScore]) -> dict[str, float]:
    """Means and worst tenths over all edits, under their names in edits.json."""
    kept, read, alike = ([getattr(s, name) for s in scores] for name in ("kept", "read", "alike"))
    return {
        "map_kept_mean_iou": _mean(kept),
        "map_kept_worst_tenth": _worst_tenth(kept),
        "map_read_by_parser_mean_iou": _mean(read),
        "map_read_by_parser_worst_tenth": _worst_tenth(read),
        "style_kept_mean_cosine": _mean(alike),
        "style_kept_worst_tenth": _worst_tenth(alike),
    }


def read_by_style(scores: Sequence[EditScore]) -> dict[str, float]:
    """Mean IoU that our parser reads, by the style that the heads were given, worst first."""
    found = {
        style: _mean([score.read for score in scores if score.style == style])
        for style in sorted({score.style for score in scores})
    }
    return dict(sorted(found.items(), key=lambda item: item[1]))


def cosines_by_block(scores: Sequence[EditScore]) -> dict[str, float]:
    """Mean cosine of each aspect of a look, in the order of the style space."""
    return {block.name: _mean([s.blocks[block.name] for s in scores]) for block in BLOCKS}


def by_group(scores: Sequence[EditScore]) -> dict[str, list[float]]:
    """Mean IoU that our parser reads and mean cosine, by the groups of whose map it is."""
    return {
        group: [
            _mean([getattr(score, name) for score in scores if group in score.groups])
            for name in ("read", "alike")
        ]
        for group in sorted({group for score in scores for group in score.groups})
    }


def _mean(values: Sequence[float]) -> float:
    return round(float(np.mean(values)), 3)


def _worst_tenth(values: Sequence[float]) -> float:
    """The value that one in ten lies below."""
    return round(float(np.quantile(values, 0.1)), 3)
