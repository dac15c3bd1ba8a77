"""The shape of the embedded parser."""

from dataclasses import asdict, dataclass
from typing import Any

from inference.parsing.face_hints import COUNT as HINTS


@dataclass(frozen=True)
class ParserConfig:
    """What the network is built from; every value is our choice.

    Attributes:
        layers: 0-based blocks of the frozen ViT-S/14 that are read.
        feature_width: of one block's tokens.
        patch_size: edge of a token in pixels.
        backbone_size: edge of the picture that the ViT sees, a multiple of patch_size.
        size: edge of the picture that the fine branch sees, a multiple of 4.
        hints: number of outlines from landmarks.
        token_width: of the tokens once they are projected.
        widths: channels of the fine branch at full, half and quarter resolution.
        fused: channels where tokens and fine branch meet.
        joined: channels on the way up at half and at full resolution.
    """

    name: str = "parser"
    layers: tuple[int, ...] = (3, 6, 9)
    feature_width: int = 384
    patch_size: int = 14
    backbone_size: int = 392
    size: int = 256
    hints: int = HINTS
    token_width: int = 160
    widths: tuple[int, int, int] = (12, 24, 48)
    fused: int = 96
    joined: tuple[int, int] = (32, 16)

    @property
    def grid(self) -> int:
        """Tokens along an edge."""
        return self.backbone_size // self.patch_size

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for a file's metadata."""
        return asdict(self)
