"""From a prepared portrait to the network's head."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

from inference.features.vit import VisionTransformer
from inference.head.gaussians import NUM_PATCHES, FloatArray, Gaussians, joined
from inference.model.reconstruction import ReconstructionModel
from inference.model.tensors import ImageTokens
from inference.portrait.types import PreparedPortrait
from inference.progress import CancelToken, Progress, no_progress

CHUNK_PATCHES = 512
"""How many patches are decoded between two looks at the cancel token; patches do not see
each other, so chunks change nothing."""

READING, SHAPING = "Reading the portrait", "Shaping the head"


@dataclass(frozen=True)
class DecodedHead:
    """What the network says of a portrait.

    Attributes:
        gaussians: the head.
        covered: [N] 0..1, how far each anchor was put on what hides it (hair, glasses, a hat);
            None where the model does not tell.
    """

    gaussians: Gaussians
    covered: FloatArray | None


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
    """Run the network once; raises as its two halves do, encode_portrait and decode_head."""
    cancel = cancel or CancelToken()
    tokens = encode_portrait(model, portrait, progress, cancel)
    return decode_head(model, tokens, layers, progress, cancel).gaussians


def encode_portrait(
    model: ReconstructionModel,
    portrait: PreparedPortrait,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> ImageTokens:
    """The 2D side: what the model sees in a portrait.

    Args:
        model: the reconstruction model.
        portrait: the head crop.
        progress: called with the stage and its fraction.
        cancel: looked at before each block of the frozen network, which on a processor may take
            a minute in all.

    Raises:
        Cancelled: the token was set.
    """
    cancel = cancel or CancelToken()
    cancel.check()
    progress(READING, 0.0)
    images, foreground = network_input(portrait, model.config.image_size)
    device = next(model.parameters()).device
    with torch.inference_mode(), _watched(model, progress, cancel):
        return model.encode(images.to(device), foreground.to(device))


def decode_head(
    model: ReconstructionModel,
    tokens: ImageTokens,
    layers: int | None = None,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> DecodedHead:
    """The 3D side: a head from what was seen in one portrait.

    Args:
        model: the reconstruction model.
        tokens: of the portrait.
        layers: the decoder's state after this many layers (appendix G); None is all.
        progress: called with the stage and its fraction.
        cancel: looked at between chunks of patches.

    Raises:
        Cancelled: the token was set.
    """
    cancel = cancel or CancelToken()
    chunks, covers = [], []
    with torch.inference_mode():
        found = model.look(tokens, layers)
        for start in range(0, NUM_PATCHES, CHUNK_PATCHES):
            cancel.check()
            progress(SHAPING, start / NUM_PATCHES)
            index = torch.arange(start, start + CHUNK_PATCHES, device=tokens.tokens.device)
            decoded = model.decode(tokens, patch_index=index, layers=layers, found=found)
            chunks.append(decoded.to_gaussians(0))
            if decoded.covered is not None:
                covers.append(decoded.covered[0].float().cpu().numpy())
    progress(SHAPING, 1.0)
    return DecodedHead(joined(chunks), np.concatenate(covers) if covers else None)


@contextmanager
def _watched(model: ReconstructionModel, progress: Progress, cancel: CancelToken) -> Iterator[None]:
    """While this lasts, each block of the frozen network first reports and looks at the token."""
    backbone = model.encoder.backbone
    blocks = list(backbone.blocks) if isinstance(backbone, VisionTransformer) else []

    def before(number: int) -> None:
        cancel.check()
        progress(READING, number / len(blocks))

    with ExitStack() as hooks:
        for number, block in enumerate(blocks):
            hook = block.register_forward_pre_hook(lambda *_, number=number: before(number))
            hooks.callback(hook.remove)
        yield
