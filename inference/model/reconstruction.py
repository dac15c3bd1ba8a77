"""The reconstruction model: pictures in, 65,536 Gaussians a head out."""

from contextlib import AbstractContextManager, nullcontext

import torch
from torch import nn

from inference.features.protocol import ImageBackbone
from inference.model.config import ModelConfig
from inference.model.decoder import Decoder, TemplateEmbedding, last_state
from inference.model.encoder import DualBranchEncoder
from inference.model.gaussian_head import GaussianHead
from inference.model.low_rank import LowRankBranch
from inference.model.pixel_aligned import AlignedHead, PixelAlignedBranch
from inference.model.sharpening import Sharpening
from inference.model.tensors import GaussianTensors, ImageTokens

SILENT_PARTS = ("encoder.vit.", "encoder.fuse.", "encoder.norm.", "template.", "decoder.")
"""What speaks to the Gaussian head alone, by the beginnings of the weights' names."""


class ReconstructionModel(nn.Module):
    """Section 3.1: dual-branch encoder, cross-attention decoder, Gaussian head.

    Template anchors and backbone are handed in and are no part of the state, so that one
    checkpoint serves every template that samples the same points.

    Attributes:
        precision: of the large matrix products where that is less than the weights' (autocast);
            what becomes a Gaussian is computed in the weights' own, since bfloat16 tells places
            half a millimetre apart at best.
    """

    def __init__(
        self,
        config: ModelConfig,
        template_anchors: torch.Tensor,  # [patches * 16, 3] or [patches, 16, 3] metres
        backbone: ImageBackbone | None,
    ) -> None:
        """Build a model with initial weights.

        Args:
            config: a preset, or one's own configuration.
            template_anchors: where the Gaussians start; the 16 of a patch follow each other.
            backbone: the frozen network; None if only `from_features` is used.

        Raises:
            ValueError: the template or the backbone does not fit the configuration.
        """
        super().__init__()
        self.config = config
        self.precision = torch.float32
        self._skips_decoder = False
        patches, per_patch = config.decoder.patches, config.head.per_patch
        if template_anchors.numel() != patches * per_patch * 3:
            raise ValueError(
                f"the template has {template_anchors.numel() // 3} anchors, "
                f"the model wants {patches * per_patch}"
            )
        anchors = template_anchors.reshape(patches, per_patch, 3)
        width = config.decoder.width
        self.encoder = DualBranchEncoder(
            config.encoder, width, backbone, config.low_rank, config.pixel_aligned
        )
        self.template = TemplateEmbedding(config.decoder, anchors)
        self.decoder = Decoder(config.decoder)
        self.head = GaussianHead(config.head, width, anchors)
        self.low_rank = (
            LowRankBranch(config.low_rank, config.encoder, config.decoder, per_patch)
            if config.low_rank
            else None
        )
        self.pixel_aligned = (
            PixelAlignedBranch(
                config.pixel_aligned, config.low_rank, config.encoder, config.decoder, per_patch
            )
            if config.low_rank and config.pixel_aligned
            else None
        )
        self.sharpening = Sharpening(config.sharpening) if config.sharpening else None

    def skip_silent_decoder(self) -> None:
        """From now on leave the decoder out if nothing listens to it: it would only take time.

        Before a training moves them, the weights that read its latents are zero. For models that
        are not trained any more.
        """
        self._skips_decoder = bool(self.silent_parts)

    @property
    def silent_parts(self) -> tuple[str, ...]:
        """Beginnings of the names of weights that change no Gaussian before a training."""
        if not self.head.silent or (self.low_rank is not None and not self.low_rank.silent):
            return ()
        return (*SILENT_PARTS, "low_rank.queries", "low_rank.refine")

    def forward(
        self,
        images: torch.Tensor,  # [B, 3, H, W] RGB 0..1 at the configured size
        foreground: torch.Tensor,  # [B, H, W] alpha 0..1
        patch_index: torch.Tensor | None = None,  # [P]
        layers: int | None = None,
    ) -> GaussianTensors:
        """Reconstruct heads.

        Args:
            images: head crops.
            foreground: their mattes; patches of the background are not read.
            patch_index: which 3D patches to compute; None is all. Any subset gives the same
                Gaussians as all of them.
            layers: show the decoder's state after this layer (appendix G); 0 is the head
                that the model starts from, None is all layers.
        """
        return self.decode(self.encode(images, foreground), patch_index, layers)

    def encode(
        self,
        images: torch.Tensor,  # [B, 3, H, W] RGB 0..1
        foreground: torch.Tensor,  # [B, H, W] alpha 0..1
    ) -> ImageTokens:
        """The 2D side alone, once per picture; then any patches can be decoded."""
        with self._products(images):
            tokens: ImageTokens = self.encoder(images, foreground)
        return tokens

    def _products(self, like: torch.Tensor) -> AbstractContextManager[object]:
        """In which precision matrix products on this tensor's device are computed."""
        if self.precision == torch.float32:
            return nullcontext()  # training may have chosen one of its own
        return torch.autocast(like.device.type, self.precision)

    def decode(
        self,
        tokens: ImageTokens,
        patch_index: torch.Tensor | None = None,  # [P]
        layers: int | None = None,
        found: AlignedHead | None = None,
    ) -> GaussianTensors:
        """Gaussians from encoded pictures, or from an editing encoder's tokens.

        `found` is what `look` says of the same tokens and layers; None looks again.
        """
        return self.decode_with_coefficients(tokens, patch_index, layers, found=found)[0]

    def look(
        self,
        tokens: ImageTokens,
        layers: int | None = None,
    ) -> AlignedHead | None:
        """The look back at the pictures, once for all patches that are decoded one by one."""
        branch, aligned, maps = self.low_rank, self.pixel_aligned, tokens.maps
        if branch is None or aligned is None or maps is None or layers == 0:
            return None
        assert tokens.pooled is not None
        nothing = torch.zeros(0, dtype=torch.long, device=maps.picture.device)
        overall = self._latents(tokens, nothing, layers, branch.queries)
        coefficients = branch.linear_coefficients(tokens.pooled) * self._share(layers)
        coefficients = coefficients + branch.refinement(overall)
        return aligned.look(branch, self.head, coefficients, tokens.pooled, maps)

    def _share(self, layers: int | None) -> float:
        """How much of the linear map is shown after some layers: equal parts, a layer each.

        So the states of appendix G lead from the starting head to the final one.
        """
        return 1.0 if layers is None else layers / len(self.decoder.layers)

    def decode_with_coefficients(
        self,
        tokens: ImageTokens,
        patch_index: torch.Tensor | None = None,  # [P]
        layers: int | None = None,
        linear: torch.Tensor | None = None,  # [B, K]
        found: AlignedHead | None = None,
    ) -> tuple[GaussianTensors, torch.Tensor | None]:
        """As `decode`, with the low-rank coefficients [B, K] that training supervises.

        `linear` replaces what the branch's linear map would say (training hands in what it
        says about a head that it was not fitted to). `found` is that of `look`.
        """
        branch, pooled = self.low_rank, tokens.pooled
        if branch is None or pooled is None or layers == 0:
            latents = self._latents(tokens, patch_index, layers, None)
            return self.head(latents, patch_index), None
        # Global latents ride along; without self-attention they do not touch the patches.
        both = self._latents(tokens, patch_index, layers, branch.queries)
        overall, latents = both.tensor_split([len(branch.queries)], dim=1)
        if linear is None:
            linear = branch.linear_coefficients(pooled)
        share = self._share(layers)
        coefficients = linear * share + branch.refinement(overall)
        aligned, maps = self.pixel_aligned, tokens.maps
        if aligned is None or maps is None:
            offsets = branch(coefficients, patch_index)
        else:
            found = found or aligned.look(branch, self.head, coefficients, pooled, maps)
            offsets = aligned(found, coefficients, branch, self.head, patch_index, share)
        return self.head(latents, patch_index, offsets), coefficients

    def _latents(
        self,
        tokens: ImageTokens,
        patch_index: torch.Tensor | None,  # [P]
        layers: int | None,
        queries: torch.Tensor | None,  # [Q, D]
    ) -> torch.Tensor:
        """The decoder's last state [B, Q + P, D] of global queries and of patches."""
        return last_state(
            self.template,
            self.decoder,
            tokens,
            patch_index,
            skips=self._skips_decoder,
            queries=queries,
            layers=layers,
            products=self._products(self.template.query),
        )
