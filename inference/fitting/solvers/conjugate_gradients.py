"""Preconditioned conjugate gradients for several right-hand sides at once."""

from collections.abc import Callable

import numpy as np

from inference.head.gaussians import FloatArray
from inference.progress import CancelToken


def solve(
    apply: Callable[[FloatArray], FloatArray],
    right: FloatArray,  # [N, C]
    start: FloatArray,  # [N, C]
    diagonal: FloatArray,  # [N]
    iterations: int,
    cancel: CancelToken,
) -> FloatArray:
    """Solve apply(x) = right for x [N, C], each column on its own.

    Args:
        apply: a symmetric positive definite operator, [N, C] -> [N, C].
        right: right-hand sides.
        start: where to start.
        diagonal: the operator's diagonal, the preconditioner.
        iterations: how many steps; each column stops when it is exact.
        cancel: checked at every step.

    Source: Hestenes and Stiefel 1952; Jacobi preconditioning.
    """
    inverse = (1 / np.maximum(diagonal, 1e-12)).astype(np.float32)[:, None]
    x = start.copy()
    residual = right - apply(x)
    step = inverse * residual
    direction = step.copy()
    power = (residual * step).sum(0)
    goal = 1e-10 * np.maximum((right * (inverse * right)).sum(0), 1e-20)
    for _ in range(iterations):
        cancel.check()
        if (power <= goal).all():
            break
        image = apply(direction)
        curve = (direction * image).sum(0)
        length = np.where(power > goal, power / np.maximum(curve, 1e-30), 0).astype(np.float32)
        x += length * direction
        residual -= length * image
        step = inverse * residual
        renewed = (residual * step).sum(0)
        ratio = np.where(power > goal, renewed / np.maximum(power, 1e-30), 0).astype(np.float32)
        direction = step + ratio * direction
        power = renewed
    return x
