"""What the embedded parser reads of a portrait."""

from dataclasses import dataclass

import cv2
import numpy as np
import torch

from inference.face_map.labels import ByteArray
from inference.features.protocol import ImageBackbone
from inference.head.gaussians import FloatArray
from inference.parsing.face_hints import face_hints
from inference.parsing.parser_config import ParserConfig
from inference.portrait.types import PreparedPortrait


@dataclass(frozen=True)
class ParserPicture:
    """A portrait at the size of the parser's fine branch.

    Attributes:
        picture: [S, S, 3] RGB 0..255.
        alpha: [S, S] foreground 0..255.
        hints: [H, S, S] outlines from the landmarks, 0..255 (see face_hints).
    """

    picture: ByteArray
    alpha: ByteArray
    hints: ByteArray


def parser_picture(portrait: PreparedPortrait, config: ParserConfig) -> ParserPicture:
    """Scale a portrait down to what the fine branch sees."""
    size = config.size
    return ParserPicture(
        _to_bytes(resized(portrait.image, size)),
        _to_bytes(resized(portrait.alpha, size)),
        face_hints(portrait.landmarks, portrait.size, size),
    )


def token_features(
    backbone: ImageBackbone, portrait: PreparedPortrait, config: ParserConfig
) -> torch.Tensor:
    """The frozen features of a portrait [1, grid * grid, layers * width]."""
    picture = resized(portrait.image, config.backbone_size)
    pixels = torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1)))[None]
    found = backbone(pixels.clamp(0, 1), config.layers)
    return torch.cat([layer[:, 1:] for layer in found], dim=-1)


def as_tensors(
    pictures: list[ParserPicture],
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Pictures [B, 3, S, S], alphas [B, 1, S, S] and hints [B, H, S, S], 0..1."""
    picture = torch.from_numpy(np.stack([x.picture for x in pictures])).permute(0, 3, 1, 2)
    alpha = torch.from_numpy(np.stack([x.alpha for x in pictures]))[:, None]
    hints = torch.from_numpy(np.stack([x.hints for x in pictures]))
    return picture.float() / 255, alpha.float() / 255, hints.float() / 255


def resized(image: FloatArray, size: int) -> FloatArray:
    """A square picture [S, S, ...] at another size, without aliasing."""
    method = cv2.INTER_AREA if image.shape[0] > size else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, (size, size), interpolation=method), np.float32)


def _to_bytes(values: FloatArray) -> ByteArray:
    return (values.clip(0, 1) * 255 + 0.5).astype(np.uint8)
