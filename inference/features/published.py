"""The published networks that a preset reads: the shipped ones, or those of the catalogue."""

from pathlib import Path

import torch

from inference.catalogue.locate import published_file, published_folder
from inference.catalogue.store import ModelStore
from inference.device import CPU, Device
from inference.errors import UsageError
from inference.features.dinov2 import load_dinov2
from inference.features.embedded import load_embedded_backbone
from inference.features.style import StyleEncoder
from inference.features.vit import VisionTransformer

EMBEDDED = "focus-small"
"""What checkpoints call the shipped ViT-S/14."""

CLIPS = ("clip-vit-l-14", "clip-vit-b-32")
"""The style networks of the catalogue, as checkpoints of editing models call them too."""


def load_backbone(
    name: str,
    device: Device = CPU,
    store: ModelStore | None = None,
    source: Path | None = None,
) -> VisionTransformer:
    """Load the backbone of that name, ready to run; nothing is fetched.

    Args:
        name: as BackboneConfig and the catalogue call it, for example "dinov2-giant".
        device: where and in which precision it shall run.
        store: where to look for published ones; the user's.
        source: the file or folder of a published one, instead.

    Raises:
        UsageError: there is no such network.
        InvalidModelError: it is not on this computer, or damaged.
    """
    if name == EMBEDDED:
        return load_embedded_backbone(device.name)
    return load_dinov2(
        source or published_folder(name, store),
        device.name,
        getattr(torch, device.precision),
        device.streamed,
    )


def load_clip_style(
    name: str, device: Device = CPU, store: ModelStore | None = None
) -> StyleEncoder:
    """Load the CLIP of that name as a style network; nothing is fetched.

    Args:
        name: one of CLIPS, as an editing model's checkpoint calls it.
        device: where it shall run, in float32.
        store: where to look for it; the user's.

    Raises:
        UsageError: there is no such style network, or its packages are not installed.
        InvalidModelError: it is not on this computer, or damaged.
    """
    if name not in CLIPS:
        raise UsageError(
            f"There is no style network {name!r}: choose weights made with one of "
            f"{', '.join(CLIPS)}."
        )
    from inference.features.clip import load_clip

    return load_clip(published_file(name, store), device.name)
