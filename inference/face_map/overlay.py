"""A map over its portrait, as a picture to look at."""

import cv2
import numpy as np

from inference.face_map.colouring import outlined
from inference.face_map.labels import COLOURS, COUNT, ByteArray, Label
from inference.head.gaussians import FloatArray

OPACITY = 0.5


def overlay(
    image: FloatArray,  # [S, S, 3] RGB 0..1
    labels: ByteArray,  # [S, S] or of another size
) -> ByteArray:
    """The portrait [S, S, 3] RGB with each class in its colour and outlined; background clear."""
    size = image.shape[0]
    if labels.shape[0] != size:
        labels = np.asarray(cv2.resize(labels, (size, size), interpolation=cv2.INTER_NEAREST))
    # Class numbers in place of colours: where it is not 0, a class ends.
    edges = outlined(labels, np.arange(COUNT, dtype=np.uint32)) > 0
    share = np.where(edges, 1.0, OPACITY) * (labels != Label.BACKGROUND)
    mixed = image + (COLOURS[labels] / 255 - image) * share[..., None]
    return (mixed.clip(0, 1) * 255 + 0.5).astype(np.uint8)
