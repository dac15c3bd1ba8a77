"""The vision transformer of DINOv2 in plain torch: quick to import, runs only what is asked for.

Oquab et al., "DINOv2: Learning Robust Visual Features without Supervision",
https://arxiv.org/abs/2304.07193. Written out here because importing transformers takes seconds;
tests hold it to transformers' Dinov2Model.
"""

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class VitConfig:
    """Shape of a DINOv2 network.

    Attributes:
        embed_dim: width of a token.
        depth: number of blocks.
        heads: attention heads per block.
        mlp_ratio: width of the feed-forward layer over embed_dim.
        patch_size: edge of a patch in pixels.
        grid: edge, in patches, of the learned position grid (37 for 518 px).
        gated: whether the feed-forward is SwiGLU (DINOv2 giant) instead of GELU.
        registers: number of register tokens after the class token.
    """

    embed_dim: int = 384
    depth: int = 12
    heads: int = 6
    mlp_ratio: float = 4.0
    patch_size: int = 14
    grid: int = 37
    gated: bool = False
    registers: int = 0


class Attention(nn.Module):
    """Multi-head self-attention."""

    def __init__(self, config: VitConfig) -> None:
        super().__init__()
        self.heads = config.heads
        self.query = nn.Linear(config.embed_dim, config.embed_dim)
        self.key = nn.Linear(config.embed_dim, config.embed_dim)
        self.value = nn.Linear(config.embed_dim, config.embed_dim)
        self.out = nn.Linear(config.embed_dim, config.embed_dim)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """[B, T, C] -> [B, T, C]."""
        query, key, value = (
            layer(tokens).unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for layer in (self.query, self.key, self.value)
        )
        mixed = functional.scaled_dot_product_attention(query, key, value)
        output: torch.Tensor = self.out(mixed.transpose(1, 2).flatten(2))
        return output


class FeedForward(nn.Module):
    """Two-layer GELU network."""

    def __init__(self, config: VitConfig) -> None:
        super().__init__()
        hidden = int(config.embed_dim * config.mlp_ratio)
        self.fc1 = nn.Linear(config.embed_dim, hidden)
        self.fc2 = nn.Linear(hidden, config.embed_dim)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """[B, T, C] -> [B, T, C]."""
        output: torch.Tensor = self.fc2(functional.gelu(self.fc1(tokens)))
        return output


class GatedFeedForward(nn.Module):
    """SwiGLU network with two thirds of the hidden width, rounded up to a multiple of 8."""

    def __init__(self, config: VitConfig) -> None:
        super().__init__()
        hidden = int(int(config.embed_dim * config.mlp_ratio) * 2 / 3)
        hidden = (hidden + 7) // 8 * 8
        self.weights_in = nn.Linear(config.embed_dim, 2 * hidden)
        self.weights_out = nn.Linear(hidden, config.embed_dim)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """[B, T, C] -> [B, T, C]."""
        gate, value = self.weights_in(tokens).chunk(2, dim=-1)
        output: torch.Tensor = self.weights_out(functional.silu(gate) * value)
        return output


class Block(nn.Module):
    """Pre-norm transformer block with LayerScale on both branches."""

    def __init__(self, config: VitConfig) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(config.embed_dim, eps=1e-6)
        self.attention = Attention(config)
        self.scale1 = nn.Parameter(torch.ones(config.embed_dim))
        self.norm2 = nn.LayerNorm(config.embed_dim, eps=1e-6)
        self.mlp = GatedFeedForward(config) if config.gated else FeedForward(config)
        self.scale2 = nn.Parameter(torch.ones(config.embed_dim))

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """[B, T, C] -> [B, T, C]."""
        tokens = tokens + self.scale1 * self.attention(self.norm1(tokens))
        output: torch.Tensor = tokens + self.scale2 * self.mlp(self.norm2(tokens))
        return output


class VisionTransformer(nn.Module):
    """DINOv2 as an ImageBackbone (see inference.features.protocol)."""

    def __init__(self, config: VitConfig) -> None:
        super().__init__()
        self.config = config
        width = config.embed_dim
        self.patch_projection = nn.Conv2d(3, width, config.patch_size, stride=config.patch_size)
        self.class_token = nn.Parameter(torch.zeros(1, 1, width))
        self.register_tokens = nn.Parameter(torch.zeros(1, config.registers, width))
        self.positions = nn.Parameter(torch.zeros(1, 1 + config.grid**2, width))
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.depth))
        self.norm = nn.LayerNorm(width, eps=1e-6)

    @property
    def patch_size(self) -> int:
        """Edge of a patch in pixels."""
        return self.config.patch_size

    @property
    def embed_dim(self) -> int:
        """Width of one layer's features."""
        return self.config.embed_dim

    def forward(
        self,
        images: torch.Tensor,  # [B, 3, H, W] RGB 0..1; H, W multiples of patch_size
        layers: tuple[int, ...],  # 0-based blocks, any order
    ) -> list[torch.Tensor]:
        """Return per layer [B, 1 + P, embed_dim] float32: class token, then patches in rows.

        Blocks behind the deepest layer asked for are not run. Gradients reach the images.

        Raises:
            ValueError: the size is no multiple of the patch, or a layer does not exist.
        """
        if not layers or min(layers) < 0 or max(layers) >= self.config.depth:
            raise ValueError(f"layers must be within 0..{self.config.depth - 1}")
        states = self._states(images, tuple(layer + 1 for layer in layers))
        return [self.norm(state).float() for state in states]

    def hidden_states(
        self,
        images: torch.Tensor,  # [B, 3, H, W] RGB 0..1; H, W multiples of patch_size
        indices: tuple[int, ...],  # 0 = the embedded picture, n = after the n-th block
    ) -> list[torch.Tensor]:
        """Return per index [B, 1 + P, embed_dim] float32, without the final LayerNorm.

        Counted like transformers' `hidden_states`, so index n is block n - 1 of `forward`.

        Raises:
            ValueError: the size is no multiple of the patch, or an index does not exist.
        """
        if not indices or min(indices) < 0 or max(indices) > self.config.depth:
            raise ValueError(f"indices must be within 0..{self.config.depth}")
        return [state.float() for state in self._states(images, indices)]

    def _states(self, images: torch.Tensor, indices: tuple[int, ...]) -> list[torch.Tensor]:
        """Class and patch tokens after so many blocks, in the network's own precision."""
        size = self.config.patch_size
        if images.shape[-2] % size or images.shape[-1] % size:
            raise ValueError(f"height and width must be multiples of {size}")
        tokens = self._embed(images)
        skip = 1 + self.config.registers
        states: dict[int, torch.Tensor] = {}
        for index in range(max(indices) + 1):
            if index > 0:
                tokens = self.blocks[index - 1](tokens)
            if index in indices:
                registers = self.config.registers > 0
                states[index] = (
                    torch.cat([tokens[:, :1], tokens[:, skip:]], dim=1) if registers else tokens
                )
        return [states[index] for index in indices]

    def _embed(self, images: torch.Tensor) -> torch.Tensor:
        """Normalise, cut into patches, add positions: [B, 3, H, W] -> [B, 1 + R + P, C]."""
        # By plain numbers: a tensor made here would come to a GPU with a wait, which CUDA graphs
        # do not allow, and a buffer would have no numbers in a network made on the meta device.
        channels = zip(images.unbind(1), IMAGENET_MEAN, IMAGENET_STD, strict=True)
        pixels = torch.stack([(channel - mean) / std for channel, mean, std in channels], dim=1)
        patches = self.patch_projection(pixels.to(self.patch_projection.weight.dtype))
        rows, columns = patches.shape[-2:]
        tokens = torch.cat(
            [self.class_token.expand(len(images), -1, -1), patches.flatten(2).transpose(1, 2)], 1
        )
        tokens = tokens + self._positions(rows, columns)
        registers = self.register_tokens.expand(len(images), -1, -1)
        return torch.cat([tokens[:, :1], registers, tokens[:, 1:]], dim=1)

    def _positions(self, rows: int, columns: int) -> torch.Tensor:
        """Position embeddings resampled to a grid: [1, 1 + rows * columns, C]."""
        grid = self.config.grid
        if (rows, columns) == (grid, grid):
            return self.positions
        table = self.positions[:, 1:].unflatten(1, (grid, grid)).permute(0, 3, 1, 2)
        # The networks with registers were trained with antialiased resampling, the others without.
        table = functional.interpolate(
            table.float(),
            (rows, columns),
            mode="bicubic",
            antialias=self.config.registers > 0,
        ).to(table.dtype)
        return torch.cat([self.positions[:, :1], table.flatten(2).transpose(1, 2)], dim=1)


def build_vit(config: VitConfig, weights: dict[str, torch.Tensor]) -> VisionTransformer:
    """Make a frozen network around loaded weights, without initialising any of its own.

    Args:
        config: shape of the network.
        weights: by parameter name; missing register tokens are taken as none.

    Raises:
        RuntimeError: names or shapes do not fit.
    """
    with torch.device("meta"):
        network = VisionTransformer(config)
    if not config.registers:
        # In the others' precision and place, or joining it with them would fail or convert them.
        like = weights.get("class_token", torch.zeros(0))
        weights = {**weights, "register_tokens": like.new_zeros(1, 0, config.embed_dim)}
    network.load_state_dict(weights, assign=True)
    return network.eval().requires_grad_(False)
