"""The encoder of the editing model, equation 8: geometry from labels, style from one vector."""

from dataclasses import dataclass

import torch
from torch import nn

from inference.model.config import EditingConfig
from inference.model.foreground import foreground_patches, select_foreground
from inference.model.tensors import ImageTokens
from inference.model.vit import LAYER_NORM_EPS, VitBranch, init_linear, mlp


@dataclass(frozen=True)
class MapTokens:
    """What the ViT makes of label maps.

    Attributes:
        tokens: [B, T, width of the ViT] of the patches that are kept.
        keep: [B, T] bool, which of them count; None is all.
    """

    tokens: torch.Tensor
    keep: torch.Tensor | None


class EditingEncoder(nn.Module):
    """F = MLP(concat(F_ViT-geometry, F_CLIP)); the style vector is repeated at every patch.

    Its tokens take the place of the image encoder's; decoder and head stay as they are.
    """

    def __init__(self, config: EditingConfig, width: int) -> None:
        super().__init__()
        self.config = config
        self.vit = VitBranch(config.vit, config.classes, config.patch_size, config.grid)
        self.fuse = mlp(config.vit.width + config.style_width, config.hidden, width)
        self.norm = nn.LayerNorm(width, eps=LAYER_NORM_EPS)
        self.fuse.apply(init_linear)

    def forward(
        self,
        labels: torch.Tensor,  # [B, classes, H, W] one-hot or soft, FaRL celebm order
        style: torch.Tensor,  # [B, style_width] L2-normalised embedding
    ) -> ImageTokens:
        """Encode a label map and a style."""
        return self.fused(self.geometry(labels), style)

    def geometry(
        self,
        labels: torch.Tensor,  # [B, classes, H, W]
    ) -> MapTokens:
        """F_ViT-geometry, which styles have no part in.

        Raises:
            ValueError: the maps are not of the configured size.
        """
        size = self.config.image_size
        if labels.shape[1:] != (self.config.classes, size, size):
            raise ValueError(
                f"label maps must be [B, {self.config.classes}, {size}, {size}], "
                f"got {tuple(labels.shape)}"
            )
        index, keep = self._kept(1 - labels[:, 0])
        return MapTokens(self.vit(labels, index, keep), keep)

    def geometry_of_classes(
        self,
        classes: torch.Tensor,  # [B, H, W] FaRL celebm classes
    ) -> MapTokens:
        """As `geometry` of the one-hot maps, faster."""
        index, keep = self._kept((classes != 0).float())
        return MapTokens(self.vit.of_classes(classes, index, keep), keep)

    def _kept(
        self,
        shown: torch.Tensor,  # [B, H, W] 1 where a map is not background
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        """The patches of which a part is not background, so that thin strokes count."""
        kept = foreground_patches(shown, self.config.patch_size, threshold=0.01)
        return select_foreground(kept)

    def fused(
        self,
        geometry: MapTokens,
        style: torch.Tensor,  # [B, style_width]
    ) -> ImageTokens:
        """What the decoder attends to."""
        repeated = style[:, None].to(geometry.tokens.dtype)
        repeated = repeated.expand(-1, geometry.tokens.shape[1], -1)
        fused = self.fuse(torch.cat([geometry.tokens, repeated], dim=-1))
        return ImageTokens(self.norm(fused), geometry.keep)
