"""The frozen networks that turn a picture into the editing model's style vector (equation 8)."""

from pathlib import Path

import torch

from inference.catalogue.locate import published_file
from inference.features.clip import load_clip
from inference.features.embedded_style import load_embedded_style
from inference.features.style import StyleEncoder

CLIP = "clip-vit-l-14"
"""Which CLIP, as the catalogue calls it (our choice: the paper does not name its own)."""


def load_style(name: str, clip: Path | None, device: torch.device | str) -> StyleEncoder:
    """The style network of a configuration.

    Args:
        name: "clip" or "embedded".
        clip: the file of the published CLIP; None for the one in the user's catalogue.
        device: where it shall run.

    Raises:
        UsageError: open_clip is missing.
        InvalidModelError: there is no CLIP, or the file holds none.
    """
    if name == "embedded":
        return load_embedded_style(device=device)
    return load_clip(published_file(CLIP) if clip is None else clip, device)
