"""Is it the same person? Distance of dlib's face descriptors.

dlib's ResNet was trained so that two pictures of one person are nearer than 0.6 (King 2017,
http://blog.dlib.net/2017/02/high-quality-face-recognition-with-deep.html). Its weights come
with the package face_recognition_models (CC0).
"""

from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from training.evaluation.metric import NO_FACE, Comparison, MetricUnavailableError, Picture

DETECTION_SIZE = 400
"""Our choice: the detector sees faces of 40 pixels at the doubled size it searches."""


class DlibDistance:
    """Euclidean distance of the largest faces' descriptors.

    Args:
        detection_size: edge in pixels that pictures are brought to before faces are looked for.

    Raises:
        MetricUnavailableError: dlib or its weights are not installed.
    """

    name = "dlib distance"
    higher_is_better = False

    def __init__(self, detection_size: int = DETECTION_SIZE) -> None:
        try:
            import dlib
        except ImportError as error:
            raise MetricUnavailableError("the package dlib-bin is not installed") from error
        spec = find_spec("face_recognition_models")  # importing it wants pkg_resources
        if spec is None or spec.origin is None:
            raise MetricUnavailableError("the package face-recognition-models is not installed")
        folder = Path(spec.origin).parent / "models"
        self._dlib, self._detection_size = dlib, detection_size
        self._detector = dlib.get_frontal_face_detector()
        self._landmarks = dlib.shape_predictor(str(folder / "shape_predictor_5_face_landmarks.dat"))
        self._network = dlib.face_recognition_model_v1(
            str(folder / "dlib_face_recognition_resnet_model_v1.dat")
        )

    def __call__(self, comparison: Comparison) -> float | None:
        truth = self.describe(comparison.truth)
        if truth is None:
            return None
        apart = distance(truth, self.describe(comparison.rendered))
        return NO_FACE if apart is None else apart

    def describe(self, picture: Picture) -> NDArray[np.float64] | None:
        """The descriptor [128] of the largest face of [H, W, 3] RGB 0..1, or None."""
        factor = self._detection_size / max(picture.shape[:2])
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
    """Euclidean distance of two descriptors, None where there is only one face."""
    if first is None or second is None:
        return None
    return float(np.linalg.norm(first - second))
