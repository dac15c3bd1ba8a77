"""From the head template's space to the picture, by the landmarks of the face."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.head.template import HeadTemplate
from inference.portrait.types import FaceLandmarks

Points = NDArray[np.float64]

RIGHT_EYE = (33, 133, 159, 145)
"""Corners and lids of the person's right eye, landmarks of the face mesh."""
LEFT_EYE = (263, 362, 386, 374)


@dataclass(frozen=True)
class FaceFrame:
    """A scaled orthographic view of the template's space.

    Attributes:
        rotation: [3, 3] of the head as the picture shows it; rows right, down, away.
        scale: pixels a metre.
        shift: [2] pixel of the origin.
        eyes: [2, 2] pixels of the person's right and left eye.
        oval: [N, 2] pixels around the face, from the landmarks' convex hull.
    """

    rotation: Points
    scale: float
    shift: Points
    eyes: Points
    oval: Points

    def project(self, points: Points) -> Points:
        """Pixels [N, 2] of points [N, 3] in metres."""
        return points @ self.rotation[:2].T * self.scale + self.shift

    def depth(self, points: Points) -> Points:
        """How far points [N, 3] lie behind the origin [N], metres."""
        return points @ self.rotation[2]

    @property
    def turn(self) -> float:
        """Yaw in radians; positive shows more of the person's right side."""
        forward = self.rotation[:, 2]
        return float(np.arctan2(forward[0], -forward[2]))


def face_frame(landmarks: FaceLandmarks, template: HeadTemplate) -> FaceFrame:
    """Find how the template lies under the landmarks of a face.

    Least squares over all 468 points; the linear part is made a rotation times a scale by its
    singular values (the orthogonal Procrustes problem, Schönemann 1966).
    """
    model = template.anchors[template.landmark_anchors].astype(np.float64)
    points = landmarks.points
    middle, centre = model.mean(0), points.mean(0)
    linear = np.linalg.lstsq(model - middle, points - centre, rcond=None)[0].T  # [2, 3]
    # The thickness of a face says little about its scale, so width and height decide.
    left, strengths, right = np.linalg.svd(linear, full_matrices=False)
    rows = left @ right
    rotation = np.vstack([rows, np.cross(rows[0], rows[1])])
    scale = float(strengths.mean())
    shift = centre - scale * rows @ middle
    eyes = np.stack([points[list(RIGHT_EYE)].mean(0), points[list(LEFT_EYE)].mean(0)])
    oval = cv2.convexHull(points.astype(np.float32))[:, 0].astype(np.float64)
    return FaceFrame(rotation, scale, shift, eyes, oval)
