"""The face in a whole photograph: the most certain detection and its landmarks."""

from dataclasses import dataclass

import numpy as np

from inference.portrait.detection import FaceDetector
from inference.portrait.landmarks import LandmarkFinder
from inference.portrait.types import FaceDetection, FaceLandmarks, LoadedImage
from training.data.capture import Picture


@dataclass(frozen=True)
class FoundFaces:
    """What was found in a photograph.

    Attributes:
        faces: all detections, best first.
        landmarks: of the best, in pixels of the photograph; None where the face turns too far
            away for them.
    """

    faces: tuple[FaceDetection, ...]
    landmarks: FaceLandmarks | None


class FaceFinder:
    """Holds the detection networks."""

    def __init__(self) -> None:
        self._landmarks = LandmarkFinder()
        self._detector = FaceDetector(self._landmarks)

    def find(self, picture: Picture) -> FoundFaces:
        """Find the faces of a photograph."""
        image = as_loaded(picture, "picture")
        faces = tuple(self._detector.detect(image))
        return FoundFaces(faces, self._landmarks.find(image, faces[0]) if faces else None)


def as_loaded(picture: Picture, name: str) -> LoadedImage:
    """The picture as inference.portrait takes it."""
    alpha = None if picture.alpha is None else picture.alpha.astype(np.float32) / np.float32(255)
    return LoadedImage(picture.rgb.astype(np.float32) / np.float32(255), alpha, name)
