"""What every metric offers, and what it is shown."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.float32]

NO_FACE = float("nan")
"""What a metric of faces says where the truth shows a face and the rendered picture none."""


class MetricUnavailableError(Exception):
    """A metric's package or weights are not on this computer; the message says which."""


@dataclass(frozen=True)
class Comparison:
    """A rendered picture beside the true one, same crop, both over white.

    Attributes:
        rendered: [S, S, 3] float32 RGB 0..1.
        truth: [S, S, 3] float32 RGB 0..1.
        rendered_alpha: [S, S] float32 0..1.
        truth_alpha: [S, S] float32 0..1.
    """

    rendered: Picture
    truth: Picture
    rendered_alpha: Picture
    truth_alpha: Picture


class Metric(Protocol):
    """One figure per comparison."""

    @property
    def name(self) -> str:
        """As tables call it, with its unit where it has one."""
        ...

    @property
    def higher_is_better(self) -> bool:
        """Which direction is good."""
        ...

    def __call__(self, comparison: Comparison) -> float | None:
        """The figure; None where the true picture has none, NO_FACE where the rendering lost it."""
        ...


MetricFactory = Callable[[], Metric]
"""Makes a metric ready to use; raises MetricUnavailableError where it can't be."""
