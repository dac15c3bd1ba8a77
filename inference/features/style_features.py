"""What the style tower sees of a picture: pooled features of the frozen ViT-S/14, and colours.

Nothing here is trained. What is not foreground counts as zero, whatever it shows: callers paint
the background in BACKDROP, and patches that show nothing else are left out.
"""

from dataclasses import dataclass

import torch
from torch.nn import functional

from inference.features.protocol import ImageBackbone

BACKDROP = 0.5
"""RGB value of what is not foreground (our choice: mid-grey)."""

EDGE = 224
"""Pixels of the picture that the backbone reads (our choice: 16 x 16 patches)."""

LAYERS = (3, 5, 7, 9)
"""0-based blocks of the backbone; the later ones have drifted to saliency."""

CELL_LAYERS = (5, 7)
"""Those that are pooled in the cells of a grid too."""

CELLS = 4
"""Cells along an edge."""

_NEARLY = 1.6 / 255
_COVERED = 0.3  # share of a patch's pixels that must be foreground


@dataclass(frozen=True)
class StyleFeatures:
    """Pooled features of a batch of pictures.

    Attributes:
        overall: [B, 2 * 4 * C] class token and foreground mean of each layer.
        cells: [B, 16, 2 * C + 1] per cell the foreground means and the share of foreground.
        colours: [B, 16, 16, 4] per patch mean RGB minus BACKDROP, and coverage 0..1.
    """

    overall: torch.Tensor
    cells: torch.Tensor
    colours: torch.Tensor


def on_backdrop(
    images: torch.Tensor,  # [B, 3, H, W] RGB 0..1
    alpha: torch.Tensor,  # [B, H, W] 0..1
) -> torch.Tensor:
    """The pictures [B, 3, H, W] with their background painted over."""
    share = alpha[:, None].to(images.dtype)
    return images * share + BACKDROP * (1 - share)


@torch.no_grad()
def style_features(
    backbone: ImageBackbone,
    images: torch.Tensor,  # [B, 3, H, W] RGB 0..1, background in BACKDROP
) -> StyleFeatures:
    """Run the backbone and pool."""
    patch = backbone.patch_size
    covered = ((images - BACKDROP).abs().amax(1, keepdim=True) > _NEARLY).float()
    size = (EDGE, EDGE)
    pictures = functional.interpolate(images, size, mode="bilinear", antialias=True).clamp(0, 1)
    covered = functional.interpolate(covered, size, mode="bilinear", antialias=True)
    coverage = functional.avg_pool2d(covered, patch)  # [B, 1, g, g]
    mask = (coverage >= _COVERED).float()
    nothing = mask.flatten(1).sum(1) == 0
    mask[nothing] = 1.0
    layers = [layer.float() for layer in backbone(pictures, LAYERS)]
    flat = mask.flatten(2).transpose(1, 2)  # [B, P, 1]
    count = flat.sum(1)
    overall = [layer[:, 0] for layer in layers]
    overall += [(layer[:, 1:] * flat).sum(1) / count for layer in layers]
    chosen = [layers[LAYERS.index(number)][:, 1:] * flat for number in CELL_LAYERS]
    as_map = torch.cat([*chosen, flat], dim=-1).transpose(1, 2).unflatten(2, mask.shape[-2:])
    cells = functional.adaptive_avg_pool2d(as_map, CELLS).flatten(2).transpose(1, 2)
    share = cells[..., -1:]
    cells = torch.cat([cells[..., :-1] / share.clamp(min=1e-6), share], dim=-1)
    colours = functional.avg_pool2d((pictures - BACKDROP) * covered, patch)
    colours = torch.cat([colours / coverage.clamp(min=1e-3), coverage], dim=1) * mask
    return StyleFeatures(torch.cat(overall, dim=1), cells, colours.permute(0, 2, 3, 1))
