"""What the low-rank branch reads of a picture: its foreground in a few thousand numbers (ours).

A linear probe says which share of each patch is hair, hat, cloth, neck, face, ear, glasses or
jewellery: frozen features hold that in a few directions, and few heads teach a regression more
if it is handed those directions alone.
"""

import torch
from torch.nn import functional

from inference.model.config import EncoderConfig, LowRankConfig

_CONSTANT_GATE = 0.3
_THIN = 0.05  # coverage below which a patch's colour says nothing


def pooled_blocks(encoder: EncoderConfig, config: LowRankConfig) -> dict[str, int]:
    """Width of each block of pooled features, in their order."""
    half = (encoder.grid // 2) ** 2
    return {
        "coverage": encoder.grid**2,
        "overall": encoder.backbone.width * len(encoder.backbone.layers),
        "colours": 3 * half,
        "classes": config.classes * half,
        "class_tones": 4 * config.classes,
    }


def pooled_width(encoder: EncoderConfig, config: LowRankConfig) -> int:
    """Number of pooled features."""
    return sum(pooled_blocks(encoder, config).values())


def class_shares(
    features: torch.Tensor,  # [B, P, F] of the backbone
    probe: torch.Tensor,  # [classes, F + 1], the constant last
) -> torch.Tensor:
    """Share 0..1 [B, P, classes] of each patch that is of each class."""
    shares = features.float() @ probe[:, :-1].T.float() + probe[:, -1].float()
    return shares.clamp(0, 1)


def pool_features(
    features: torch.Tensor,  # [B, P, layers * width]
    images: torch.Tensor,  # [B, 3, H, W] RGB 0..1
    foreground: torch.Tensor,  # [B, H, W] alpha 0..1
    probe: torch.Tensor,  # [classes, layers * width + 1]
    encoder: EncoderConfig,
) -> torch.Tensor:
    """Features of the foreground alone, [B, F] in the order of pooled_blocks.

    Coverage of every patch; the mean feature; colours and class shares on a grid of half the
    resolution; the mean colour of each class and its size.
    """
    batch, grid, patch = len(features), encoder.grid, encoder.backbone.patch_size
    alpha = foreground.float()[:, None]
    mask = functional.avg_pool2d(alpha, patch).flatten(1)  # [B, P]
    overall = (features.float() * mask[..., None]).sum(1) / mask.sum(1, keepdim=True).clamp(min=1)
    shares = class_shares(features, probe) * mask[..., None]
    colours = functional.avg_pool2d(images.float() * alpha, patch)
    colours = colours.flatten(2).transpose(1, 2)  # [B, P, 3] times coverage
    unmixed = colours / mask.clamp(min=_THIN)[..., None]
    size = shares.sum(1)
    tones = torch.einsum("bpk,bpc->bkc", shares, unmixed) / (size[..., None] + 1)

    def halved(values: torch.Tensor) -> torch.Tensor:  # [B, P, C] to [B, C * P / 4]
        as_map = values.transpose(1, 2).reshape(batch, -1, grid, grid)
        return functional.avg_pool2d(as_map, 2).flatten(1)

    return torch.cat(
        [
            mask,
            overall,
            halved(colours),
            halved(shares),
            tones.flatten(1),
            size * (8 / grid**2),
        ],
        dim=1,
    )


def yaw_gates(
    yaws: torch.Tensor,  # [B] degrees
    config: LowRankConfig,
) -> torch.Tensor:
    """How much the weights of each gate count at a yaw, [B, gates]; the last is constant."""
    centres = torch.tensor(config.gate_centres, dtype=yaws.dtype, device=yaws.device)
    bumps = torch.exp(-0.5 * ((yaws[:, None] - centres) / config.gate_width) ** 2)
    return torch.cat([bumps, torch.full_like(yaws, _CONSTANT_GATE)[:, None]], dim=1)
