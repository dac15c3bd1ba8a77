"""What a published data set gives to `prepare`: moments of people, seen by cameras."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from inference.rendering.camera import Camera


@dataclass(frozen=True)
class Picture:
    """A whole photograph as a data set has it.

    Attributes:
        rgb: [H, W, 3] uint8 sRGB; anything where alpha is 0.
        alpha: [H, W] uint8 foreground, or None where the data set has no masks.
        label: [H, W] uint8 FaRL classes, or None.
    """

    rgb: NDArray[np.uint8]
    alpha: NDArray[np.uint8] | None = None
    label: NDArray[np.uint8] | None = None


class PictureSource(Protocol):
    """Where a picture can be read; small and picklable."""

    def read(self) -> Picture:
        """Read and decode.

        Raises:
            BrokenSampleError: a file is missing or damaged.
        """
        ...


@dataclass(frozen=True)
class RawView:
    """One camera's picture before anything is done to it.

    Attributes:
        name: of the camera, unique within the capture.
        picture: where the picture is.
        camera: in the data set's own world and unit, of any size with the picture's aspect
            (it is scaled to the picture); None without calibration.
    """

    name: str
    picture: PictureSource
    camera: Camera | None


@dataclass(frozen=True)
class CaptureViews:
    """A capture's views.

    Attributes:
        views: all with calibration, or one without.
        aligned: the cameras already live in the template's world.
    """

    views: tuple[RawView, ...]
    aligned: bool = False


class Capture(Protocol):
    """One moment of one person; picklable, and made without reading files."""

    @property
    def key(self) -> str:
        """Unique within the data set; becomes a file's name."""
        ...

    @property
    def person(self) -> str:
        """The person within the data set."""
        ...

    def load(self) -> CaptureViews:
        """Read the calibration and find the pictures.

        Raises:
            BrokenSampleError: a file is missing, damaged or contradictory, or the data set's
                rules leave this capture out.
        """
        ...


@dataclass(frozen=True)
class DatasetSource:
    """A published data set on disk.

    Attributes:
        name: of the data set.
        real: whether it shows real people.
        captures: in the order in which they are prepared.
        needs_face: views from behind the face in which no face is found are left out.
        unoccluded: captures whose face is hidden by something are left out.
        limit: how many prepared captures are enough; None is all.
    """

    name: str
    real: bool
    captures: Sequence[Capture]
    needs_face: bool = False
    unoccluded: bool = False
    limit: int | None = None


AnyCapture = TypeVar("AnyCapture", bound=Capture)


def one_of_each_person_first(captures: Sequence[AnyCapture]) -> list[AnyCapture]:
    """Captures in rounds of one per person, so that a limit cuts people last.

    A person's own captures come in the order of a hash of their keys.
    """
    by_person: dict[str, list[AnyCapture]] = {}
    for capture in captures:
        by_person.setdefault(capture.person, []).append(capture)
    ranked = [
        (rank, place, capture)
        for place, own in enumerate(by_person.values())
        for rank, capture in enumerate(
            sorted(own, key=lambda one: hashlib.sha256(one.key.encode()).digest())
        )
    ]
    return [capture for *_, capture in sorted(ranked, key=lambda row: row[:2])]
