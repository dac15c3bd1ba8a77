"""Faces that something hides are left out of in-the-wild data (section 3.2).

The paper does not say how occlusions were found. Where a data set comes with attributes, they
decide (training.data.ffhq). This check needs nothing but the picture and is coarse: it sees
another person's head in the crop and things in front of the face that are no part of a person
(a microphone, a cup), but no hands and no masks.
"""

import cv2
import numpy as np

from inference.portrait.types import CropBox, FaceDetection, PreparedPortrait

MIN_COVERED = 0.98
"""Share of the face that must be foreground (our choice)."""

MIN_OTHER = 0.2
"""Faces smaller than this share of the main one are too far away to hide it (our choice)."""


def occlusion(portrait: PreparedPortrait, faces: tuple[FaceDetection, ...]) -> str | None:
    """Why a portrait counts as occluded, or None.

    Args:
        portrait: with landmarks.
        faces: all faces of the photograph, the portrait's own first.
    """
    if any(_intrudes(other, faces[0], portrait.crop) for other in faces[1:]):
        return "another face reaches into the crop"
    if portrait.landmarks is None:
        return "no landmarks could be found"
    hull = cv2.convexHull(portrait.landmarks.points.astype(np.float32)).astype(np.int32)
    face = np.zeros(portrait.alpha.shape, np.uint8)
    cv2.fillConvexPoly(face, hull, 1)
    covered = float(portrait.alpha[face > 0].mean()) if face.any() else 0.0
    if covered < MIN_COVERED:
        return f"only {covered:.0%} of the face are in front"
    return None


def _intrudes(other: FaceDetection, main: FaceDetection, crop: CropBox) -> bool:
    left, top, right, bottom = other.box
    if max(right - left, bottom - top) < MIN_OTHER * (main.box[2] - main.box[0]):
        return False
    half = crop.side / 2
    apart = (
        right < crop.centre_x - half
        or left > crop.centre_x + half
        or bottom < crop.centre_y - half
        or top > crop.centre_y + half
    )
    return not apart
