"""SHP-CNN: sharpens rendered pictures (section 3.1, second version of the paper)."""

import torch
from torch import nn
from torch.nn import functional

from inference.model.config import SharpeningConfig


def gaussian_blur(
    images: torch.Tensor,  # [B, C, H, W]
    sigma: float,
) -> torch.Tensor:
    """Gaussian blur with edge replication, kernel radius 3 sigma; [B, C, H, W]."""
    radius = max(1, round(3 * sigma))
    x = torch.arange(-radius, radius + 1, device=images.device, dtype=images.dtype)
    kernel = torch.exp(-(x**2) / (2 * sigma**2))
    kernel = kernel / kernel.sum()
    channels = images.shape[1]
    row = kernel.view(1, 1, 1, -1).expand(channels, 1, 1, -1)
    column = kernel.view(1, 1, -1, 1).expand(channels, 1, -1, 1)
    padded = functional.pad(images, (radius,) * 4, mode="replicate")
    blurred = functional.conv2d(padded, row, groups=channels)
    return functional.conv2d(blurred, column, groups=channels)


class _Stage(nn.Module):
    """Two 3x3 convolutions with a skip connection."""

    def __init__(self, channels_in: int, channels: int) -> None:
        super().__init__()
        self.enter = nn.Conv2d(channels_in, channels, 3, padding=1)
        self.refine = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = functional.gelu(self.enter(x))
        return x + functional.gelu(self.refine(x))


class Sharpening(nn.Module):
    """Blurred picture and high frequencies in; the blurred picture minus a learned residual out.

    An encoder-decoder whose levels are joined by skip connections, the input included. It
    starts as the identity: the last layer's weights give back the high frequencies.
    """

    def __init__(self, config: SharpeningConfig) -> None:
        super().__init__()
        self.config = config
        widths = [config.width * 2**level for level in range(config.levels)]
        self.down = nn.ModuleList(
            _Stage(channels_in, width)
            for channels_in, width in zip([6, *widths[:-1]], widths, strict=True)
        )
        self.up = nn.ModuleList(
            _Stage(deep + width, width)
            for deep, width in zip(widths[:0:-1], widths[-2::-1], strict=True)
        )
        self.out = nn.Conv2d(widths[0] + 6, 3, 1, bias=False)
        nn.init.zeros_(self.out.weight)
        with torch.no_grad():
            for channel in range(3):
                self.out.weight[channel, widths[0] + 3 + channel] = -1.0

    def forward(
        self,
        images: torch.Tensor,  # [B, 3, H, W] RGB 0..1
    ) -> torch.Tensor:
        """Sharpened pictures [B, 3, H, W]; not clipped."""
        blurred = gaussian_blur(images, self.config.blur_sigma)
        entry = torch.cat([blurred, images - blurred], dim=1)
        x = entry
        skips: list[torch.Tensor] = []
        for level, stage in enumerate(self.down):
            x = stage(functional.avg_pool2d(x, 2, ceil_mode=True) if level else x)
            skips.append(x)
        skips.pop()
        for stage in self.up:
            skip = skips.pop()
            x = functional.interpolate(
                x, size=skip.shape[-2:], mode="bilinear", align_corners=False
            )
            x = stage(torch.cat([x, skip], dim=1))
        return blurred - self.out(torch.cat([x, entry], dim=1))
