"""The one thing that editing asks of a network that knows the regions of a face."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from inference.face_map.labels import COUNT
from inference.head.gaussians import FloatArray
from inference.portrait.types import PreparedPortrait


@dataclass(frozen=True)
class FaceParsing:
    """The regions of a portrait.

    Attributes:
        scores: [19, S, S] float32 0..1 that sum to 1 at each pixel, in the order of Label (see
            inference.face_map.labels).
    """

    scores: FloatArray

    def __post_init__(self) -> None:
        if self.scores.ndim != 3 or len(self.scores) != COUNT:
            raise ValueError(f"scores must be [{COUNT}, S, S], got {self.scores.shape}")

    @property
    def labels(self) -> NDArray[np.uint8]:
        """[S, S] uint8: the likeliest region of each pixel."""
        return self.scores.argmax(axis=0).astype(np.uint8)


class FaceParser(Protocol):
    """A network that finds the regions of a face."""

    @property
    def name(self) -> str:
        """Which network, for the user and for reports."""
        ...

    def parse(self, portrait: PreparedPortrait) -> FaceParsing:
        """The regions of a portrait's crop, in its size.

        Raises:
            NoFaceError: there is no face to be found in it.
        """
        ...
