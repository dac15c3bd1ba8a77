"""The building blocks of MAE's Vision Transformer, and the small trained ViT branch.

Pre-LayerNorm with epsilon 1e-6, Xavier initialisation, query/key/value bias, fixed 2D
sine-cosine positions, as in https://github.com/facebookresearch/mae.
"""

import math

import torch
from torch import nn
from torch.nn import functional

from inference.model.config import VitConfig

LAYER_NORM_EPS = 1e-6


def init_linear(module: nn.Module) -> None:
    """MAE's initialisation of one layer; use with `apply`."""
    if isinstance(module, nn.Linear):
        nn.init.xavier_uniform_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


def mlp(width: int, hidden: int, out: int | None = None) -> nn.Sequential:
    """Linear, GELU, linear."""
    return nn.Sequential(
        nn.Linear(width, hidden), nn.GELU(), nn.Linear(hidden, width if out is None else out)
    )


def attention_bias(
    keep: torch.Tensor | None,  # [B, T] bool
    dtype: torch.dtype,
) -> torch.Tensor | None:
    """Additive attention bias [B, 1, 1, T]: minus infinity where a key does not count."""
    if keep is None:
        return None
    bias = torch.zeros(keep.shape, dtype=dtype, device=keep.device)
    return bias.masked_fill_(~keep, -math.inf)[:, None, None]


class Attention(nn.Module):
    """Multi-head attention of queries to keys; self-attention when both are the same."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key_value = nn.Linear(width, 2 * width)
        self.out = nn.Linear(width, width)

    def forward(
        self,
        queries: torch.Tensor,  # [B, N, D]
        keys: torch.Tensor,  # [B, T, D]
        keep: torch.Tensor | None,  # [B, T] bool
    ) -> torch.Tensor:
        """Attend; returns [B, N, D]."""
        q = self._split(self.query(queries))
        k, v = (self._split(half) for half in self.key_value(keys).chunk(2, dim=-1))
        bias = attention_bias(keep, q.dtype)
        mixed = functional.scaled_dot_product_attention(q, k, v, attn_mask=bias)
        return self.out(mixed.transpose(1, 2).flatten(2))

    def _split(self, x: torch.Tensor) -> torch.Tensor:
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)


class Block(nn.Module):
    """A pre-LayerNorm Transformer block."""

    def __init__(self, width: int, heads: int, mlp_ratio: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width, eps=LAYER_NORM_EPS)
        self.attention = Attention(width, heads)
        self.norm2 = nn.LayerNorm(width, eps=LAYER_NORM_EPS)
        self.mlp = mlp(width, mlp_ratio * width)

    def forward(self, x: torch.Tensor, keep: torch.Tensor | None) -> torch.Tensor:
        """Tokens [B, T, D] and which count [B, T] bool, or None; returns [B, T, D]."""
        normed = self.norm1(x)
        x = x + self.attention(normed, normed, keep)
        return x + self.mlp(self.norm2(x))


def sine_positions(width: int, grid: int) -> torch.Tensor:
    """MAE's fixed 2D positions [grid * grid, width], rows first."""
    if width % 4:
        raise ValueError("the width must be a multiple of 4")
    omega = 1e4 ** (-torch.arange(width // 4, dtype=torch.float64) / (width // 4))
    place = torch.arange(grid, dtype=torch.float64)[:, None] * omega
    wave = torch.cat([place.sin(), place.cos()], dim=1)  # [grid, width / 2]
    columns = wave[None].expand(grid, -1, -1)
    rows = wave[:, None].expand(-1, grid, -1)
    return torch.cat([columns, rows], dim=-1).reshape(grid * grid, width).float()


def patchify(
    images: torch.Tensor,  # [B, C, H, W]
    patch: int,
) -> torch.Tensor:
    """Cut into patches in rows: [B, P, C * patch * patch]."""
    height, width = images.shape[-2:]
    if height % patch or width % patch:
        raise ValueError(f"the picture's size {(height, width)} is no multiple of {patch}")
    return functional.unfold(images, patch, stride=patch).transpose(1, 2)


class VitBranch(nn.Module):
    """The trained ViT: patches that are kept attend to each other, the others do not exist."""

    positions: torch.Tensor

    def __init__(self, config: VitConfig, channels: int, patch: int, grid: int) -> None:
        super().__init__()
        self.patch = patch
        self.embed = nn.Linear(channels * patch * patch, config.width)
        self.register_buffer("positions", sine_positions(config.width, grid), persistent=False)
        self.blocks = nn.ModuleList(
            Block(config.width, config.heads, config.mlp_ratio) for _ in range(config.layers)
        )
        self.norm = nn.LayerNorm(config.width, eps=LAYER_NORM_EPS)
        self.apply(init_linear)

    def forward(
        self,
        images: torch.Tensor,  # [B, C, H, W] normalised
        index: torch.Tensor,  # [B, T] patches that are kept
        keep: torch.Tensor | None,  # [B, T] bool
    ) -> torch.Tensor:
        """Features [B, T, width] of the kept patches."""
        return self._attend(self.embed(take(patchify(images, self.patch), index)), index, keep)

    def of_classes(
        self,
        classes: torch.Tensor,  # [B, H, W] which channel is 1, the others being 0
        index: torch.Tensor,  # [B, T] patches that are kept
        keep: torch.Tensor | None,  # [B, T] bool
    ) -> torch.Tensor:
        """As `forward` of the one-hot maps, whose zeros it does not multiply."""
        area = self.patch**2
        pixels = take(patchify(classes[:, None].float(), self.patch), index).long().flatten(0, 1)
        rows = self.embed.weight.T  # [C * area, width]
        # Most patches are of one class throughout.
        whole = rows.unflatten(0, (-1, area)).sum(1)[pixels[:, 0]]
        mixed = (pixels != pixels[:, :1]).any(1).nonzero()[:, 0]
        offset = torch.arange(area, device=classes.device)
        drawn = functional.embedding_bag(pixels[mixed] * area + offset, rows, mode="sum")
        embedded = whole.index_copy(0, mixed, drawn).unflatten(0, index.shape)
        return self._attend(embedded + self.embed.bias, index, keep)

    def _attend(
        self,
        embedded: torch.Tensor,  # [B, T, width]
        index: torch.Tensor,  # [B, T]
        keep: torch.Tensor | None,  # [B, T] bool
    ) -> torch.Tensor:
        x = embedded + self.positions[index]
        for block in self.blocks:
            x = block(x, keep)
        return self.norm(x)


def take(
    tokens: torch.Tensor,  # [B, P, C]
    index: torch.Tensor,  # [B, T]
) -> torch.Tensor:
    """Gather tokens along the second axis: [B, T, C]."""
    return tokens.gather(1, index[..., None].expand(-1, -1, tokens.shape[-1]))
