"""The image backbone that a preset reads: the shipped one, or a published one of the catalogue."""

import torch

from inference.catalogue.locate import published_folder
from inference.catalogue.store import ModelStore
from inference.features.dinov2 import load_dinov2
from inference.features.embedded import load_embedded_backbone
from inference.features.vit import VisionTransformer

EMBEDDED = "focus-small"
"""What checkpoints call the shipped ViT-S/14."""


def load_backbone(
    name: str, device: torch.device | str = "cpu", store: ModelStore | None = None
) -> VisionTransformer:
    """Load the backbone of that name, ready to run; nothing is fetched.

    Args:
        name: as BackboneConfig and the catalogue call it, for example "dinov2-giant".
        device: where it shall run: in float32, on CUDA in bfloat16.
        store: where to look for published ones; the user's.

    Raises:
        UsageError: there is no such network.
        InvalidModelError: it is not on this computer, or damaged.
    """
    if name == EMBEDDED:
        return load_embedded_backbone(device)
    cuda = torch.device(device).type == "cuda"
    return load_dinov2(
        published_folder(name, store), device, torch.bfloat16 if cuda else torch.float32
    )
