"""The editing model, section 3.4: labels and style in, Gaussians out, the decoder as it was."""

from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import nn

from inference.model.config import (
    DecoderConfig,
    EditingBranchConfig,
    EditingConfig,
    GaussianHeadConfig,
    ModelConfig,
)
from inference.model.decoder import Decoder, TemplateEmbedding, last_state
from inference.model.editing_branch import TINTED, EditingBranch, KindFields
from inference.model.editing_encoder import EditingEncoder, MapTokens
from inference.model.gaussian_head import GaussianHead
from inference.model.low_rank import LowRankOffsets
from inference.model.map_features import pool_map
from inference.model.reconstruction import SILENT_PARTS
from inference.model.tensors import GaussianTensors, ImageTokens

_READERS, _TINTS = ("branch.queries", "branch.refine."), ("branch.tints", "branch.tint.")
"""What of the branch speaks for the decoder, of geometry and of palettes, by the beginnings of the
weights' names."""
_SILENT_PATCHES = ("template.",)
"""What speaks for the patches alone."""
_TINTED_BY = 64
"""Patches of a map, evenly spread, at which the decoder's tints meet the style: it is the same at
every patch, so these say what all of them would."""


@dataclass(frozen=True)
class EditingModelConfig:
    """A whole editing model.

    Attributes:
        name: of the reconstruction preset whose decoder it has.
        encoder: labels and style.
        decoder: 3D side.
        head: from latents to Gaussians.
        style: the frozen network whose embedding is the style.
        branch: what map and style say in closed form; None as in the paper.
    """

    name: str
    encoder: EditingConfig
    decoder: DecoderConfig
    head: GaussianHeadConfig
    style: str
    branch: EditingBranchConfig | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for the checkpoint's metadata."""
        return asdict(self)


def editing_config(reconstruction: ModelConfig, style: str, style_width: int) -> EditingModelConfig:
    """The editing model that goes with a reconstruction preset.

    Its label maps have the size of the preset's pictures, and its ViT is the preset's.
    """
    encoder = EditingConfig(
        image_size=reconstruction.image_size,
        patch_size=reconstruction.encoder.backbone.patch_size,
        vit=reconstruction.encoder.vit,
        style_width=style_width,
        hidden=reconstruction.encoder.hidden,
    )
    return EditingModelConfig(
        reconstruction.name,
        encoder,
        reconstruction.decoder,
        reconstruction.head,
        style,
        EditingBranchConfig() if reconstruction.low_rank is not None else None,
    )


class EditingModel(nn.Module):
    """Equation 8's encoder before the decoder and the Gaussian head of equations 2 and 3.

    `template`, `decoder` and `head` have the names that they have in a reconstruction model, so
    that its weights fit.
    """

    def __init__(
        self,
        config: EditingModelConfig,
        template_anchors: torch.Tensor,  # [patches, 16, 3] metres
    ) -> None:
        super().__init__()
        self.config = config
        self._reads_alone = self._skips_patches = False
        anchors = template_anchors.reshape(config.decoder.patches, config.head.per_patch, 3)
        self.encoder = EditingEncoder(config.encoder, config.decoder.width)
        self.template = TemplateEmbedding(config.decoder, anchors)
        self.decoder = Decoder(config.decoder)
        self.head = GaussianHead(config.head, config.decoder.width, anchors)
        branch = config.branch
        self.branch = (
            EditingBranch(
                branch,
                config.encoder.classes,
                config.encoder.style_width,
                config.decoder.patches,
                config.head.per_patch,
                config.decoder.width,
            )
            if branch
            else None
        )

    def skip_silent_decoder(self) -> None:
        """As ReconstructionModel's; the encoder, which speaks to the decoder alone, too.

        Patches and global latents are left out each by itself.
        """
        self._skips_patches = self.head.silent
        self._reads_alone = self._reads_nothing

    @property
    def silent_parts(self) -> tuple[str, ...]:
        """As ReconstructionModel's."""
        branch = self.branch
        readers = _READERS if branch is not None and branch.silent else ()
        tints = _TINTS if branch is not None and branch.tintless else ()
        if self.head.silent:
            patches = SILENT_PARTS if self._reads_nothing else _SILENT_PATCHES
            return (*patches, *readers, *tints)
        return (*readers, *tints)

    @property
    def _reads_nothing(self) -> bool:
        """Whether the branch, if there is one, does without encoder and decoder."""
        return self.branch is None or (self.branch.silent and self.branch.tintless)

    def forward(
        self,
        labels: torch.Tensor,  # [B, classes, H, W] one-hot or soft, FaRL celebm order
        style: torch.Tensor,  # [B, style_width] L2-normalised embedding
        patch_index: torch.Tensor | None = None,  # [P], None is all
    ) -> GaussianTensors:
        """Heads with this geometry in this style."""
        geometry = self.geometry(labels)
        tokens = self.fuse(geometry, style)
        if self.branch is None:
            return self.decode(tokens, patch_index)
        fields, _, _ = self.read(labels, style, geometry, patch_index)
        return self.decode(tokens, patch_index, *fields.of(fields.chances.argmax(-1)))

    def geometry(
        self,
        labels: torch.Tensor,  # [B, classes, H, W]
    ) -> MapTokens:
        """Equation 8's ViT, once per map; no tokens where nothing listens to the decoder."""
        if self._reads_alone and self._skips_patches:
            nothing = labels.new_zeros(len(labels), 0, self.config.encoder.vit.width)
            return MapTokens(nothing, None)
        return self.encoder.geometry(labels)

    def fuse(
        self,
        geometry: MapTokens,
        style: torch.Tensor,  # [B, style_width]
    ) -> ImageTokens:
        """The rest of equation 8, once per map and style."""
        if self._skips_patches:
            return ImageTokens(style.new_zeros(len(style), 0, self.config.decoder.width), None)
        return self.encoder.fused(geometry, style)

    def global_latents(self, geometry: MapTokens) -> torch.Tensor:
        """What the decoder makes of a map for the branch, [B, queries, D].

        It sees no style, so that no style moves an outline.
        """
        branch = self.branch
        assert branch is not None
        batch, like = len(geometry.tokens), branch.queries
        none = like.new_zeros(batch, self.config.encoder.style_width)
        tokens = self.encoder.fused(geometry, none)
        queries = branch.queries[None].expand(batch, -1, -1)
        found: torch.Tensor = self.decoder(queries, tokens.tokens, tokens.keep)
        return found

    def refinement(self, geometry: MapTokens) -> torch.Tensor:
        """What the global latents add to the geometry's latent, [B, Z]."""
        branch = self.branch
        assert branch is not None
        if self._reads_alone:
            return branch.queries.new_zeros(len(geometry.tokens), branch.config.latent)
        return branch.refinement(self.global_latents(geometry))

    def palette(
        self,
        geometry: MapTokens,
        style: torch.Tensor,  # [B, style_width]
    ) -> torch.Tensor:
        """The palette [B, 40] of a style on a map; of a model with a branch."""
        branch = self.branch
        assert branch is not None
        style = style.float()
        told: torch.Tensor = branch.palette(style)
        if branch.tintless:
            return told
        tinted = told.clone()
        tinted[:, list(TINTED)] += self.tints(geometry, style)
        return tinted

    def tints(
        self,
        geometry: MapTokens,
        style: torch.Tensor,  # [B, style_width]
    ) -> torch.Tensor:
        """What global latents add to the numbers of TINTED, [B, T], seeing one aspect at a time."""
        branch = self.branch
        assert branch is not None
        masks, number = branch.aspects()
        several = len(masks)
        step = max(1, geometry.tokens.shape[1] // _TINTED_BY)
        tokens, keep = geometry.tokens[:, ::step], geometry.keep
        thinned = MapTokens(
            tokens.repeat_interleave(several, 0),
            None if keep is None else keep[:, ::step].repeat_interleave(several, 0),
        )
        fused = self.encoder.fused(thinned, (style[:, None] * masks).flatten(0, 1))
        queries = branch.tints[None].expand(len(thinned.tokens), -1, -1)
        found = self.decoder(queries, fused.tokens, fused.keep)
        said: torch.Tensor = branch.tint(found.flatten(1)).unflatten(0, (-1, several))
        return said.gather(1, number.expand(len(style), 1, -1)).squeeze(1)

    def read(
        self,
        labels: torch.Tensor,  # [B, classes, H, W]
        style: torch.Tensor,  # [B, style_width]
        geometry: MapTokens,
        patch_index: torch.Tensor | None = None,  # [P], None is all
    ) -> tuple[KindFields, torch.Tensor, torch.Tensor]:
        """All that anchors could be, the map's pose [B, 6] and the palette [B, 40]."""
        assert self.branch is not None
        latent, pose = self.branch.read_map(pool_map(labels))
        latent, palette = latent + self.refinement(geometry), self.palette(geometry, style)
        return self.branch(latent, palette, patch_index), pose, palette

    def decode(
        self,
        tokens: ImageTokens,
        patch_index: torch.Tensor | None = None,  # [P]
        places: torch.Tensor | None = None,  # [B, P, 16, 3] metres
        colours: torch.Tensor | None = None,  # [B, P, 16, 3]
    ) -> GaussianTensors:
        """Gaussians of encoded maps; places and colours are what the branch says of the patches."""
        latents = self.latents(tokens, patch_index)
        if places is None or colours is None:
            return self.head(latents, patch_index)
        return self.head(latents, patch_index, self._offsets(patch_index, places, colours))

    def latents(
        self,
        tokens: ImageTokens,
        patch_index: torch.Tensor | None = None,  # [P]
    ) -> torch.Tensor:
        """What the decoder makes of encoded maps, [B, P, D]."""
        skips = self._skips_patches
        return last_state(self.template, self.decoder, tokens, patch_index, skips=skips)

    def places_and_colours(
        self,
        latents: torch.Tensor,  # [B, P, D]
        patch_index: torch.Tensor | None,  # [P], None is all
        places: torch.Tensor,  # [B, P, 16, 3] metres
        colours: torch.Tensor,  # [B, P, 16, 3]
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Means and colours [B, P * 16, 3] as `decode` has them, where no splats are wanted."""
        offsets = self._offsets(patch_index, places, colours)
        return self.head.places_and_colours(latents, patch_index, offsets)

    def _offsets(
        self,
        patch_index: torch.Tensor | None,  # [P]
        places: torch.Tensor,  # [B, P, 16, 3] metres
        colours: torch.Tensor,  # [B, P, 16, 3]
    ) -> LowRankOffsets:
        """What the branch says, from where the head starts."""
        start = self.head.anchors + self.head.start
        colour_start = self.head.colour_start
        if patch_index is not None:
            start, colour_start = start[patch_index], colour_start[patch_index]
        return LowRankOffsets(places - start, colours - colour_start)

    def start_from(self, reconstruction: nn.Module) -> None:
        """Take template embedding, decoder and head of a reconstruction model of the preset."""
        state = reconstruction.state_dict()
        ours = {
            name: state[name]
            for name in self.state_dict()
            if not name.startswith(("encoder.", "branch."))
        }
        self.load_state_dict(ours, strict=False)
