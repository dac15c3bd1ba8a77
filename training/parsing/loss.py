"""What the parser is judged by: every pixel, rare classes more, and each class's overlap."""

from dataclasses import dataclass

import torch
from torch.nn import functional

from inference.face_map.labels import COUNT


@dataclass(frozen=True)
class ParserLossConfig:
    """Weights (our choice).

    Attributes:
        power: a class with the share s of all pixels counts 1 / s ** power.
        most: largest weight of a class over the mean.
        overlap: of the Dice term.
    """

    power: float = 0.4
    most: float = 6.0
    overlap: float = 1.0


def class_weights(
    counts: torch.Tensor,  # [19] pixels of each class
    config: ParserLossConfig,
) -> torch.Tensor:
    """Weights [19] whose mean over the pixels is 1; a class that never comes counts most."""
    share = (counts + 1) / (counts + 1).sum()
    weights = share**-config.power
    weights = weights / (weights * share).sum()
    return weights.clamp(max=config.most)


def parser_loss(
    logits: torch.Tensor,  # [B, 19, S, S]
    labels: torch.Tensor,  # [B, S, S]
    weights: torch.Tensor,  # [19]
    config: ParserLossConfig,
) -> dict[str, torch.Tensor]:
    """The terms by name; their sum is what is minimised.

    Dice (Milletari et al. 2016, https://arxiv.org/abs/1606.04797) over the batch as a whole, of
    the classes that are in it.
    """
    logits = logits.float()
    pixels = functional.cross_entropy(logits, labels, weights)
    shares = logits.softmax(1)
    truth = functional.one_hot(labels, COUNT).permute(0, 3, 1, 2).to(shares.dtype)
    both = (shares * truth).sum((0, 2, 3))
    true, found = truth.sum((0, 2, 3)), shares.sum((0, 2, 3))
    dice = 1 - (2 * both + 1) / (true + found + 1)
    present = true > 0
    return {"pixels": pixels, "overlap": config.overlap * dice[present].mean()}
