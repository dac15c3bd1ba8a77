"""How the kernels lay things out in memory."""

import numpy as np

from inference.rendering.camera import Camera
from inference.rendering.ewa import FRUSTUM_MARGIN

TILE = 32
"""Edge of a tile in pixels."""

STRIDE = TILE + 8
"""Floats from one row of a tile's planes to the next: room for a vector that sticks out."""

PLANE = STRIDE * TILE
"""Floats of one plane of a tile."""

RECORD = 16
"""Floats of one projected Gaussian: one cache line. What is where:"""

X, Y = 0, 1  # centre in pixels
QA, QB, QC = 2, 3, 4  # alpha = 2 ^ (PEAK - QA dx dx - QB dx dy - QC dy dy)
PEAK = 5  # log2 of the opacity
RED, GREEN, BLUE, DEPTH = 6, 7, 8, 9
COLUMN_FROM, COLUMN_TO = 10, 11  # pixels in which alpha may reach ALPHA_MIN, the end excluded
ROW_FROM, ROW_TO = 12, 13

LOG2_255 = 7.994353436858858
LOG2_E = 1.4426950408889634

CULLED = -(2**31)
"""The depth key of a Gaussian that is not drawn; no other is as small."""


def tiles_across(pixels: int) -> int:
    """Number of tiles that cover so many pixels."""
    return -(-pixels // TILE)


def pack_camera(camera: Camera) -> np.ndarray:
    """The camera as the kernels want it, [22] float32.

    Rotation (9), translation (3), fx, fy, cx, cy, width, height, and the lowest and highest
    x/z, then y/z, at which the Jacobian is taken.
    """
    K, width, height = camera.intrinsics, camera.width, camera.height
    fx, fy, cx, cy = K[0, 0], K[1, 1], K[0, 2], K[1, 2]
    margin_x, margin_y = FRUSTUM_MARGIN * width / fx, FRUSTUM_MARGIN * height / fy
    return np.array(
        [
            *camera.world_to_camera[:3, :3].ravel(),
            *camera.world_to_camera[:3, 3],
            *(fx, fy, cx, cy, width, height),
            *(-cx / fx - margin_x, (width - cx) / fx + margin_x),
            *(-cy / fy - margin_y, (height - cy) / fy + margin_y),
        ],
        dtype=np.float32,
    )
