"""Is it the same person? The distance of dlib's face descriptors (development only).

dlib's ResNet was trained so that two pictures of one person are nearer than 0.6 (King 2017,
http://blog.dlib.net/2017/02/high-quality-face-recognition-with-deep.html). Its weights come
with the package face_recognition_models (CC0).
"""

from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

DETECTION_SIZE = 800
"""Pictures are brought to this edge in pixels before faces are looked for (our choice)."""


class IdentityMeter:
    """Finds the largest face in a picture and describes it."""

    def __init__(self) -> None:
        import dlib

        spec = find_spec("face_recognition_models")  # importing it wants pkg_resources
        if spec is None or spec.origin is None:
            raise SystemExit("Install the extra 'eval' to measure likeness.")
        folder = Path(spec.origin).parent / "models"
        self._dlib = dlib
        self._detector = dlib.get_frontal_face_detector()
        self._landmarks = dlib.shape_predictor(str(folder / "shape_predictor_5_face_landmarks.dat"))
        self._network = dlib.face_recognition_model_v1(
            str(folder / "dlib_face_recognition_resnet_model_v1.dat")
        )

    def describe(self, picture: NDArray[np.float32]) -> NDArray[np.float64] | None:
        """The descriptor [128] of the largest face of [H, W, 3] RGB 0..1, or None."""
        factor = DETECTION_SIZE / max(picture.shape[:2])
        shape = (round(picture.shape[1] * factor), round(picture.shape[0] * factor))
        sized = cv2.resize(picture, shape, interpolation=cv2.INTER_CUBIC)
        pixels = np.ascontiguousarray(np.clip(sized * 255 + 0.5, 0, 255).astype(np.uint8))
        faces = self._detector(pixels, 1)
        if not len(faces):
            return None
        face = max(faces, key=lambda box: box.area())
        chip = self._dlib.get_face_chip(pixels, self._landmarks(pixels, face), 150, 0.25)
        return np.array(self._network.compute_face_descriptor(chip))


def distance(first: NDArray[np.float64] | None, second: NDArray[np.float64] | None) -> float | None:
    """Euclidean distance of two descriptors; under 0.6 is the same person."""
    if first is None or second is None:
        return None
    return float(np.linalg.norm(first - second))
