"""Pictures brought to the size that a network was trained on, with gradient.

The same numbers as torchvision's Resize and CenterCrop, which the authors' packages use.
"""

from typing import Literal

import torch
from torch.nn import functional


def resize(
    pictures: torch.Tensor,  # [B, 3, H, W]
    height: int,
    width: int,
    mode: Literal["bilinear", "bicubic"],
) -> torch.Tensor:
    """Antialiased resize in float32: [B, 3, height, width]."""
    pictures = pictures.float()
    if pictures.shape[-2:] == (height, width):
        return pictures
    return functional.interpolate(
        pictures, (height, width), mode=mode, align_corners=False, antialias=True
    )


def resize_shorter_edge(
    pictures: torch.Tensor,  # [B, 3, H, W]
    edge: int,
    mode: Literal["bilinear", "bicubic"],
) -> torch.Tensor:
    """Antialiased resize that keeps the shape: the shorter edge gets `edge` pixels."""
    height, width = pictures.shape[-2:]
    if height <= width:
        return resize(pictures, edge, int(edge * width / height), mode)
    return resize(pictures, int(edge * height / width), edge, mode)


def centre_crop(
    pictures: torch.Tensor,  # [B, 3, H, W]; H, W >= edge
    edge: int,
) -> torch.Tensor:
    """The middle square, [B, 3, edge, edge], pixel for pixel that of dino_loss.

    That one first cuts what the shorter edge has too much off both axes, the odd pixel at the
    top and left, and then takes the centre of what is left.
    """
    spare = min(pictures.shape[-2:]) - edge
    top, left = (
        (spare + 1) // 2 + round((size - spare - edge) / 2) for size in pictures.shape[-2:]
    )
    return pictures[..., top : top + edge, left : left + edge]
