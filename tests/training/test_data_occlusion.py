"""What counts as an occluded face in pictures from the wild."""

import numpy as np

from inference.portrait.types import CropBox, FaceDetection, FaceLandmarks, PreparedPortrait
from training.data.occlusion import occlusion

CROP = CropBox(500, 500, 400)


def face(x: float, y: float, side: float) -> FaceDetection:
    half = side / 2
    return FaceDetection((x - half, y - half, x + half, y + half), 0.9, np.zeros((6, 2)))


def portrait(hole: slice = slice(0)) -> PreparedPortrait:
    """A face of 40 pixels in the middle of a crop of 100, with a hole in its foreground."""
    angles = np.linspace(0, 2 * np.pi, 468)
    points = 50 + 20 * np.column_stack([np.cos(angles), np.sin(angles)])
    alpha = np.ones((100, 100), np.float32)
    alpha[hole, hole] = 0
    return PreparedPortrait(
        np.zeros((100, 100, 3), np.float32), alpha, FaceLandmarks(points, 1.0), CROP
    )


MAIN = face(500, 500, 160)


def test_a_lone_face_in_front_is_free() -> None:
    assert occlusion(portrait(), (MAIN,)) is None


def test_another_head_in_the_crop_is_told() -> None:
    assert "another face" in str(occlusion(portrait(), (MAIN, face(690, 500, 150))))
    assert occlusion(portrait(), (MAIN, face(900, 500, 150))) is None  # beside the crop
    assert occlusion(portrait(), (MAIN, face(600, 400, 20))) is None  # far behind


def test_something_in_front_of_the_face_is_told() -> None:
    assert "of the face" in str(occlusion(portrait(slice(45, 60)), (MAIN,)))
    assert occlusion(portrait(slice(0, 25)), (MAIN,)) is None  # in a corner of the crop


def test_a_face_without_landmarks_is_not_trusted() -> None:
    found = portrait()
    blind = PreparedPortrait(found.image, found.alpha, None, found.crop)
    assert occlusion(blind, (MAIN,)) is not None
