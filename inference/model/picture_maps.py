"""A picture as layers that anchors look themselves up in (ours)."""

from dataclasses import dataclass

import torch
from torch.nn import functional

from inference.model.config import EncoderConfig, PixelAlignedConfig
from inference.model.pooling import class_shares
from inference.model.sharpening import gaussian_blur

_OUTLINE_GRID = 140
"""Edge of the blurred foregrounds; the least blur is 1.7 of its pixels."""
_COVERAGE_BLUR = 0.007
"""Of the coverage beside the colours, a share of the edge: two pixels of the model's picture."""
_REACH = 2.5
"""Of the blurs, in sigmas."""


@dataclass(frozen=True)
class PictureMaps:
    """Layers of a batch of pictures, each in a resolution of its own.

    Attributes:
        outline: [B, blurs, O, O] foreground 0..1, more and more blurred.
        shares: [B, classes, grid, grid] share 0..1 of each patch that is of each class.
        features: [B, reduced, grid, grid] the frozen features, reduced.
        picture: [B, 4, S, S] RGB 0..1 and slightly blurred foreground 0..1.
    """

    outline: torch.Tensor
    shares: torch.Tensor
    features: torch.Tensor
    picture: torch.Tensor


def picture_maps(
    features: torch.Tensor,  # [B, P, layers * width] of the backbone
    images: torch.Tensor,  # [B, 3, S, S] RGB 0..1
    foreground: torch.Tensor,  # [B, S, S] alpha 0..1
    probe: torch.Tensor,  # [classes, layers * width + 1]
    reduce_mean: torch.Tensor,  # [layers * width]
    reduce: torch.Tensor,  # [layers * width, reduced]
    encoder: EncoderConfig,
    config: PixelAlignedConfig,
) -> PictureMaps:
    """The layers of a batch of pictures."""
    alpha = foreground.float()[:, None]
    grid = functional.interpolate(alpha, (_OUTLINE_GRID,) * 2, mode="area")
    outline = [gaussian_blur(grid, sigma * _OUTLINE_GRID, _REACH) for sigma in config.blurs]
    shares = class_shares(features, probe)
    reduced = (features.float() - reduce_mean) @ reduce
    as_grid = (encoder.grid, encoder.grid)
    return PictureMaps(
        torch.cat(outline, 1),
        shares.transpose(1, 2).unflatten(2, as_grid),
        reduced.transpose(1, 2).unflatten(2, as_grid),
        torch.cat([images.float(), blurred_coverage(foreground)], 1),
    )


def blurred_coverage(
    foreground: torch.Tensor,  # [B, S, S] alpha 0..1
) -> torch.Tensor:
    """How surely a pixel and its neighbours are the head's, [B, 1, S, S]."""
    alpha = foreground.float()[:, None]
    return gaussian_blur(alpha, _COVERAGE_BLUR * alpha.shape[-1], _REACH)


def sampled(
    layers: torch.Tensor,  # [B, C, H, W]
    at: torch.Tensor,  # [B, M, 2] in -1..1 from the left and the top
) -> torch.Tensor:
    """Values at points, [B, M, C], between pixels bilinearly; beyond repeats the border."""
    read = functional.grid_sample(
        layers, at[:, :, None].to(layers.dtype), padding_mode="border", align_corners=False
    )
    return read[..., 0].transpose(1, 2)
