"""Error of predicted Gaussians against the exact anchors of a synthetic head."""

from dataclasses import dataclass

import torch
from torch.nn import functional

from inference.model.tensors import GaussianTensors
from training.anchors.log_shape import log_shape


@dataclass(frozen=True)
class AnchorLossConfig:
    """Weights; every value is our choice.

    Attributes:
        beta: error, in spreads of the anchor, from which on the position loss is linear.
        colour: weight of the colour error against the position error.
        coefficients: weight of the low-rank coefficients' error.
        shape: weight of the error of the splats' log shapes.
    """

    beta: float = 0.3
    colour: float = 4.0
    coefficients: float = 0.5
    shape: float = 0.3


@dataclass(frozen=True)
class AnchorTargets:
    """Truth for the patches of one batch.

    Attributes:
        positions: [B, N, 3] metres.
        colours: [B, N, 3] RGB 0..1 under each view's light.
        spread: [N] metres, each anchor's own scale.
        coefficients: [B, K] low-rank coefficients, or None.
        share: [K] explained variance of each coefficient, 1 for shape and 1 for colour in
            all, or None.
        shapes: [B, N, 6] splats as training.anchors.log_shape writes them, or None.
    """

    positions: torch.Tensor
    colours: torch.Tensor
    spread: torch.Tensor
    coefficients: torch.Tensor | None = None
    share: torch.Tensor | None = None
    shapes: torch.Tensor | None = None


def anchor_loss(
    predicted: GaussianTensors,
    coefficients: torch.Tensor | None,  # [B, K]
    truth: AnchorTargets,
    config: AnchorLossConfig,
) -> dict[str, torch.Tensor]:
    """Terms of the loss by name, "total" among them.

    The coefficients' squared error, weighted by their share of the variance, is the squared
    error of all 65,536 anchors in the low-rank space at once, whatever patches were drawn.
    """
    error = (predicted.means - truth.positions) / truth.spread[:, None]
    terms = {
        "position": functional.smooth_l1_loss(error, torch.zeros_like(error), beta=config.beta),
        "colour": (predicted.colours - truth.colours).abs().mean(),
    }
    total = terms["position"] + config.colour * terms["colour"]
    if truth.shapes is not None:
        found = log_shape(predicted.quaternions, predicted.scales)
        terms["shape"] = functional.smooth_l1_loss(found, truth.shapes)
        total = total + config.shape * terms["shape"]
    if coefficients is not None and truth.coefficients is not None and truth.share is not None:
        square = (coefficients.float() - truth.coefficients) ** 2
        terms["coefficients"] = (square * truth.share).sum(1).mean()
        total = total + config.coefficients * terms["coefficients"]
    terms["total"] = total
    return terms
