"""SHP-CNN: sharpens rendered pictures (section 3.1, second version of the paper)."""

import torch
from torch import nn
from torch.nn import functional

from inference.model.config import SharpeningConfig


def gaussian_blur(
    images: torch.Tensor,  # [B, C, H, W]
    sigma: float,
    reach: float = 3.0,
) -> torch.Tensor:
    """Gaussian blur with edge replication, kernel radius `reach` sigmas; [B, C, H, W].

    A sum of shifted pictures: four times as quick on a CPU as a convolution by channel.
    """
    radius = max(1, round(reach * sigma))
    x = torch.arange(-radius, radius + 1, dtype=torch.float64)
    kernel = torch.exp(-(x**2) / (2 * sigma**2))
    weights: list[float] = (kernel / kernel.sum()).tolist()
    height, width = images.shape[-2:]
    padded = functional.pad(images, (radius,) * 4, mode="replicate")
    rows = padded[..., :width] * weights[0]
    for shift, weight in enumerate(weights[1:], start=1):
        rows = rows.add(padded[..., shift : shift + width], alpha=weight)
    blurred = rows[..., :height, :] * weights[0]
    for shift, weight in enumerate(weights[1:], start=1):
        blurred = blurred.add(rows[..., shift : shift + height, :], alpha=weight)
    return blurred


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
        area = config.fold**2
        widths = [config.width * 2**level for level in range(config.levels)]
        self.down = nn.ModuleList(
            _Stage(channels_in, width)
            for channels_in, width in zip([6 * area, *widths[:-1]], widths, strict=True)
        )
        self.up = nn.ModuleList(
            _Stage(deep + width, width)
            for deep, width in zip(widths[:0:-1], widths[-2::-1], strict=True)
        )
        self.out = nn.Conv2d(widths[0] + 6 * area, 3 * area, 1, bias=False)
        nn.init.zeros_(self.out.weight)
        with torch.no_grad():
            for channel in range(3 * area):
                self.out.weight[channel, widths[0] + 3 * area + channel] = -1.0

    def forward(
        self,
        images: torch.Tensor,  # [B, 3, H, W] RGB 0..1
    ) -> torch.Tensor:
        """Sharpened pictures [B, 3, H, W]; not clipped."""
        height, width = images.shape[-2:]
        step = self.config.step
        if height % step or width % step:  # so that every level halves evenly
            beyond = (0, -width % step, 0, -height % step)
            images = functional.pad(images, beyond, mode="replicate")
        blurred = gaussian_blur(images, self.config.blur_sigma)
        entry = torch.cat([blurred, images - blurred], dim=1)
        entry = functional.pixel_unshuffle(entry, self.config.fold)
        x = entry
        skips: list[torch.Tensor] = []
        for level, stage in enumerate(self.down):
            x = stage(functional.avg_pool2d(x, 2) if level else x)
            skips.append(x)
        skips.pop()
        for stage in self.up:
            x = functional.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
            x = stage(torch.cat([x, skips.pop()], dim=1))
        residual = self.out(torch.cat([x, entry], dim=1))
        sharpened = blurred - functional.pixel_shuffle(residual, self.config.fold)
        return sharpened[..., :height, :width]
