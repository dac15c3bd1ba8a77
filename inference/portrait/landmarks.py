"""468 face landmarks with MediaPipe's face mesh.

Kartynnik et al., "Real-time Facial Surface Geometry from Monocular Video on Mobile GPUs",
https://arxiv.org/abs/1907.06724. The network wants an upright face that fills two thirds of a
square; a first look follows the detection, a second one the first look's own landmarks.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.portrait.networks import TfliteNetwork
from inference.portrait.sampling import cut_square
from inference.portrait.types import CropBox, FaceDetection, FaceLandmarks, LoadedImage

INPUT = 192
"""Edge of the network's input in pixels."""

MARGIN = 1.5
"""The square's edge over the longer side of the face box, as MediaPipe has it."""

RIGHT_EYE_CORNER, LEFT_EYE_CORNER = 33, 263

MIN_LOGIT = 3.0
"""Below this there is no face in the square. Measured on photographs: faces 10 to 30, other
things -13 to 1."""

SURE_LOGIT = 8.0
"""Asked of a face that no detector saw (our choice)."""


@dataclass(frozen=True)
class _Square:
    """Where the network looks: centre and edge in pixels of the picture, roll in radians."""

    centre: tuple[float, float]
    side: float
    angle: float


@dataclass(frozen=True)
class _Look:
    """What the network saw in a square, and how sure it is (before the sigmoid)."""

    landmarks: FaceLandmarks
    logit: float


class LandmarkFinder:
    """Finds the landmarks of one face."""

    def __init__(self) -> None:
        self._network = TfliteNetwork("face_landmark.tflite")

    def find(self, image: LoadedImage, detection: FaceDetection) -> FaceLandmarks | None:
        """Landmarks of a detected face, or None if there is no face after all."""
        found = self._refined(image, _square_of_detection(detection))
        return found.landmarks if found.logit >= MIN_LOGIT else None

    def find_in_box(self, image: LoadedImage, box: CropBox) -> FaceLandmarks | None:
        """Landmarks of the face in a head crop that was placed by hand, or None.

        Needs no detection: tries the places and sizes that a face has in a head crop.
        """
        best = _Look(FaceLandmarks(np.zeros((468, 2)), 0.0), -np.inf)
        for down in (0.05, -0.05, 0.15):
            for size in (0.7, 0.5, 0.95):
                centre = box.centre_x, box.centre_y + down * box.side
                found = self._refined(image, _Square(centre, box.side * size, 0.0))
                best = found if found.logit > best.logit else best
            if best.logit >= 2 * SURE_LOGIT:
                break
        return best.landmarks if best.logit >= SURE_LOGIT else None

    def _refined(self, image: LoadedImage, square: _Square) -> _Look:
        """Look, look again where the first look found the face, keep the surer one."""
        first = self._look(image, square)
        if first.logit < -2:
            return first
        second = self._look(image, _square_of_landmarks(first.landmarks.points))
        # Far above the threshold the logit says nothing about precision: trust the second.
        return second if second.logit >= min(first.logit, SURE_LOGIT) else first

    def _look(self, image: LoadedImage, square: _Square) -> _Look:
        """Run the network on one square."""
        pixels = cut_square(image.rgb, square.centre, square.side, INPUT, angle=square.angle)
        output = self._network.run(pixels, "conv2d_21")
        logit = self._network.run(pixels, "conv2d_31")
        points = output.reshape(-1, 3)[:, :2].astype(np.float64) / INPUT - 0.5
        cos, sin = np.cos(square.angle), np.sin(square.angle)
        rotation = np.array([[cos, -sin], [sin, cos]])
        confidence = float(logit.ravel()[0])
        score = float(1 / (1 + np.exp(-np.clip(confidence, -50, 50))))
        points = points @ rotation.T * square.side + square.centre
        return _Look(FaceLandmarks(points, score), confidence)


def _roll(right_eye: NDArray[np.float64], left_eye: NDArray[np.float64]) -> float:
    """Angle of the line from the person's right eye to the left one, radians."""
    return float(np.arctan2(left_eye[1] - right_eye[1], left_eye[0] - right_eye[0]))


def _square_of_detection(face: FaceDetection) -> _Square:
    left, top, right, bottom = face.box
    side = MARGIN * max(right - left, bottom - top)
    centre = (left + right) / 2, (top + bottom) / 2
    return _Square(centre, side, _roll(face.keypoints[0], face.keypoints[1]))


def _square_of_landmarks(points: NDArray[np.float64]) -> _Square:
    """The square around the landmarks' box along the axes of the rolled face."""
    angle = _roll(points[RIGHT_EYE_CORNER], points[LEFT_EYE_CORNER])
    cos, sin = np.cos(angle), np.sin(angle)
    rotation = np.array([[cos, -sin], [sin, cos]])
    upright = points @ rotation
    low, high = upright.min(0), upright.max(0)
    x, y = rotation @ ((low + high) / 2)
    return _Square((float(x), float(y)), max(MARGIN * float((high - low).max()), 1.0), angle)
