"""The container of 3D Gaussians that every part passes around."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]

NUM_PATCHES = 4096
GAUSSIANS_PER_PATCH = 16
NUM_GAUSSIANS = NUM_PATCHES * GAUSSIANS_PER_PATCH

_WIDTHS = {"means": 3, "quaternions": 4, "scales": 3, "opacities": 0, "colours": 3}


@dataclass(frozen=True)
class Gaussians:
    """3D Gaussians with activated values, C-contiguous float32.

    For a reconstructed head N is 65,536 and index i is template anchor i; files from
    elsewhere may hold any number.
    World frame: metres, y up, the face looks along +z, mid-eye at (0, 0.03, 0.05).

    Attributes:
        means: [N, 3] centres in metres.
        quaternions: [N, 4] wxyz, unit length.
        scales: [N, 3] standard deviations in metres, positive.
        opacities: [N] 0..1.
        colours: [N, 3] RGB 0..1, view-independent.
    """

    means: FloatArray
    quaternions: FloatArray
    scales: FloatArray
    opacities: FloatArray
    colours: FloatArray

    def __post_init__(self) -> None:
        count = len(self.means)
        for field in fields(self):
            array = np.ascontiguousarray(getattr(self, field.name), dtype=np.float32)
            width = _WIDTHS[field.name]
            expected = (count, width) if width else (count,)
            if array.shape != expected:
                raise ValueError(f"{field.name} has shape {array.shape}, expected {expected}")
            if not np.isfinite(array).all():
                raise ValueError(f"{field.name} holds values that are not finite")
            object.__setattr__(self, field.name, array)
        if count == 0:
            return
        if np.abs(np.linalg.norm(self.quaternions, axis=1) - 1).max() > 1e-3:
            raise ValueError("quaternions are not of unit length")
        if self.scales.min() <= 0:
            raise ValueError("scales must be positive")
        for name in ("opacities", "colours"):
            array = getattr(self, name)
            if array.min() < -1e-6 or array.max() > 1 + 1e-6:
                raise ValueError(f"{name} must lie in 0..1")

    def __len__(self) -> int:
        return len(self.means)

    def with_colours(self, colours: FloatArray) -> "Gaussians":
        """A copy that differs in its colours, [N, 3] RGB 0..1."""
        return replace(self, colours=colours)


def joined(parts: Sequence[Gaussians]) -> Gaussians:
    """The Gaussians of all parts, one after the other."""
    names = [field.name for field in fields(Gaussians)]
    return Gaussians(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))
