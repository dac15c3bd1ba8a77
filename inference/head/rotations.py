"""Rotations of Gaussians as matrices, whose columns are a Gaussian's axes, and as quaternions."""

import numpy as np

from inference.head.gaussians import FloatArray


def rotations_of(
    quaternions: FloatArray,  # [N, 4] wxyz of unit length
) -> FloatArray:
    """Rotation matrices [N, 3, 3]."""
    w, x, y, z = quaternions.T
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]
    return np.stack([np.stack(row, 1) for row in rows], 1).astype(np.float32)


def quaternions_of(
    turns: FloatArray,  # [N, 3, 3]
) -> FloatArray:
    """Unit quaternions [N, 4] wxyz of rotation matrices [N, 3, 3]."""
    m = turns
    trace = m[:, 0, 0] + m[:, 1, 1] + m[:, 2, 2]
    # Squares of all four parts; the largest divides (Shepperd 1978).
    squares = np.stack(
        [
            1 + trace,
            1 + 2 * m[:, 0, 0] - trace,
            1 + 2 * m[:, 1, 1] - trace,
            1 + 2 * m[:, 2, 2] - trace,
        ],
        1,
    )
    largest = squares.argmax(1)
    a, b, c = m[:, 2, 1] - m[:, 1, 2], m[:, 0, 2] - m[:, 2, 0], m[:, 1, 0] - m[:, 0, 1]
    d, e, f = m[:, 1, 0] + m[:, 0, 1], m[:, 0, 2] + m[:, 2, 0], m[:, 2, 1] + m[:, 1, 2]
    table = np.stack(
        [
            np.stack([squares[:, 0], a, b, c], 1),
            np.stack([a, squares[:, 1], d, e], 1),
            np.stack([b, d, squares[:, 2], f], 1),
            np.stack([c, e, f, squares[:, 3]], 1),
        ],
        1,
    )
    chosen = table[np.arange(len(m)), largest]
    return (chosen / np.linalg.norm(chosen, axis=1, keepdims=True)).astype(np.float32)
