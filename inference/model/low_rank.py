"""A global estimate of shape and colour in a low-rank space (ours; off in the paper's presets).

Few synthetic heads and little training favour what a linear model sees at once: the overall
shape, hair, skin tone. The branch predicts coefficients of principal components from pooled
features; the decoder's patches then add what is local.
"""

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional

from inference.model.config import DecoderConfig, EncoderConfig, LowRankConfig


def pooled_width(encoder: EncoderConfig, config: LowRankConfig) -> int:
    """Number of pooled features."""
    per_layer = encoder.backbone.width
    cells = config.grid**2
    return len(encoder.backbone.layers) * per_layer + cells * (per_layer + 1) + 3 * encoder.grid**2


def pool_features(
    features: torch.Tensor,  # [B, P, layers * width]
    images: torch.Tensor,  # [B, 3, H, W] RGB 0..1
    kept: torch.Tensor,  # [B, P] bool
    encoder: EncoderConfig,
    config: LowRankConfig,
) -> torch.Tensor:
    """Features of the foreground alone, at three scales: [B, F].

    The mean of every layer over the foreground; per cell of a coarse grid one layer's mean
    and the share of foreground; per patch its mean colour. What is not foreground counts
    as zero, whatever it shows.
    """
    batch, grid, width = len(features), encoder.grid, encoder.backbone.width
    mask = kept.float()
    visible = features.float() * mask[..., None]
    overall = visible.sum(1) / mask.sum(1, keepdim=True).clamp(min=1)
    layer = visible[..., config.grid_layer * width : (config.grid_layer + 1) * width]
    as_map = torch.cat([layer, mask[..., None]], dim=-1).transpose(1, 2)
    cells = functional.adaptive_avg_pool2d(as_map.reshape(batch, -1, grid, grid), config.grid)
    share = cells[:, -1:]
    local = torch.cat([cells[:, :-1] / share.clamp(min=1e-6), share], dim=1)
    colours = functional.avg_pool2d(images.float(), encoder.backbone.patch_size)
    colours = colours.flatten(2).transpose(1, 2) * mask[..., None]
    return torch.cat([overall, local.flatten(1), colours.flatten(1)], dim=1)


@dataclass(frozen=True)
class LowRankOffsets:
    """What the branch adds to each anchor of the patches asked for.

    Attributes:
        means: [B, P, 16, 3] metres.
        colours: [B, P, 16, 3] RGB, added to the start colour.
    """

    means: torch.Tensor
    colours: torch.Tensor


class LowRankBranch(nn.Module):
    """Pooled features and global latents -> coefficients -> per-anchor offsets.

    Coefficients have unit variance over the training heads; the bases carry the units. The
    linear map from pooled features is set in closed form (ridge regression) before training;
    the one from the global latents starts at zero.
    """

    feature_mean: torch.Tensor
    feature_std: torch.Tensor
    shape_basis: torch.Tensor
    colour_basis: torch.Tensor

    def __init__(
        self, config: LowRankConfig, encoder: EncoderConfig, decoder: DecoderConfig, per_patch: int
    ) -> None:
        super().__init__()
        self.config = config
        features = pooled_width(encoder, config)
        coefficients = config.shape + config.colour
        self.register_buffer("feature_mean", torch.zeros(features))
        self.register_buffer("feature_std", torch.ones(features))
        anchors = (decoder.patches, per_patch, 3)
        self.register_buffer("shape_basis", torch.zeros(*anchors, config.shape))
        self.register_buffer("colour_basis", torch.zeros(*anchors, config.colour))
        self.linear = nn.Linear(features, coefficients)
        self.queries = nn.Parameter(torch.randn(config.queries, decoder.width) * 0.1)
        self.refine = nn.Linear(config.queries * decoder.width, coefficients)
        for layer in (self.linear, self.refine):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def linear_coefficients(
        self,
        pooled: torch.Tensor,  # [B, F]
    ) -> torch.Tensor:
        """What the closed form says, [B, shape + colour], shape first."""
        return self.linear((pooled.float() - self.feature_mean) / self.feature_std)

    def refinement(
        self,
        latents: torch.Tensor,  # [B, queries, D] global latents after the decoder
    ) -> torch.Tensor:
        """What the global latents add to it, [B, shape + colour]."""
        return self.refine(latents.flatten(1))

    def forward(
        self,
        coefficients: torch.Tensor,  # [B, shape + colour]
        patches: torch.Tensor | None,  # [P] indices, None for all
    ) -> LowRankOffsets:
        """Spread coefficients over the anchors of the patches asked for."""
        shape, colour = coefficients.float().split([self.config.shape, self.config.colour], 1)
        return LowRankOffsets(
            _expand(self.shape_basis, shape, patches), _expand(self.colour_basis, colour, patches)
        )


def _expand(
    basis: torch.Tensor,  # [N, 16, 3, K]
    coefficients: torch.Tensor,  # [B, K]
    patches: torch.Tensor | None,  # [P]
) -> torch.Tensor:
    """Per-anchor values [B, P, 16, 3]."""
    chosen = basis if patches is None else basis[patches]
    flat = coefficients @ chosen.flatten(0, 2).to(coefficients.dtype).T
    return flat.unflatten(1, chosen.shape[:3])
