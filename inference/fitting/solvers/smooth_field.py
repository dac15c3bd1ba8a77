"""A smooth displacement of space that brings a few points where they should be.

Kernel ridge regression with compact Wendland kernels of several reaches: coarse ones carry
large common moves, fine ones what is left. Whatever lies near a moved point moves with it,
so no Gaussian leaves its neighbours.
"""

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.fitting.solvers.threads import in_threads
from inference.head.gaussians import FloatArray
from inference.progress import CancelToken
from inference.rendering.portable.jit import kernel

CHUNKS = 32
"""Points are shared out in this many parts (our choice)."""


@dataclass(frozen=True)
class Kernel:
    """A sum of Wendland C2 kernels (Wendland 1995, phi_{3,1}).

    Attributes:
        reaches: metres at which each kernel ends.
        shares: how much of the variance each carries; they sum to 1.
    """

    reaches: tuple[float, ...]
    shares: tuple[float, ...]


@dataclass(frozen=True)
class SmoothField:
    """A displacement field; see fit_field.

    Attributes:
        centres: [K, 3] metres, world frame.
        coefficients: [K, 3] metres.
        kernel: the shape of each centre's influence.
    """

    centres: FloatArray
    coefficients: FloatArray
    kernel: Kernel

    def at(self, points: FloatArray, cancel: CancelToken | None = None) -> FloatArray:
        """Displacement [N, 3] in metres of world points [N, 3]; `cancel` is checked."""
        parts = np.linspace(0, len(points), CHUNKS + 1).astype(int)
        # One block of memory a chunk, coordinate by coordinate.
        chunks = [
            np.ascontiguousarray(points[first:last].T, np.float32)
            for first, last in itertools.pairwise(parts)
        ]
        moved = [np.zeros_like(chunk) for chunk in chunks]
        reaches = np.array(self.kernel.reaches, np.float32)
        shares = np.array(self.kernel.shares, np.float32)
        in_threads(
            lambda chunk, out: field_kernel(
                chunk, self.centres, self.coefficients, reaches, shares, out
            ),
            list(zip(chunks, moved, strict=True)),
            cancel,
        )
        return np.ascontiguousarray(np.concatenate(moved, axis=1).T)


def fit_field(
    points: NDArray[np.float64],  # [K, 3]
    displacements: NDArray[np.float64],  # [K, 3]
    trust: NDArray[np.float64],  # [K]
    kernel: Kernel,
    ridge: float,
) -> SmoothField:
    """Fit a field to displacements of some points.

    Args:
        points: where, metres.
        displacements: how far each should move, metres.
        trust: weight of each, positive; a point of weight 0.01 is followed a hundred times
            less than one of weight 1.
        kernel: how smooth.
        ridge: noise to signal ratio at trust 1; larger is stiffer.
    """
    distances = np.linalg.norm(points[:, None] - points[None], axis=-1)
    gram = np.zeros_like(distances)
    for reach, share in zip(kernel.reaches, kernel.shares, strict=True):
        r = np.minimum(distances / reach, 1)
        gram += share * (1 - r) ** 4 * (4 * r + 1)
    gram[np.diag_indices_from(gram)] += ridge / np.maximum(trust, 1e-6)
    # numpy's solver, unlike scipy's, lets other threads run meanwhile: the window stays alive.
    coefficients = np.linalg.solve(gram, displacements)
    return SmoothField(
        np.ascontiguousarray(points, np.float32),
        np.ascontiguousarray(coefficients, np.float32),
        kernel,
    )


@kernel
def field_kernel(
    points: FloatArray,  # [3, N]
    centres: FloatArray,  # [K, 3]
    coefficients: FloatArray,  # [K, 3]
    reaches: FloatArray,  # [R]
    shares: FloatArray,  # [R]
    moved: FloatArray,  # [3, N] out, starts at 0
) -> None:
    """Sum up the kernels around every point; no branches, so that LLVM takes eight at once."""
    zero, one, four = np.float32(0), np.float32(1), np.float32(4)
    count = points.shape[1]
    value = np.empty(count, np.float32)
    for k in range(len(centres)):
        cx, cy, cz = centres[k, 0], centres[k, 1], centres[k, 2]
        value[:] = zero
        for j in range(len(reaches)):
            inverse, share = one / reaches[j], shares[j]
            for i in range(count):
                dx, dy, dz = points[0, i] - cx, points[1, i] - cy, points[2, i] - cz
                relative = np.sqrt(dx * dx + dy * dy + dz * dz) * inverse
                rest = max(one - relative, zero)
                square = rest * rest
                value[i] += share * square * square * (four * relative + one)
        for axis in range(3):
            coefficient = coefficients[k, axis]
            for i in range(count):
                moved[axis, i] += value[i] * coefficient
