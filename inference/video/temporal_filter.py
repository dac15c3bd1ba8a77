"""Taking the flicker out of heads that were made frame by frame (the paper's limitation 2).

A one-euro filter for each patch of the template: all values of its Gaussians share one weight,
which rises with the speed at which the patch moves or changes its colour. What stands still is
averaged over many frames, what moves is followed within a frame. The speed is taken with its
sign, so that trembling, which goes to and fro, hardly counts as movement.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.head.gaussians import GAUSSIANS_PER_PATCH, FloatArray, Gaussians
from inference.video.one_euro import blend_factor
from inference.video.settings import Smoothing

_MAX_STEP = 0.5  # seconds; what lies longer ago says as little as that


@dataclass(frozen=True)
class FilterConstants:
    """How a strength filters (our choice, by benchmarks/video.py).

    Attributes:
        min_cutoff: Hz, of patches that stand still.
        per_movement: Hz of cutoff per metre a second.
        per_colour: Hz of cutoff per unit of RGB a second.
        speed_cutoff: Hz, of the low-pass that speeds go through.
    """

    min_cutoff: float
    per_movement: float
    per_colour: float
    speed_cutoff: float


CONSTANTS = {
    Smoothing.NORMAL: FilterConstants(0.5, 200.0, 6.0, 1.5),
    Smoothing.STRONG: FilterConstants(0.2, 80.0, 2.5, 1.0),
}


class TemporalFilter:
    """Filters heads in the order of their frames; the memory it needs is that of three heads.

    Args:
        smoothing: the strength; off hands heads through.
    """

    def __init__(self, smoothing: Smoothing) -> None:
        self._constants = CONSTANTS.get(smoothing)
        self._head: Gaussians | None = None
        self._newest: FloatArray | None = None  # [P, 6] patch means of place and colour
        self._speed: FloatArray | None = None  # [P, 6] a second

    @property
    def head(self) -> Gaussians | None:
        """The newest filtered head."""
        return self._head

    def reset(self) -> None:
        """Forget what was: the next head begins anew, as after a cut."""
        self._head = self._newest = self._speed = None

    def step(self, head: Gaussians, seconds: float) -> Gaussians:
        """Filter the next head.

        Args:
            head: as the network made it; a multiple of 16 Gaussians.
            seconds: since the frame before; ignored for the first.
        """
        pooled = _pooled(head)
        if self._constants is None or self._head is None:
            self._speed = np.zeros_like(pooled)
            self._head = head
        else:
            weight = self._weight(pooled, float(np.clip(seconds, 1e-3, _MAX_STEP)))
            self._head = _blend(self._head, head, np.repeat(weight, GAUSSIANS_PER_PATCH))
        self._newest = pooled
        return self._head

    def _weight(self, pooled: FloatArray, seconds: float) -> FloatArray:
        """Of the new head, [P] 0..1."""
        constants = self._constants
        assert constants is not None
        assert self._newest is not None  # a head came before
        assert self._speed is not None
        change = (pooled - self._newest) / seconds
        self._speed += blend_factor(constants.speed_cutoff, seconds) * (change - self._speed)
        movement = constants.per_movement * np.linalg.norm(self._speed[:, :3], axis=1)
        colour = constants.per_colour * np.linalg.norm(self._speed[:, 3:], axis=1)
        cutoff = constants.min_cutoff + np.maximum(movement, colour)
        return blend_factor(cutoff, seconds).astype(np.float32)

    def state(self) -> dict[str, NDArray[np.float32]]:
        """All that it remembers, so that another one can go on; empty at the start."""
        if self._head is None or self._newest is None or self._speed is None:
            return {}
        arrays = {name: getattr(self._head, name) for name in _NAMES}
        return {**arrays, "newest": self._newest, "speed": self._speed}

    def restore(self, state: Mapping[str, NDArray[np.float32]]) -> None:
        """Go on from `state()`."""
        self.reset()
        if "newest" in state:
            self._head = Gaussians(*(state[name] for name in _NAMES))
            self._newest = np.array(state["newest"], np.float32)
            self._speed = np.array(state["speed"], np.float32)


_NAMES = ("means", "quaternions", "scales", "opacities", "colours")


def _pooled(head: Gaussians) -> FloatArray:
    """Mean place and colour of each patch, [P, 6]."""
    both = np.concatenate([head.means, head.colours], axis=1)
    return both.reshape(-1, GAUSSIANS_PER_PATCH, 6).mean(1)


def _blend(old: Gaussians, new: Gaussians, weight: FloatArray) -> Gaussians:
    """Between two heads; `weight` [N] is that of the new one."""
    column = weight[:, None]
    # q and -q are the same rotation: take the one nearer to the old.
    signs = np.where((old.quaternions * new.quaternions).sum(1) < 0, -1, 1)[:, None]
    quaternions = old.quaternions + column * (signs * new.quaternions - old.quaternions)
    quaternions /= np.linalg.norm(quaternions, axis=1, keepdims=True)
    log_scales = np.log(old.scales)
    return Gaussians(
        means=old.means + column * (new.means - old.means),
        quaternions=quaternions,
        scales=np.exp(log_scales + column * (np.log(new.scales) - log_scales)),
        opacities=old.opacities + weight * (new.opacities - old.opacities),
        colours=old.colours + column * (new.colours - old.colours),
    )
