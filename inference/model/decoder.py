"""The cross-attention decoder of equation 2: no self-attention, so patches never see each other."""

from contextlib import AbstractContextManager, nullcontext

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from inference.model.config import DecoderConfig
from inference.model.tensors import ImageTokens
from inference.model.vit import LAYER_NORM_EPS, Attention, init_linear, mlp


class TemplateEmbedding(nn.Module):
    """F_0: where the patch's anchors lie, plus one learned query per patch.

    The position is a Fourier embedding of the patch's centre and the plain offsets of its
    anchors from it, through an MLP (our choice; the paper says "from a template").
    """

    code: torch.Tensor

    def __init__(
        self,
        config: DecoderConfig,
        anchors: torch.Tensor,  # [patches, 16, 3] metres
    ) -> None:
        super().__init__()
        code = self._code(anchors.float(), config.frequencies)
        self.register_buffer("code", code, persistent=False)
        self.position = mlp(code.shape[1], config.width, config.width)
        self.query = nn.Parameter(torch.randn(config.patches, config.width) * 0.02)
        self.position.apply(init_linear)

    @staticmethod
    def _code(anchors: torch.Tensor, frequencies: int) -> torch.Tensor:
        centre = anchors.mean(1)
        # A head spans about 0.4 m: the lowest octave covers it once. Offsets are millimetres.
        phase = centre[..., None] * (torch.pi / 0.4) * 2.0 ** torch.arange(frequencies)
        local = (anchors - centre[:, None]) / 0.01
        waves = [phase.sin().flatten(1), phase.cos().flatten(1)]
        return torch.cat([centre / 0.1, local.flatten(1), *waves], dim=1)

    def forward(
        self,
        patches: torch.Tensor | None,  # [P] indices, None for all
    ) -> torch.Tensor:
        """F_0 of the patches asked for, [P, width]."""
        if patches is None:
            return self.position(self.code) + self.query
        return self.position(self.code[patches]) + self.query[patches]


class DecoderLayer(nn.Module):
    """F_i = F_{i-1} + MLP_i(F_{i-1} + CrossAttention_i(F_{i-1}, F_2D)), pre-LayerNorm."""

    def __init__(self, config: DecoderConfig) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(config.width, eps=LAYER_NORM_EPS)
        self.attention = Attention(config.width, config.heads)
        self.norm2 = nn.LayerNorm(config.width, eps=LAYER_NORM_EPS)
        self.mlp = mlp(config.width, config.mlp_ratio * config.width)

    def forward(
        self,
        latents: torch.Tensor,  # [B, P, D]
        tokens: torch.Tensor,  # [B, T, D]
        keep: torch.Tensor | None,  # [B, T] bool
        attend: bool = True,
    ) -> torch.Tensor:
        """One layer, [B, P, D]; without `attend` only the MLP and the skip act."""
        seen = latents
        if attend:
            seen = latents + self.attention(self.norm1(latents), tokens, keep)
        return latents + self.mlp(self.norm2(seen))


class Decoder(nn.Module):
    """All layers and MAE's closing LayerNorm.

    Attributes:
        recompute: gradient checkpointing (https://arxiv.org/abs/1604.06174): keep the states
            between layers alone and compute the rest again in the backward pass.
    """

    def __init__(self, config: DecoderConfig) -> None:
        super().__init__()
        self.recompute = False
        self.layers = nn.ModuleList(DecoderLayer(config) for _ in range(config.layers))
        self.norm = nn.LayerNorm(config.width, eps=LAYER_NORM_EPS)
        self.layers.apply(init_linear)

    def active(self, layers: int | None) -> int:
        """In how many layers cross-attention is active; None is all.

        Raises:
            ValueError: there are not that many.
        """
        if layers is not None and not 0 <= layers <= len(self.layers):
            raise ValueError(f"layers must lie in 0..{len(self.layers)}, got {layers}")
        return len(self.layers) if layers is None else layers

    def forward(
        self,
        latents: torch.Tensor,  # [B, P, D] F_0
        tokens: torch.Tensor,  # [B, T, D]
        keep: torch.Tensor | None,  # [B, T] bool
        layers: int | None = None,
    ) -> torch.Tensor:
        """Final latents [B, P, D].

        Args:
            latents: F_0.
            tokens: the foreground patches of the pictures.
            keep: which of them count.
            layers: cross-attention is active up to and including this layer; MLPs and
                skip connections stay in all of them (appendix G). None is all.

        Raises:
            ValueError: there are not that many layers.
        """
        active = self.active(layers)
        for number, layer in enumerate(self.layers, start=1):
            attend = number <= active
            if self.recompute and torch.is_grad_enabled():
                latents = checkpoint(layer, latents, tokens, keep, attend, use_reentrant=False)
            else:
                latents = layer(latents, tokens, keep, attend)
        return self.norm(latents)


def last_state(
    template: TemplateEmbedding,
    decoder: Decoder,
    tokens: ImageTokens,
    patch_index: torch.Tensor | None,  # [P], None is all
    *,
    skips: bool,
    queries: torch.Tensor | None = None,  # [Q, D]
    layers: int | None = None,
    products: AbstractContextManager[object] | None = None,
) -> torch.Tensor:
    """The decoder's last state [B, Q + P, D] of global queries and of patches.

    Args:
        template: F_0 of the patches.
        decoder: what looks at the tokens.
        tokens: of the pictures.
        patch_index: the patches.
        skips: leave the decoder out and say zeros, to who does not listen.
        queries: global latents that come first.
        layers: as Decoder's.
        products: in which the decoder computes; F_0 is computed in the weights' precision.
    """
    batch, like = len(tokens.tokens), template.query
    decoder.active(layers)  # whoever asks for too many is wrong, listened to or not
    if skips:
        patches = len(like) if patch_index is None else len(patch_index)
        ahead = 0 if queries is None else len(queries)
        return like.new_zeros(batch, ahead + patches, like.shape[1])
    latents = template(patch_index)
    if queries is not None:
        latents = torch.cat([queries, latents])
    with products or nullcontext():
        found = decoder(latents[None].expand(batch, -1, -1), tokens.tokens, tokens.keep, layers)
    return found.to(like.dtype)
