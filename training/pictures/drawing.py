"""Predicted heads drawn from the cameras of the truth, over a background, with gradients."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch.nn import functional

from inference.model.tensors import GaussianTensors
from inference.rendering.differentiable import Backend, rasterize
from training.data.batch import Batch


@dataclass(frozen=True)
class Pictures:
    """What a batch's targets are judged by; M counts the targets that are there.

    Attributes:
        predicted: [M, 3, H, H] float32 RGB, not clipped.
        truth: [M, 3, H, H] float32 RGB over the same backgrounds.
    """

    predicted: torch.Tensor
    truth: torch.Tensor


def best_backend(device: torch.device) -> Backend:
    """The backend to train with: gsplat on CUDA, the portable renderer elsewhere."""
    return "gsplat" if device.type == "cuda" else "portable"


def draw_targets(
    heads: GaussianTensors, batch: Batch, background: Literal["white", "random"]
) -> Pictures:
    """Draw every head from the cameras of its targets.

    Args:
        heads: predicted Gaussians, one head per sample.
        batch: whose cameras and targets.
        background: white, or one plain colour per picture from torch's own generator.
    """
    device = heads.means.device
    backend = best_backend(device)
    valid = batch.valid.nonzero().tolist()
    behind = torch.ones(len(valid), 3) if background == "white" else torch.rand(len(valid), 3)
    behind = behind.to(device)
    pictures = []
    for number, (sample, target) in enumerate(valid):
        colour, alpha, _ = rasterize(
            heads.means[sample].float(),
            heads.quaternions[sample].float(),
            heads.scales[sample].float(),
            heads.opacities[sample].float(),
            heads.colours[sample].float(),
            batch.camera(sample, target),
            backend,
        )
        pictures.append(colour + (1 - alpha)[..., None] * behind[number])
    share = batch.target_alpha[batch.valid][:, None]
    truth = batch.targets[batch.valid] * share + behind[..., None, None] * (1 - share)
    return Pictures(torch.stack(pictures).permute(0, 3, 1, 2), truth)


@torch.no_grad()
def contact_sheet(batch: Batch, pictures: Pictures, most: int = 6) -> torch.Tensor:
    """For TensorBoard: above the truth, below the prediction, the inputs to the left.

    Args:
        batch: whose inputs.
        pictures: of that batch.
        most: how many targets are shown.

    Returns:
        [3, 2 H, (1 + n) H] RGB 0..1 on the CPU.
    """
    size = pictures.truth.shape[-1]
    shown = functional.interpolate(batch.images[:2], (size, size), mode="area")
    if len(shown) == 1:
        shown = torch.cat([shown, torch.ones_like(shown)])
    rows = [
        torch.cat([shown[number, None], row[:most].clamp(0, 1)]).permute(1, 2, 0, 3).flatten(2)
        for number, row in enumerate((pictures.truth, pictures.predicted))
    ]
    return torch.cat(rows, dim=1).float().cpu()
