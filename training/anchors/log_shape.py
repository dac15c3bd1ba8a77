"""The shape of a Gaussian as the logarithm of its covariance's root: a loss can be taken of it.

Quaternions and scales name the same ellipsoid in many ways; the symmetric matrix
R diag(log s) R^T names it once, its difference is the same for all sizes, and its mean over heads
is the log-Euclidean mean (Arsigny et al. 2006, https://doi.org/10.1002/mrm.20965).

Six numbers stand for the matrix: xx, xy, xz, yy, yz, zz; the three off the diagonal are multiplied
by the root of 2, so that distances are those of the matrices (Frobenius norm).
"""

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

Float = NDArray[np.float64]

_ROWS, _COLUMNS = (0, 0, 0, 1, 1, 2), (0, 1, 2, 1, 2, 2)
_WEIGHT = (1.0, 2**0.5, 2**0.5, 1.0, 2**0.5, 1.0)
MIRRORED = np.array([1, -1, -1, 1, 1, 1], np.float32)
"""Signs of the six numbers when left and right are swapped."""
LOG_SIZE = np.array([1, 0, 0, 1, 0, 1], np.float32)
"""What a log of size adds to the six numbers, times its value."""


def log_shape(
    quaternions: torch.Tensor,  # [..., 4] wxyz unit
    scales: torch.Tensor,  # [..., 3] metres
) -> torch.Tensor:
    """The six numbers [..., 6] of Gaussians."""
    w, x, y, z = quaternions.unbind(-1)
    turn = torch.stack(
        [
            1 - 2 * (y * y + z * z),
            2 * (x * y - w * z),
            2 * (x * z + w * y),
            2 * (x * y + w * z),
            1 - 2 * (x * x + z * z),
            2 * (y * z - w * x),
            2 * (x * z - w * y),
            2 * (y * z + w * x),
            1 - 2 * (x * x + y * y),
        ],
        dim=-1,
    ).unflatten(-1, (3, 3))
    matrix = (turn * scales.log()[..., None, :]) @ turn.transpose(-1, -2)
    weight = torch.tensor(_WEIGHT, dtype=matrix.dtype, device=matrix.device)
    return matrix[..., list(_ROWS), list(_COLUMNS)] * weight


def ellipsoids(shapes: Float) -> tuple[Float, Float]:
    """What the six numbers [N, 6] stand for.

    Returns:
        Quaternions [N, 4] wxyz and the logs of the scales [N, 3], the smallest first.
    """
    matrix = np.zeros((len(shapes), 3, 3))
    values = shapes / np.array(_WEIGHT)
    matrix[:, _ROWS, _COLUMNS] = values
    matrix[:, _COLUMNS, _ROWS] = values
    logs, axes = np.linalg.eigh(matrix)
    axes[np.linalg.det(axes) < 0, :, 0] *= -1
    return np.roll(Rotation.from_matrix(axes).as_quat(), 1, axis=1), logs
