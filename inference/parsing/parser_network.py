"""The embedded parser's network: frozen tokens say what, a small fine branch says where exactly."""

import torch
from torch import nn
from torch.nn import functional

from inference.face_map.labels import COUNT
from inference.parsing.parser_config import ParserConfig


def _conv(before: int, after: int, kernel: int = 3, stride: int = 1) -> nn.Sequential:
    """A convolution and its ReLU; no normalisation, since windows are trained on."""
    return nn.Sequential(nn.Conv2d(before, after, kernel, stride, kernel // 2), nn.ReLU())


class TokenBranch(nn.Module):
    """Frozen features of several layers to one grid of tokens that know their neighbours."""

    def __init__(self, config: ParserConfig) -> None:
        super().__init__()
        width = config.token_width
        self.project = nn.Linear(len(config.layers) * config.feature_width, width)
        self.around = nn.Conv2d(width, width, 3, padding=1, groups=width)
        self.mix = nn.Conv2d(width, width, 1)

    def forward(
        self,
        tokens: torch.Tensor,  # [B, G, G, layers * width]
    ) -> torch.Tensor:
        """[B, token_width, G, G]."""
        grid = self.project(tokens).permute(0, 3, 1, 2)
        mixed: torch.Tensor = grid + self.mix(functional.relu(self.around(grid)))
        return mixed


class ParserNetwork(nn.Module):
    """Scores of the 19 classes from tokens and picture.

    A U-Net (Ronneberger et al. 2015, https://arxiv.org/abs/1505.04597) whose deepest level reads
    the tokens.
    """

    def __init__(self, config: ParserConfig) -> None:
        super().__init__()
        self.config = config
        full, half, quarter = config.widths
        up_half, up_full = config.joined
        self.tokens = TokenBranch(config)
        self.at_full = nn.Sequential(_conv(4 + config.hints, full), _conv(full, full))
        self.at_half = nn.Sequential(_conv(full, half, stride=2), _conv(half, half))
        self.at_quarter = nn.Sequential(_conv(half, quarter, stride=2), _conv(quarter, quarter))
        self.fuse = nn.Sequential(
            _conv(quarter + config.token_width, config.fused, 1),
            _conv(config.fused, config.fused),
            _conv(config.fused, 2 * up_half),
        )
        self.join_half = _conv(2 * up_half + half, up_half)
        self.narrow = nn.Conv2d(up_half, up_full, 1)
        self.join_full = _conv(up_full + full, up_full)
        self.classify = nn.Conv2d(up_full, COUNT, 1)

    def forward(
        self,
        tokens: torch.Tensor,  # [B, G, G, layers * width]
        fine: torch.Tensor,  # [B, 4 + hints, S, S] from fine_input, or windows of it
    ) -> torch.Tensor:
        """Logits [B, 19, S, S]."""
        full = self.at_full(fine)
        half = self.at_half(full)
        quarter = self.at_quarter(half)
        grid = _to_size(self.tokens(tokens), quarter)
        joined = self.fuse(torch.cat([grid, quarter], 1))
        joined = self.join_half(torch.cat([_to_size(joined, half), half], 1))
        joined = self.join_full(torch.cat([_to_size(self.narrow(joined), full), full], 1))
        logits: torch.Tensor = self.classify(joined)
        return logits


def without_exposure(
    picture: torch.Tensor,  # [B, 3, S, S] RGB 0..1
) -> torch.Tensor:
    """The pictures with each one's mean and contrast taken out."""
    mean = picture.mean((1, 2, 3), keepdim=True)
    spread = picture.std((1, 2, 3), keepdim=True, correction=0) + 0.05
    return (picture - mean) / spread


def fine_input(
    picture: torch.Tensor,  # [B, 3, S, S] from without_exposure
    alpha: torch.Tensor,  # [B, 1, S, S] 0..1
    hints: torch.Tensor,  # [B, H, S, S] 0..1
) -> torch.Tensor:
    """What the fine branch sees [B, 4 + H, S, S]."""
    return torch.cat([picture, 2 * alpha - 1, hints], 1)


def _to_size(grid: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    return functional.interpolate(grid, like.shape[-2:], mode="bilinear")
