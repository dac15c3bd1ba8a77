"""The encoder of the editing model, equation 8: geometry from labels, style from one vector."""

import torch
from torch import nn

from inference.model.config import EditingConfig
from inference.model.foreground import foreground_patches, select_foreground
from inference.model.tensors import ImageTokens
from inference.model.vit import LAYER_NORM_EPS, VitBranch, init_linear, mlp


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
        """Encode a label map and a style.

        A patch is kept if a part of it is not background, so that thin strokes count.
        """
        size = self.config.image_size
        if labels.shape[1:] != (self.config.classes, size, size):
            raise ValueError(
                f"label maps must be [B, {self.config.classes}, {size}, {size}], "
                f"got {tuple(labels.shape)}"
            )
        kept = foreground_patches(1 - labels[:, 0], self.config.patch_size, threshold=0.01)
        index, keep = select_foreground(kept)
        geometry = self.vit(labels, index, keep)
        repeated = style[:, None].to(geometry.dtype).expand(-1, geometry.shape[1], -1)
        return ImageTokens(self.norm(self.fuse(torch.cat([geometry, repeated], dim=-1))), keep)
