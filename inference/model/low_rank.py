"""A global estimate of shape and colour in a low-rank space (ours; off in the paper's presets).

Few synthetic heads and little training favour what a linear model sees at once: the overall
shape, hair, skin tone. The branch predicts coefficients of principal components from pooled
features; the decoder's patches then add what is local.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn

from inference.model.config import DecoderConfig, EncoderConfig, LowRankConfig
from inference.model.pooling import pooled_width, yaw_gates

BIAS_FEATURE = 0.3
"""What is appended to the pooled features, so that every gate has a constant of its own."""


@dataclass(frozen=True)
class LowRankOffsets:
    """What the branch adds to each anchor of the patches asked for.

    Attributes:
        means: [B, P, 16, 3] metres.
        colours: [B, P, 16, 3] RGB, added to the start colour.
        covered: [B, P, 16] 0..1, how far each goes to what hides it; None if that is not known.
    """

    means: torch.Tensor
    colours: torch.Tensor
    covered: torch.Tensor | None = None


class LowRankBranch(nn.Module):
    """Pooled features and global latents -> coefficients -> per-anchor offsets.

    An anchor's place is that of its region's components; where it is expected far from there,
    on hair, glasses or a hat that hides it, the components of the way to the cover are added.
    The linear map from pooled features has weights for each range of yaw, which it reads off
    the features too; it is set in closed form (ridge regression) before training. The map from
    the global latents starts at zero.
    """

    feature_mean: torch.Tensor
    feature_scale: torch.Tensor
    yaw: torch.Tensor
    region: torch.Tensor
    shape_basis: torch.Tensor
    cover_basis: torch.Tensor
    colour_basis: torch.Tensor

    def __init__(
        self, config: LowRankConfig, encoder: EncoderConfig, decoder: DecoderConfig, per_patch: int
    ) -> None:
        super().__init__()
        self.config = config
        features = pooled_width(encoder, config)
        coefficients = sum(config.counts)
        self.register_buffer("feature_mean", torch.zeros(features))
        self.register_buffer("feature_scale", torch.ones(features))
        self.register_buffer("yaw", torch.zeros(features + 1))
        anchors = (decoder.patches, per_patch)
        self.register_buffer("region", torch.zeros(anchors, dtype=torch.uint8))
        for name, count in (
            ("shape_basis", config.shape),
            ("cover_basis", config.cover),
            ("colour_basis", config.colour),
        ):
            self.register_buffer(name, torch.zeros(*anchors, 3, count))
        self.linear = nn.Linear(config.gates * (features + 1), coefficients)
        self.queries = nn.Parameter(torch.randn(config.queries, decoder.width) * 0.1)
        self.refine = nn.Linear(config.queries * decoder.width, coefficients)
        for layer in (self.linear, self.refine):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    @property
    def silent(self) -> bool:
        """Whether global latents change no coefficient, as before any training."""
        return not bool(self.refine.weight.any())

    def scaled(
        self,
        pooled: torch.Tensor,  # [B, F]
    ) -> torch.Tensor:
        """Centred and scaled features with the constant appended, [B, F + 1]."""
        scaled = (pooled.float() - self.feature_mean) / self.feature_scale
        return torch.cat([scaled, torch.full_like(scaled[:, :1], BIAS_FEATURE)], dim=1)

    def gated(
        self,
        pooled: torch.Tensor,  # [B, F]
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Scaled features once for each gate [B, gates * (F + 1)], and the gates [B, gates]."""
        scaled = self.scaled(pooled)
        gates = yaw_gates(scaled @ self.yaw, self.config)
        return (gates[:, :, None] * scaled[:, None]).flatten(1), gates

    def linear_coefficients(
        self,
        pooled: torch.Tensor,  # [B, F]
    ) -> torch.Tensor:
        """What the closed form says, [B, coefficients]: shape, cover, colour."""
        coefficients: torch.Tensor = self.linear(self.gated(pooled)[0])
        return coefficients

    def refinement(
        self,
        latents: torch.Tensor,  # [B, queries, D] global latents after the decoder
    ) -> torch.Tensor:
        """What the global latents add to it, [B, coefficients]."""
        return self.refine(latents.flatten(1))

    def forward(
        self,
        coefficients: torch.Tensor,  # [B, coefficients]
        patches: torch.Tensor | None,  # [P] indices, None for all
    ) -> LowRankOffsets:
        """Spread coefficients over the anchors of the patches asked for."""
        rows = slice(None) if patches is None else patches
        return self._spread(coefficients, lambda values: values[rows])

    def of_anchors(
        self,
        coefficients: torch.Tensor,  # [B, coefficients]
        anchors: torch.Tensor,  # [P, K] indices of any anchors
    ) -> LowRankOffsets:
        """The same for single anchors, [B, P, K, ...]."""
        return self._spread(coefficients, lambda values: values.flatten(0, 1)[anchors])

    def _spread(
        self,
        coefficients: torch.Tensor,  # [B, coefficients]
        choose: Callable[[torch.Tensor], torch.Tensor],  # of [N, 16, ...] to [P, K, ...]
    ) -> LowRankOffsets:
        config = self.config
        shape, cover, colour = coefficients.float().split(list(config.counts), 1)
        region = choose(self.region)
        own = spread_by_region(choose(self.shape_basis), shape, region)
        away = spread_by_region(choose(self.cover_basis), cover, region)
        distance = away.norm(dim=-1, keepdim=True)
        taken = torch.sigmoid((distance - config.cover_from) / config.cover_soft)
        colours = spread_by_region(choose(self.colour_basis), colour, region)
        return LowRankOffsets(own + away * taken, colours, taken.squeeze(-1))


def spread_by_region(
    basis: torch.Tensor,  # [P, K, 3, C] of the anchors asked for
    coefficients: torch.Tensor,  # [B, regions * C]
    region: torch.Tensor,  # [P, K]
) -> torch.Tensor:
    """Per-anchor values [B, P, K, 3]: each anchor's basis with its region's coefficients."""
    chosen = basis.to(coefficients.dtype)
    by_region = coefficients.unflatten(1, (-1, basis.shape[-1]))  # [B, R, C]
    batch, regions = by_region.shape[:2]
    values = (by_region.flatten(0, 1) @ chosen.flatten(0, 2).T).view(
        batch, regions, *chosen.shape[:3]
    )
    index = region.long()[None, None, ..., None].expand(batch, 1, -1, -1, 3)
    return values.gather(1, index)[:, 0]
