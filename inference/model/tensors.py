"""The tensors that pass between the parts of the model."""

from dataclasses import dataclass

import torch

from inference.head.gaussians import Gaussians
from inference.model.picture_maps import PictureMaps


@dataclass(frozen=True)
class ImageTokens:
    """What the decoder may look at: the foreground patches of a batch of pictures.

    Attributes:
        tokens: [B, T, D] fused 2D latents; T is the largest number of foreground patches.
        keep: [B, T] bool, false where a picture has fewer; None where every one counts.
        pooled: [B, F] features pooled over the foreground for the low-rank branch, or None.
        maps: the pictures as layers, for the look back at them, or None.
    """

    tokens: torch.Tensor
    keep: torch.Tensor | None
    pooled: torch.Tensor | None = None
    maps: PictureMaps | None = None


@dataclass(frozen=True)
class GaussianTensors:
    """Activated Gaussians of a batch of heads; the meaning of `Gaussians`, in torch.

    Attributes:
        means: [B, N, 3] metres.
        quaternions: [B, N, 4] wxyz, unit.
        scales: [B, N, 3] metres.
        opacities: [B, N] 0..1.
        colours: [B, N, 3] 0..1.
        covered: [B, N] 0..1, how far each was drawn from its own place to what hides it (hair,
            glasses, a hat); None where the model does not tell.
    """

    means: torch.Tensor
    quaternions: torch.Tensor
    scales: torch.Tensor
    opacities: torch.Tensor
    colours: torch.Tensor
    covered: torch.Tensor | None = None

    def to_gaussians(self, index: int) -> Gaussians:
        """Head `index` of the batch as the container that other parts read."""
        arrays = (
            tensor[index].detach().float().cpu().numpy()
            for tensor in (
                self.means,
                self.quaternions,
                self.scales,
                self.opacities,
                self.colours,
            )
        )
        return Gaussians(*arrays)
