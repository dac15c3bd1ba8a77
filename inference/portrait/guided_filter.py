"""The guided filter with a colour guide.

He, Sun, Tang, "Guided Image Filtering", https://doi.org/10.1109/TPAMI.2012.213, section 3.5:
in every window the output is the linear function of the guide's colour that is nearest to the
input, so that soft input edges move onto the guide's edges.
"""

import cv2
import numpy as np

from inference.head.gaussians import FloatArray


def guided_filter(
    guide: FloatArray,  # [H, W, 3] float32 0..1
    values: FloatArray,  # [H, W] float32
    radius: int,
    epsilon: float,
) -> FloatArray:
    """Filter `values` along the edges of `guide`.

    Args:
        guide: colour picture.
        values: what is filtered.
        radius: half of the window's edge in pixels.
        epsilon: variance of the guide below which a window counts as flat.

    Returns:
        [H, W] float32, not clipped.
    """
    mean_guide = _box(guide, radius)
    mean_values = _box(values, radius)
    covariance = _box(guide * values[..., None], radius) - mean_guide * mean_values[..., None]
    # Where the values do not vary the slope is 0; a matte is constant nearly everywhere.
    varies = np.abs(covariance).max(-1) > 1e-7
    variance = np.empty((int(varies.sum()), 3, 3), np.float32)
    for i in range(3):
        for j in range(i, 3):
            product = _box(guide[..., i] * guide[..., j], radius)
            moment = product - mean_guide[..., i] * mean_guide[..., j]
            variance[:, i, j] = variance[:, j, i] = moment[varies]
    variance += epsilon * np.eye(3, dtype=np.float32)
    slope = np.zeros_like(covariance)
    slope[varies] = np.linalg.solve(variance, covariance[varies][..., None])[..., 0]
    offset = np.asarray(mean_values - (slope * mean_guide).sum(-1), np.float32)
    return np.asarray((_box(slope, radius) * guide).sum(-1) + _box(offset, radius), np.float32)


def _box(array: FloatArray, radius: int) -> FloatArray:
    """Mean over a square window, mirrored at the border."""
    edge = 2 * radius + 1
    mean = cv2.boxFilter(
        np.asarray(array, np.float32), -1, (edge, edge), borderType=cv2.BORDER_REFLECT
    )
    return np.asarray(mean, np.float32)
