"""The editing model's global branch (ours): what a face map and a style say in closed form.

An anchor stands for skin, hair, cloth or a hat. Where it then lies follows from a latent of the
map alone; what colour it then has follows from a palette that the style names. So geometry and
style cannot mix, whatever the rest of the model has learned.

A linear map reads the latent off the face map; the decoder's global latents, which have seen the
map and no style, add their own reading of it. Another linear map reads the palette off the style;
global latents that have seen the style at every patch of the map add theirs.
"""

from dataclasses import dataclass

import torch
from torch import nn

from inference.model.config import EditingBranchConfig
from inference.model.map_features import pooled_map_width

KINDS = ("skin", "hair", "cloth", "hat")
"""What an anchor may stand for, in the order of every table here."""

POSE = 6
"""Numbers of a pose: yaw, elevation and roll in radians, then how far the head's centre lies from
the middle in half edges of the map, across and down, and the logarithm of its size."""


HAIR_COLOUR, SKIN_COLOUR, GLASSES_COLOUR = (0, 1, 2), (3, 4, 5), (21, 22, 23)
"""Numbers of the palette that are the colours of hair, skin and frames."""

IRIS_COLOUR = (12, 13, 14)
"""Numbers of the palette that are the colour of irises."""

AGE = 30
"""The number of the palette that is the age in centuries."""

BEARDS = (32, 33, 34, 35, 36)
"""Numbers of the palette that say whether there is stubble, a moustache, a goatee, a short and a
full beard, each 0 or 1."""

CURLY, WAVY = 37, 38
"""Numbers of the palette that say whether hair is, 0 or 1."""

DARK_LENSES = 39
"""The number of the palette that says whether lenses are dark, 0 or 1."""

TINTED = (*HAIR_COLOUR, *range(18, 30), CURLY, WAVY, DARK_LENSES)
"""Numbers of the palette that global latents may change: of hair, cloth, glasses, hats and light.
Age and irises are asked for where there is no map; skin, sex and beards, which we tried, were then
nearer to the heads of the styles and read less well off pictures."""


@dataclass(frozen=True)
class KindFields:
    """All that an anchor could be, for the patches asked for.

    Attributes:
        chances: [B, P, 16, 4] of the kinds; they sum to 1.
        places: [B, P, 16, 4, 3] metres, where the anchor lies if it is of that kind.
        colours: [B, P, 16, 4, 3] RGB.
    """

    chances: torch.Tensor
    places: torch.Tensor
    colours: torch.Tensor

    def of(
        self,
        kinds: torch.Tensor,  # [B, P, 16] numbers of KINDS
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Places and colours [B, P, 16, 3] of anchors of these kinds."""
        index = kinds[..., None, None].expand(*kinds.shape, 1, 3)
        return self.places.gather(3, index).squeeze(3), self.colours.gather(3, index).squeeze(3)


class PatchTable(nn.Module):
    """A linear map from a code to values of the anchors of some patches, kept in 8 bits.

    Each patch and each column has its own scale, so that rounding is far below what is seen.
    """

    patches: torch.Tensor
    values: torch.Tensor
    scale: torch.Tensor
    centre: torch.Tensor

    def __init__(self, patches: int, per_patch: int, channels: int, columns: int) -> None:
        super().__init__()
        self.register_buffer("patches", torch.zeros(patches, dtype=torch.int32))
        shape = (patches, per_patch, channels, columns)
        self.register_buffer("values", torch.zeros(shape, dtype=torch.int8))
        self.register_buffer("scale", torch.zeros(patches, 1, 1, columns))
        self.register_buffer("centre", torch.zeros(patches, per_patch, channels))

    def put(
        self,
        patches: torch.Tensor,  # [p] which
        centre: torch.Tensor,  # [p, 16, C]
        table: torch.Tensor,  # [p, 16, C, K]
    ) -> None:
        """Write it."""
        scale = table.abs().amax((1, 2), keepdim=True).clamp(min=1e-9) / 127
        self.patches.copy_(patches)
        self.centre.copy_(centre)
        self.scale.copy_(scale)
        self.values.copy_((table / scale).round().clamp(-127, 127))

    def forward(
        self,
        code: torch.Tensor,  # [B, K]
        rows: torch.Tensor | slice,  # [r] places in `patches`
    ) -> torch.Tensor:
        """Values [B, r, 16, C]."""
        values = self.values[rows].flatten(1, 2).float()  # [r, 16 C, K]
        # Scaling the code is less work than scaling the table.
        codes = code.float()[:, None] * self.scale[rows].flatten(1)  # [B, r, K]
        moved = torch.einsum("rck,brk->brc", values, codes)
        return self.centre[rows] + moved.unflatten(2, self.values.shape[1:3])

    def rows_of(
        self,
        wanted: torch.Tensor | None,  # [P] patches, None is all
        all_patches: int,
    ) -> tuple[torch.Tensor, torch.Tensor | slice]:
        """Where among the patches those are that are here, and in which rows they lie."""
        if wanted is None:
            return self.patches.long(), slice(None)  # no row needs copying
        where = torch.full((all_patches,), -1)
        where[self.patches.long()] = torch.arange(len(self.patches))
        rows = where[wanted]
        return rows >= 0, rows[rows >= 0]


class EditingBranch(nn.Module):
    """Latent and palette to KindFields, and what linear maps read of face map and style."""

    feature_mean: torch.Tensor
    feature_std: torch.Tensor

    def __init__(
        self,
        config: EditingBranchConfig,
        classes: int,
        style_width: int,
        patches: int,
        per: int,
        width: int,
    ) -> None:
        super().__init__()
        self.config = config
        self.shape = (patches, per)
        features = pooled_map_width(classes)
        self.register_buffer("feature_mean", torch.zeros(features))
        self.register_buffer("feature_std", torch.ones(features))
        self.latent = nn.Linear(features, config.latent + POSE)
        self.palette = nn.Linear(style_width, config.palette)
        self.places = nn.ModuleList(
            PatchTable(count, per, 3, config.latent) for count in config.patches
        )
        self.chances = nn.ModuleList(
            PatchTable(count, per, 1, config.latent) for count in config.patches[1:]
        )
        self.colours = nn.ModuleList(
            PatchTable(count, per, 3, len(columns))
            for count, columns in zip(config.patches, config.columns, strict=True)
        )
        self.requires_grad_(False)
        self.queries = nn.Parameter(torch.randn(config.queries, width) * 0.1)
        self.refine = nn.Linear(config.queries * width, config.latent)
        self.tints = nn.Parameter(torch.randn(config.tints, width) * 0.1)
        self.tint = nn.Linear(config.tints * width, len(TINTED))
        for layer in (self.refine, self.tint):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    @property
    def silent(self) -> bool:
        """Whether global latents change no geometry, as before any training."""
        return not bool(self.refine.weight.any())

    @property
    def tintless(self) -> bool:
        """Whether global latents change no palette, as before any training."""
        return not bool(self.tint.weight.any())

    def aspects(self) -> tuple[torch.Tensor, torch.Tensor]:
        """What of a style the numbers of TINTED may hang on.

        Returns:
            Masks [A, W] of 0 and 1, and which of them is each number's [T]. The refinement of a
            number sees nothing that its linear map does not look at: so a prompt about hair cannot
            change a hat.
        """
        looked_at = self.palette.weight[list(TINTED)] != 0
        masks, number = torch.unique(looked_at, dim=0, return_inverse=True)
        return masks.float(), number

    def refinement(
        self,
        latents: torch.Tensor,  # [B, queries, D] global latents after the decoder
    ) -> torch.Tensor:
        """What the global latents add to the latent of the geometry, [B, Z]."""
        return self.refine(latents.flatten(1))

    def read_map(
        self,
        pooled: torch.Tensor,  # [B, F]
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Latents [B, Z] and poses [B, 6]."""
        found = self.latent((pooled.float() - self.feature_mean) / self.feature_std)
        latent, pose = found.split([self.config.latent, POSE], dim=1)
        return latent, pose

    def forward(
        self,
        latent: torch.Tensor,  # [B, Z]
        palette: torch.Tensor,  # [B, 40]
        patches: torch.Tensor | None = None,  # [P], None is all
    ) -> KindFields:
        """All that the anchors of these patches could be."""
        places = self._spread(self.places, [latent] * len(KINDS), patches, 3)
        codes = [palette[:, list(columns)] for columns in self.config.columns]
        colours = self._spread(self.colours, codes, patches, 3).clamp(0, 1)
        rare = self._spread(self.chances, [latent] * (len(KINDS) - 1), patches, 1)[..., 0]
        rare = rare.clamp(0, 1)
        rare = rare / rare.sum(-1, keepdim=True).clamp(min=1)
        chances = torch.cat([1 - rare.sum(-1, keepdim=True), rare], dim=-1)
        return KindFields(chances, places, colours)

    def _spread(
        self,
        tables: nn.ModuleList,
        codes: list[torch.Tensor],
        wanted: torch.Tensor | None,  # [P], None is all
        channels: int,
    ) -> torch.Tensor:
        """Values [B, P, 16, kinds, C]; of patches that are never of a kind, the first kind's."""
        count = self.shape[0] if wanted is None else len(wanted)
        columns: list[torch.Tensor] = []
        for table, code in zip(tables, codes, strict=True):
            if channels > 1 and columns:
                column = columns[0].clone()
            else:
                column = torch.zeros(len(code), count, self.shape[1], channels)
            assert isinstance(table, PatchTable)
            there, rows = table.rows_of(wanted, self.shape[0])
            column[:, there] = table(code, rows)
            columns.append(column)
        return torch.stack(columns, dim=3)
