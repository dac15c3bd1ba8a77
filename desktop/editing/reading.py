"""What was read of a portrait before it can be edited: its face map and its style."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.editing.types import Style
from inference.face_map.document import SIZE
from inference.parsing.protocol import FaceParsing
from inference.portrait.types import CropBox, FaceLandmarks, PreparedPortrait


@dataclass(frozen=True)
class FaceReading:
    """A portrait as editing sees it.

    Attributes:
        crop: of the portrait.
        labels: [512, 512] uint8, the map as it was parsed.
        landmarks: in pixels of the map, or None.
        style: the portrait's own.
    """

    crop: CropBox
    labels: NDArray[np.uint8]
    landmarks: FaceLandmarks | None
    style: Style


def reading_of(portrait: PreparedPortrait, parsing: FaceParsing, style: Style) -> FaceReading:
    """Bring a crop's map and landmarks to the size of face maps."""
    labels = parsing.labels
    edge = len(labels)
    if edge != SIZE:
        nearest = ((np.arange(SIZE) + 0.5) * edge / SIZE).astype(int)
        labels = np.ascontiguousarray(labels[nearest][:, nearest])
    landmarks = portrait.landmarks
    if landmarks is not None and portrait.size != SIZE:
        landmarks = FaceLandmarks(landmarks.points * (SIZE / portrait.size), landmarks.score)
    return FaceReading(portrait.crop, labels, landmarks, style)
