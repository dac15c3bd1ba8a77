"""From a photograph to what the model reads: face, crop, landmarks, foreground."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from inference.portrait.cropping import centred_crop, cut_crop, suggest_crop
from inference.portrait.detection import FaceDetector
from inference.portrait.foreground import ForegroundFinder
from inference.portrait.landmarks import LandmarkFinder
from inference.portrait.sampling import cut_square
from inference.portrait.types import (
    CropBox,
    FaceDetection,
    FaceLandmarks,
    LoadedImage,
    PreparedPortrait,
)
from inference.progress import CancelToken, Progress, no_progress

CROP_SIZE = 512
"""Edge of the prepared crop in pixels."""

FINDING, CUTTING = "Finding the face", "Cutting out"


class LandmarkedHead(Protocol):
    """What is asked of the head template."""

    @property
    def anchors(self) -> NDArray[np.floating]:
        """[N, 3] metres in the world frame."""
        ...

    @property
    def landmark_anchors(self) -> NDArray[np.integer]:
        """[468] indices into anchors."""
        ...


class PortraitPreparer:
    """Holds the portrait networks and runs them in order.

    Args:
        template: the head whose landmark anchors say what a head crop shows.
        size: edge of prepared crops in pixels.
        foreground: what cuts the person out; None for the embedded networks alone.

    Raises:
        InvalidModelError: a network's file is missing or damaged.
    """

    def __init__(
        self,
        template: LandmarkedHead,
        size: int = CROP_SIZE,
        foreground: ForegroundFinder | None = None,
    ) -> None:
        self._anchors = np.asarray(template.anchors[template.landmark_anchors], np.float64)
        self._size = size
        self._landmarks = LandmarkFinder()
        self._detector = FaceDetector(self._landmarks)
        self._foreground = foreground or ForegroundFinder()

    def detect(
        self,
        image: LoadedImage,
        progress: Progress = no_progress,
        cancel: CancelToken | None = None,
    ) -> list[FaceDetection]:
        """Find faces, best first; an empty list when there is none.

        Raises:
            Cancelled: the token was set.
        """
        progress(FINDING, 0.0)
        faces = self._detector.detect(image, cancel)
        progress(FINDING, 1.0)
        return faces

    def suggest_crop(self, image: LoadedImage, face: FaceDetection | None) -> CropBox:
        """The head crop for a face; without one the largest centred square."""
        if face is None:
            return centred_crop(*image.size)
        return suggest_crop(face, self._landmarks.find(image, face), self._anchors)

    def prepare(
        self,
        image: LoadedImage,
        crop: CropBox,
        progress: Progress = no_progress,
        cancel: CancelToken | None = None,
    ) -> PreparedPortrait:
        """Cut the crop out, find its landmarks and its foreground.

        Raises:
            Cancelled: the token was set.
        """
        cancel = cancel or CancelToken()
        progress(CUTTING, 0.0)
        cancel.check()
        picture, inside = cut_crop(image, crop, self._size)
        progress(CUTTING, 0.2)
        cancel.check()
        landmarks = self._landmarks_of_crop(LoadedImage(picture, None, image.name), cancel)
        progress(CUTTING, 0.5)
        cancel.check()
        file_alpha = None
        if image.alpha is not None:
            centre = crop.centre_x, crop.centre_y
            file_alpha = cut_square(image.alpha, centre, crop.side, self._size).clip(0, 1)
        alpha = self._foreground.find(picture, inside, file_alpha, landmarks)
        cancel.check()
        progress(CUTTING, 1.0)
        return PreparedPortrait(picture, alpha, landmarks, crop, inside)

    def _landmarks_of_crop(self, picture: LoadedImage, cancel: CancelToken) -> FaceLandmarks | None:
        """Landmarks of the face that the crop is about: the one nearest to its middle."""
        middle = self._size / 2
        faces = self._detector.detect(picture, cancel)

        def distance(face: FaceDetection) -> float:
            left, top, right, bottom = face.box
            away = np.hypot((left + right) / 2 - middle, (top + bottom) / 2 - middle)
            return float(away) / max(right - left, bottom - top)

        for face in sorted(faces, key=distance):
            found = self._landmarks.find(picture, face)
            if found is not None:
                return found
        return self._landmarks.find_in_box(picture, CropBox(middle, middle, float(self._size)))
