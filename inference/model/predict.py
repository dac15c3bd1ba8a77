"""From a prepared portrait to the network's head."""

import numpy as np
import torch
from torch.nn import functional

from inference.head.gaussians import NUM_PATCHES, Gaussians
from inference.model.reconstruction import ReconstructionModel
from inference.portrait.types import PreparedPortrait
from inference.progress import CancelToken, Progress, no_progress

CHUNK_PATCHES = 512
"""How many patches are decoded between two looks at the cancel token; patches do not see
each other, so chunks change nothing."""


def network_input(portrait: PreparedPortrait, size: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The portrait as the encoder takes it.

    Args:
        portrait: the head crop.
        size: edge in pixels that the model was trained on.

    Returns:
        images [1, 3, size, size] RGB 0..1 and foreground [1, size, size] 0..1.
    """
    image = torch.from_numpy(np.ascontiguousarray(portrait.image)).permute(2, 0, 1)[None]
    alpha = torch.from_numpy(np.ascontiguousarray(portrait.alpha))[None, None]
    image = functional.interpolate(image, (size, size), mode="bilinear", antialias=True)
    alpha = functional.interpolate(alpha, (size, size), mode="bilinear", antialias=True)
    return image.clamp(0, 1), alpha[:, 0].clamp(0, 1)


def predict_head(
    model: ReconstructionModel,
    portrait: PreparedPortrait,
    layers: int | None = None,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> Gaussians:
    """Run the network once.

    Args:
        model: the reconstruction model.
        portrait: the head crop.
        layers: the decoder's state after this many layers (appendix G); None is all.
        progress: called with the stage and its fraction.
        cancel: checked between blocks of the backbone and chunks of patches.

    Raises:
        Cancelled: the token was set.
    """
    cancel = cancel or CancelToken()
    progress("Reading the portrait", 0.0)
    images, foreground = network_input(portrait, model.config.image_size)
    chunks = []
    with torch.inference_mode():
        cancel.check()
        tokens = model.encode(images, foreground)
        for start in range(0, NUM_PATCHES, CHUNK_PATCHES):
            cancel.check()
            progress("Shaping the head", start / NUM_PATCHES)
            index = torch.arange(start, start + CHUNK_PATCHES)
            chunks.append(model.decode(tokens, patch_index=index, layers=layers).to_gaussians(0))
    progress("Shaping the head", 1.0)
    names = ("means", "quaternions", "scales", "opacities", "colours")
    return Gaussians(
        *(np.concatenate([getattr(chunk, name) for chunk in chunks]) for name in names)
    )
