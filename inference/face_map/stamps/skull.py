"""The skull as an ellipsoid, and planes through it: what hats and hair are fitted to."""

import numpy as np

from inference.face_map.face_frame import Points

SKULL_CENTRE = (0.0, 0.045, -0.018)
SKULL_RADII = (0.074, 0.091, 0.098)
"""Metres: an ellipsoid through the template's top, back and sides."""


def above(points: Points, front: float, back: float) -> Points:
    """The points [N, 3] above a plane: heights at the face (z 0.08) and the nape (z -0.115)."""
    height = back + (points[:, 2] + 0.115) / 0.195 * (front - back)
    return points[points[:, 1] >= height]


def rim_around(front: float, back: float, radius_x: float, radius_z: float) -> Points:
    """The curve [N, 3] on that plane around the skull, metres."""
    angle = np.linspace(0, 2 * np.pi, 72)
    z = SKULL_CENTRE[2] + radius_z * np.cos(angle)
    y = back + (z + 0.115) / 0.195 * (front - back)
    return np.column_stack([radius_x * np.sin(angle), y, z])
