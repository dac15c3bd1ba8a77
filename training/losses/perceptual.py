"""The weighted sum of losses that a model is trained with: equation 7 of the paper."""

from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import nn

from training.losses.class_token import ClassTokenLossConfig
from training.losses.dino import DinoLossConfig
from training.losses.embedded import EmbeddedLossConfig
from training.losses.sam import SamLossConfig

TermName = Literal["dino", "sam", "class_token", "lpips", "l1", "embedded"]


@dataclass(frozen=True)
class WeightedTerm:
    """One loss of the sum.

    Attributes:
        name: which loss.
        weight: its lambda; 1.0 for all of the paper's.
    """

    name: TermName
    weight: float = 1.0


@dataclass(frozen=True)
class LossConfig:
    """What a model is trained with; the default is the paper's.

    Attributes:
        terms: the losses that are summed.
        dino: settings of the term "dino".
        sam: settings of the term "sam".
        class_token: settings of the term "class_token".
        embedded: settings of the term "embedded".
    """

    terms: tuple[WeightedTerm, ...] = (WeightedTerm("dino"), WeightedTerm("sam"))
    dino: DinoLossConfig = field(default_factory=DinoLossConfig)
    sam: SamLossConfig = field(default_factory=SamLossConfig)
    class_token: ClassTokenLossConfig = field(default_factory=ClassTokenLossConfig)
    embedded: EmbeddedLossConfig = field(default_factory=EmbeddedLossConfig)


class PerceptualLoss(nn.Module):
    """Named losses and their weighted sum.

    Args:
        losses: by name; each takes render and truth and gives a scalar.
        weights: by the same names.
    """

    def __init__(self, losses: dict[str, nn.Module], weights: dict[str, float]) -> None:
        super().__init__()
        if losses.keys() != weights.keys():
            raise ValueError("every loss needs a weight")
        self.losses = nn.ModuleDict(losses)
        self.weights = dict(weights)

    def forward(
        self,
        render: torch.Tensor,  # [B, 3, H, W] RGB 0..1
        truth: torch.Tensor,  # [B, 3, H, W] RGB 0..1, over the same background
    ) -> dict[str, torch.Tensor]:
        """Float32 scalars: each loss by name, not weighted, and "total", their weighted sum."""
        terms = {name: loss(render, truth) for name, loss in self.losses.items()}
        total = torch.stack([self.weights[name] * term for name, term in terms.items()]).sum()
        return {**terms, "total": total}
