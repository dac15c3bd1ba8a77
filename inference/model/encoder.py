"""The dual-branch 2D encoder of equation 1."""

import torch
from torch import nn

from inference.features.protocol import ImageBackbone
from inference.model.config import (
    IMAGENET_MEAN,
    IMAGENET_STD,
    EncoderConfig,
    LowRankConfig,
    PixelAlignedConfig,
)
from inference.model.foreground import foreground_patches, select_foreground
from inference.model.picture_maps import picture_maps
from inference.model.pooling import pool_features
from inference.model.tensors import ImageTokens
from inference.model.vit import LAYER_NORM_EPS, VitBranch, init_linear, mlp, take


class DualBranchEncoder(nn.Module):
    """F_2D = MLP(concat(F_ViT, F_DINOv2)) for every foreground patch.

    The backbone is frozen and injected; it is no part of the module's state.
    """

    mean: torch.Tensor
    std: torch.Tensor
    class_probe: torch.Tensor
    reduce_mean: torch.Tensor
    reduce: torch.Tensor

    def __init__(
        self,
        config: EncoderConfig,
        width: int,
        backbone: ImageBackbone | None,
        low_rank: LowRankConfig | None = None,
        pixel_aligned: PixelAlignedConfig | None = None,
    ) -> None:
        """Build the trained parts.

        Args:
            config: both branches.
            width: channels of the decoder.
            backbone: the frozen network; None where its features are always handed in.
            low_rank: pool features for that branch too.
            pixel_aligned: and keep layers of the pictures for that one.

        Raises:
            ValueError: the backbone is not the one that the configuration describes.
        """
        super().__init__()
        described = (config.backbone.width, config.backbone.patch_size)
        if backbone is not None and (backbone.embed_dim, backbone.patch_size) != described:
            raise ValueError(
                f"the backbone is {backbone.embed_dim} wide with patches of "
                f"{backbone.patch_size}, the configuration says {described}"
            )
        self.config = config
        self.low_rank = low_rank
        self.pixel_aligned = pixel_aligned if low_rank is not None else None
        # In a tuple, so that the frozen network's weights stay out of the state.
        self._backbone = (backbone,)
        patch = config.backbone.patch_size
        width_of_all = config.backbone.width * len(config.backbone.layers)
        if low_rank is not None:
            self.register_buffer("class_probe", torch.zeros(low_rank.classes, width_of_all + 1))
        if self.pixel_aligned is not None:
            self.register_buffer("reduce_mean", torch.zeros(width_of_all))
            self.register_buffer("reduce", torch.zeros(width_of_all, self.pixel_aligned.reduced))
        self.vit = VitBranch(config.vit, 3, patch, config.grid)
        features = width_of_all + config.vit.width
        self.fuse = mlp(features, config.hidden, width)
        self.norm = nn.LayerNorm(width, eps=LAYER_NORM_EPS)
        self.fuse.apply(init_linear)
        for name, value in (("mean", IMAGENET_MEAN), ("std", IMAGENET_STD)):
            self.register_buffer(name, torch.tensor(value).view(1, 3, 1, 1), persistent=False)

    @property
    def backbone(self) -> ImageBackbone | None:
        """The frozen network."""
        return self._backbone[0]

    def forward(
        self,
        images: torch.Tensor,  # [B, 3, H, W] RGB 0..1
        foreground: torch.Tensor,  # [B, H, W] alpha 0..1
    ) -> ImageTokens:
        """Encode pictures of the configured size."""
        features = self.backbone_features(images)
        kept = foreground_patches(
            foreground, self.config.backbone.patch_size, self.config.foreground_threshold
        )
        return self.from_features(features, images, kept, foreground)

    @torch.no_grad()
    def backbone_features(
        self,
        images: torch.Tensor,  # [B, 3, H, W] RGB 0..1
    ) -> torch.Tensor:
        """The frozen branch: [B, P, layers * width], the class token dropped."""
        backbone = self.backbone
        if backbone is None:
            raise ValueError("this encoder was built without a backbone")
        size = self.config.image_size
        if images.shape[-2:] != (size, size):
            raise ValueError(f"pictures must be {size} x {size}, got {tuple(images.shape)}")
        layers = backbone(images, self.config.backbone.layers)
        return torch.cat([layer[:, 1:] for layer in layers], dim=-1)

    def from_features(
        self,
        features: torch.Tensor,  # [B, P, layers * width] of the backbone
        images: torch.Tensor,  # [B, 3, H, W] RGB 0..1
        kept: torch.Tensor,  # [B, P] bool, at least one in each row
        foreground: torch.Tensor | None = None,  # [B, H, W] alpha 0..1; None is `kept`
    ) -> ImageTokens:
        """Encode from features that were computed before (training caches them)."""
        index, keep = select_foreground(kept)
        pooled, maps = None, None
        if self.low_rank is not None:
            if foreground is None:
                squares = kept.float().unflatten(1, (self.config.grid, self.config.grid))
                patch = self.config.backbone.patch_size
                foreground = squares.repeat_interleave(patch, 1).repeat_interleave(patch, 2)
            pooled = pool_features(features, images, foreground, self.class_probe, self.config)
            if self.pixel_aligned is not None:
                maps = picture_maps(
                    features,
                    images,
                    foreground,
                    self.class_probe,
                    self.reduce_mean,
                    self.reduce,
                    self.config,
                    self.pixel_aligned,
                )
        return ImageTokens(self.fuse_branches(features, images, index, keep), keep, pooled, maps)

    def fuse_branches(
        self,
        features: torch.Tensor,  # [B, P, layers * width] of the backbone
        images: torch.Tensor,  # [B, 3, H, W] RGB 0..1
        index: torch.Tensor,  # [B, T] the patches that are kept
        keep: torch.Tensor | None,  # [B, T] bool
    ) -> torch.Tensor:
        """Equation 1 for chosen patches: F_2D, [B, T, D]; never waits for the device."""
        local = self.vit((images - self.mean) / self.std, index, keep)
        fused = self.fuse(torch.cat([local, take(features, index).to(local.dtype)], dim=-1))
        return self.norm(fused)
