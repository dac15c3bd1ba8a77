"""Face maps of tilted heads are read upright: the model has seen few heads that lie on a side."""

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.face_map.labels import Label
from inference.head.gaussians import FloatArray
from inference.portrait.upright import beyond_level, turn_back
from inference.rendering.camera import Camera, roll_angle


def tilt_of(
    labels: NDArray[np.uint8],  # [S, S]
    camera: Camera | None,
) -> float:
    """Radians by which a map's head is tilted clockwise, beyond what the model knows well.

    Args:
        labels: the map, whose eyes tell where no camera does.
        camera: of the map.
    """
    if camera is not None:
        roll = roll_angle(camera.world_to_camera)
    else:
        right, left = (np.argwhere(labels == eye) for eye in (Label.RIGHT_EYE, Label.LEFT_EYE))
        if len(right) == 0 or len(left) == 0:
            return 0.0
        down, across = left.mean(0) - right.mean(0)
        # In profile one eye hides behind the nose, and what is left of it tells nothing.
        if across < 0.1 * labels.shape[0] and np.hypot(down, across) < 0.1 * labels.shape[0]:
            return 0.0
        roll = float(np.arctan2(down, across))
    return beyond_level(roll)


def turned_upright(
    labels: NDArray[np.uint8],  # [S, S]
    tilt: float,
) -> NDArray[np.uint8]:
    """The map [S, S] turned back about its middle; what comes in at the corners is as beside."""
    if tilt == 0:
        return labels
    turned = cv2.warpAffine(
        labels,
        turn_back(len(labels), tilt),
        labels.shape,
        flags=cv2.INTER_NEAREST,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(turned, np.uint8)


def tilted(
    pose: FloatArray,  # [6], see inference.model.editing_branch.POSE
    tilt: float,
) -> FloatArray:
    """The pose [6] of a head that was read upright, as its map has it."""
    result = pose.copy()
    result[2] += tilt
    across, down = pose[3:5]
    cosine, sine = np.cos(tilt), np.sin(tilt)
    result[3:5] = across * cosine - down * sine, across * sine + down * cosine
    return result
