"""The style space that ships with PercHead: what CLIP is to the paper, for heads alone.

Two small towers, trained contrastively on synthetic heads and what is said of them, stand on
frozen networks: the ViT-S/14 for pictures, all-MiniLM-L6-v2 for words.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from inference.errors import UsageError
from inference.features.embedded import load_embedded_backbone
from inference.features.implied_style import ImpliedStyle
from inference.features.phrases import names_its_subject, phrases_of
from inference.features.protocol import ImageBackbone
from inference.features.sentence import WIDTH as SENTENCE_WIDTH
from inference.features.sentence import SentenceNetwork
from inference.features.style_blocks import BLOCKS, WIDTH, joined
from inference.features.style_features import CELLS, LAYERS, StyleFeatures, style_features
from inference.files import resource_path
from inference.head.gaussians import FloatArray
from inference.model.checkpoint import load_checkpoint

EMBEDDED_STYLE = "models/style_space.safetensors"
NAME = "embedded-style"
_COLOUR_CELLS = 8


@dataclass(frozen=True)
class StyleSpaceConfig:
    """Sizes of both towers; every value is our choice.

    Attributes:
        name: of the network.
        backbone_width: of one layer's features.
        overall: channels that whole-picture features are brought to.
        cell: channels of one cell.
        hidden: of the image tower.
        text_hidden: of the text tower.
        width: of a style vector.
        dropout: in the image tower's training.
    """

    name: str = NAME
    backbone_width: int = 384
    overall: int = 128
    cell: int = 24
    hidden: int = 384
    text_hidden: int = 320
    width: int = WIDTH
    dropout: float = 0.3

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for the checkpoint's metadata."""
        return asdict(self)


def unit_blocks(
    raw: torch.Tensor,  # [B, 128]
    sure: torch.Tensor | None = None,  # [B, 10] 0..1
) -> torch.Tensor:
    """Give every block its weight as length, times how sure it is: [B, 128]."""
    parts = []
    for number, block in enumerate(BLOCKS):
        part = functional.normalize(raw[:, block.where], dim=-1) * block.weight
        parts.append(part if sure is None else part * sure[:, number : number + 1])
    return torch.cat(parts, dim=1)


class ImageTower(nn.Module):
    """Pooled features to a style vector that says something about every aspect."""

    overall_mean: torch.Tensor
    overall_std: torch.Tensor
    cell_mean: torch.Tensor
    cell_std: torch.Tensor

    def __init__(self, config: StyleSpaceConfig) -> None:
        super().__init__()
        overall, cell = 2 * len(LAYERS) * config.backbone_width, 2 * config.backbone_width + 1
        for name, width in (("overall", overall), ("cell", cell)):
            self.register_buffer(f"{name}_mean", torch.zeros(width))
            self.register_buffer(f"{name}_std", torch.ones(width))
        self.overall = nn.Linear(overall, config.overall)
        self.cell = nn.Linear(cell, config.cell)
        joined = config.overall + CELLS**2 * config.cell + 4 * _COLOUR_CELLS**2
        self.mix = nn.Sequential(
            nn.LayerNorm(joined),
            nn.Dropout(config.dropout),
            nn.Linear(joined, config.hidden),
            nn.GELU(),
            nn.Dropout(config.dropout),
            nn.Linear(config.hidden, config.hidden),
            nn.GELU(),
            nn.Linear(config.hidden, config.width),
        )

    def forward(self, features: StyleFeatures) -> torch.Tensor:
        """Style vectors [B, 128] of unit length."""
        overall = self.overall((features.overall - self.overall_mean) / self.overall_std)
        cells = self.cell((features.cells - self.cell_mean) / self.cell_std)
        colours = functional.adaptive_avg_pool2d(
            features.colours.permute(0, 3, 1, 2), _COLOUR_CELLS
        )
        joined = torch.cat([overall, cells.flatten(1), 3 * colours.flatten(1)], dim=1)
        return unit_blocks(self.mix(joined))


class TextTower(nn.Module):
    """A sentence's vector to a style vector; the blocks of what it does not name are short."""

    def __init__(self, config: StyleSpaceConfig) -> None:
        super().__init__()
        self.mix = nn.Sequential(
            nn.Linear(SENTENCE_WIDTH, config.text_hidden),
            nn.GELU(),
            nn.Dropout(0.1),
            nn.Linear(config.text_hidden, config.text_hidden),
            nn.GELU(),
            nn.Linear(config.text_hidden, config.width + len(BLOCKS)),
        )

    def forward(
        self,
        sentences: torch.Tensor,  # [B, 384] L2-normalised
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Directions of all blocks [B, 128], and logits [B, 10] of whether each is named."""
        found = self.mix(20 * sentences)
        raw, named = found.split([WIDTH, len(BLOCKS)], dim=1)
        return raw, named

    def embed(
        self,
        sentences: torch.Tensor,  # [B, 384] L2-normalised
    ) -> torch.Tensor:
        """Style vectors [B, 128] of unit length."""
        raw, named = self.forward(sentences)
        return functional.normalize(unit_blocks(raw, torch.sigmoid(named)), dim=-1)


class StyleSpace(nn.Module):
    """Both towers."""

    def __init__(self, config: StyleSpaceConfig | None = None) -> None:
        super().__init__()
        self.config = config or StyleSpaceConfig()
        self.image = ImageTower(self.config)
        self.text = TextTower(self.config)


class EmbeddedStyle:
    """The embedded style space as a StyleEncoder."""

    name = NAME
    width = WIDTH

    def __init__(
        self, space: StyleSpace, backbone: ImageBackbone, device: torch.device | str = "cpu"
    ) -> None:
        self._space, self._backbone, self._device = space.eval(), backbone, device
        self._sentences: SentenceNetwork | None = None
        self._implied: ImpliedStyle | None = None

    @torch.no_grad()
    def embed_images(
        self,
        images: torch.Tensor,  # [B, 3, H, W] RGB 0..1, background in BACKDROP
    ) -> torch.Tensor:
        """Style vectors [B, 128]."""
        found: torch.Tensor = self._space.image(style_features(self._backbone, images))
        return found

    @torch.no_grad()
    def embed_texts(self, texts: Sequence[str]) -> torch.Tensor:
        """Style vectors [T, 128], with what goes without saying.

        Raises:
            UsageError: a text has no letter in it.
        """
        if not all(any(c.isalpha() for c in text) for text in texts):
            raise UsageError("Write what the head shall look like, for example: grey curly hair.")
        rows = [self.implied.completed(vector) for vector in self._said(texts)]
        return torch.from_numpy(np.stack(rows)).to(self._device)

    @property
    def implied(self) -> ImpliedStyle:
        """Knows what goes without saying."""
        if self._implied is None:
            self._implied = ImpliedStyle(self._said)
        return self._implied

    def _said(self, texts: Sequence[str]) -> FloatArray:
        """[T, 128] of what texts say and nothing else."""
        if self._sentences is None:
            self._sentences = SentenceNetwork()
        return np.stack([self._embed_text(self._sentences, text) for text in texts])

    def _embed_text(self, network: SentenceNetwork, text: str) -> FloatArray:
        """A text whose phrases count on their own for what they name.

        Training heads with blond hair have light skin; read as one, "blond hair and very dark
        skin" would drift to what goes together.
        """
        phrases = [part for part in phrases_of(text) if any(c.isalpha() for c in part)]
        sentences = torch.from_numpy(network.embed([text, *phrases])).to(self._device)
        whole, *parts = self._space.text.embed(sentences).cpu().numpy()
        if len(parts) < 2:
            return np.asarray(whole)
        return joined(whole, parts, [names_its_subject(phrase) for phrase in phrases])


def load_embedded_style(
    backbone: ImageBackbone | None = None,
    device: torch.device | str = "cpu",
    path: Path | None = None,
) -> EmbeddedStyle:
    """Read both towers.

    Args:
        backbone: the shipped ViT-S/14, where it is in memory already.
        device: where it shall run.
        path: the weights; None for those that ship.

    Raises:
        InvalidModelError: a file is missing or damaged.
    """
    space = StyleSpace()
    load_checkpoint(path or resource_path(EMBEDDED_STYLE), space, space.config)
    space = space.to(device).eval().requires_grad_(False)
    return EmbeddedStyle(space, backbone or load_embedded_backbone(device), device)
