"""A portrait's head without a photograph, and its face map: what tests of edits begin with."""

import numpy as np

from inference.engine_protocol import Reconstruction, ReconstructionOptions
from inference.face_map.labels import Label
from inference.head.gaussians import NUM_GAUSSIANS, Gaussians
from inference.rendering.camera import orbit_camera

SIZE = 512


def grey_portrait(template):
    """The template itself in small grey splats, seen from the front."""
    head = Gaussians(
        np.array(template.anchors, np.float32).reshape(-1, 3),
        np.tile(np.float32([1, 0, 0, 0]), (NUM_GAUSSIANS, 1)),
        np.full((NUM_GAUSSIANS, 3), 0.001, np.float32),
        np.full(NUM_GAUSSIANS, 0.9, np.float32),
        np.full((NUM_GAUSSIANS, 3), 0.5, np.float32),
    )
    return Reconstruction(head, orbit_camera(size=(SIZE, SIZE)), None, ReconstructionOptions())


def ellipse(x, y, wide, high):
    """[SIZE, SIZE] what lies in an ellipse of pixels."""
    rows, columns = np.mgrid[:SIZE, :SIZE]
    return ((columns - x) / wide) ** 2 + ((rows - y) / high) ** 2 < 1


def face_under_hair():
    """Its map, of skin and hair alone."""
    labels = np.zeros((SIZE, SIZE), np.uint8)
    labels[ellipse(256, 200, 118, 150)] = Label.HAIR
    labels[ellipse(256, 245, 88, 118)] = Label.FACE
    return labels
