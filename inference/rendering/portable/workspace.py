"""Memory that frames share, so that the system need not hand out new pages every time."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from inference.head.gaussians import FloatArray, Gaussians

CACHE_LINE = 64


class Splats(NamedTuple):
    """The five attributes as C-contiguous float32; values are not checked."""

    means: FloatArray  # [N, 3]
    quaternions: FloatArray  # [N, 4] wxyz, any length but zero
    scales: FloatArray  # [N, 3]
    opacities: FloatArray  # [N]
    colours: FloatArray  # [N, 3]

    @classmethod
    def of(cls, gaussians: Gaussians) -> "Splats":
        """The attributes of a head.

        Read-only arrays are copied: to numba they are another type, and it would compile every
        kernel again for them.
        """
        arrays = (
            gaussians.means,
            gaussians.quaternions,
            gaussians.scales,
            gaussians.opacities,
            gaussians.colours,
        )
        return cls(*(x if x.flags.writeable else x.copy() for x in arrays))

    def padded(self, least: int) -> "Splats":
        """The same with invisible Gaussians added, if there are fewer than `least`."""
        missing = least - len(self.opacities)
        if missing <= 0:
            return self
        return Splats(*(np.pad(x, [(0, missing)] + [(0, 0)] * (x.ndim - 1)) for x in self))


def aligned(count: int, dtype: Any = np.float32) -> NDArray[Any]:
    """An uninitialised flat array that starts on a cache line."""
    size = count * np.dtype(dtype).itemsize
    raw = np.empty(size + CACHE_LINE, np.uint8)
    offset = -raw.ctypes.data % CACHE_LINE
    return raw[offset : offset + size].view(dtype)


class Workspace:
    """Named scratch arrays that only ever grow."""

    def __init__(self) -> None:
        self._arrays: dict[str, NDArray[Any]] = {}

    def array(self, name: str, count: int, dtype: Any = np.float32) -> NDArray[Any]:
        """A flat array of `count`, its contents whatever the last user left."""
        kept = self._arrays.get(name)
        if kept is None or len(kept) < count:
            kept = self._arrays[name] = aligned(count + count // 4, dtype)
        return kept[:count]
