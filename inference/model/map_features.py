"""What the editing model's global branch reads of a face map: where each class is, and how much."""

import torch
from torch.nn import functional

FINE, COARSE = 28, 14
"""Cells along an edge: those that moments are taken from, and those that are told."""

_MOMENTS = 6
_LITTLE = 2e-4  # share of the picture at which a class is half there


def pooled_map_width(classes: int) -> int:
    """Number of features."""
    return classes * (COARSE**2 + _MOMENTS)


def pool_map(
    labels: torch.Tensor,  # [B, C, S, S] one-hot or soft
) -> torch.Tensor:
    """Features [B, F] of label maps of any size that is a multiple of 28."""
    return features_of_shares(functional.adaptive_avg_pool2d(labels.float(), FINE))


def index_shares(
    labels: torch.Tensor,  # [S, S] class of each pixel
    classes: int,
) -> torch.Tensor:
    """Shares [C, 28, 28] of the classes in the fine cells, quicker than by one-hot maps."""
    size = labels.shape[-1]
    cell = torch.arange(size) * FINE // size
    place = (cell[:, None] * FINE + cell[None]) * classes + labels.long()
    count = torch.bincount(place.flatten(), minlength=FINE**2 * classes)
    return (count.float() / (size / FINE) ** 2).reshape(FINE, FINE, classes).permute(2, 0, 1)


def features_of_shares(
    shares: torch.Tensor,  # [B, C, 28, 28]
) -> torch.Tensor:
    """Features [B, F] of shares.

    Square roots of the shares in coarse cells, so that thin things count; then per class its
    share, whether it is there, its centre and its spread.
    """
    coarse = functional.avg_pool2d(shares, FINE // COARSE).sqrt()
    x = (torch.arange(FINE) + 0.5) / FINE * 2 - 1
    across, down = shares.mean(2), shares.mean(3)  # [B, C, 28]
    area = shares.mean((2, 3))
    safe = area.clamp(min=1e-6)
    there = area / (area + _LITTLE)
    moments = [area.sqrt(), there]
    for profile in (across, down):
        centre = (profile * x).mean(-1) / safe
        spread = ((profile * x * x).mean(-1) / safe - centre**2).clamp(min=0).sqrt()
        moments += [centre * there, spread * there]
    return torch.cat([coarse.flatten(1), torch.stack(moments, -1).flatten(1)], dim=1)
