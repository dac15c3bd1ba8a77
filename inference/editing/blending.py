"""Styles between styles: interpolation on the sphere, and variations around a point."""

import numpy as np

from inference.editing.types import Style
from inference.errors import UsageError
from inference.head.gaussians import FloatArray

_NEARLY_PARALLEL = 1e-4  # radians


def blend_styles(first: Style, second: Style, share: float, description: str = "") -> Style:
    """The style on the great circle from `first` (share 0) to `second` (share 1).

    Spherical interpolation (Shoemake 1985, https://doi.org/10.1145/325334.325242). Lenses are dark
    or clear, so the nearer of the two decides that, if its words do.

    Raises:
        UsageError: the two come from different style networks.
    """
    if first.network != second.network:
        raise UsageError(
            f"A style of {first.network} and one of {second.network} cannot be mixed: "
            "make both with the same style network."
        )
    vector = _slerp(first.vector, second.vector, share)
    return Style(
        vector,
        first.network,
        description or f"{first.description} + {second.description}",
        _dark_lenses(first, second, share),
    )


def vary_style(style: Style, amount: float, seed: int) -> Style:
    """A style at the angle `amount` (radians) from `style`, in a direction that `seed` decides."""
    step = np.random.default_rng(seed).standard_normal(len(style.vector))
    step -= (step @ style.vector) * style.vector
    step /= np.linalg.norm(step)
    moved = np.cos(amount) * style.vector + np.sin(amount) * step
    vector = (moved / np.linalg.norm(moved)).astype(np.float32)
    return Style(vector, style.network, f"{style.description}, variation {seed}", style.dark_lenses)


def _dark_lenses(first: Style, second: Style, share: float) -> bool | None:
    """What the nearer style says, or else the other one, if it has a part in it."""
    nearer, other, part = (first, second, share) if share < 0.5 else (second, first, 1 - share)
    return other.dark_lenses if nearer.dark_lenses is None and part > 0 else nearer.dark_lenses


def _slerp(first: FloatArray, second: FloatArray, share: float) -> FloatArray:
    angle = float(np.arccos(np.clip(first @ second, -1.0, 1.0)))
    if angle < _NEARLY_PARALLEL:
        mixed = (1 - share) * first + share * second
    else:
        mixed = np.sin((1 - share) * angle) * first + np.sin(share * angle) * second
    length = np.linalg.norm(mixed)
    if length < 1e-6:  # opposite ends and share 1/2: every way round is as good
        return np.asarray(first, np.float32)
    return np.asarray(mixed / length, np.float32)
