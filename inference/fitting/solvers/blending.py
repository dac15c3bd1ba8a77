"""The picture as a linear map of the colours: which Gaussian gives how much to which pixel.

For fixed geometry and opacity, front-to-back compositing is linear in the colours: picture =
A @ colours, with A[p, j] = transmittance * alpha (Kerbl et al. 2023, equation 3). A is sparse
(a few entries a pixel), so a solver walks it far faster than it renders.
"""

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from inference.fitting.solvers.blending_kernels import band_kernel, project_kernel
from inference.fitting.solvers.sparse_product import times
from inference.fitting.solvers.threads import in_threads
from inference.head.gaussians import FloatArray, Gaussians
from inference.progress import CancelToken
from inference.rendering.camera import Camera

BANDS = 8
"""Rows of the picture are cut into this many bands that threads share (our choice)."""


@dataclass(frozen=True)
class Blending:
    """What every Gaussian gives to every pixel from one camera.

    Attributes:
        matrix: [H * W, N] float32 blending weights, rows in raster order.
        alpha: [H, W] their sum per pixel, 0..1.
        height, width: of the picture in pixels.
    """

    matrix: csr_matrix
    alpha: FloatArray
    height: int
    width: int

    def picture(self, colours: FloatArray) -> FloatArray:
        """[H, W, C] premultiplied picture of per-Gaussian values [N, C]."""
        colours = np.ascontiguousarray(colours, np.float32)
        flat = times(self.matrix, colours) if colours.shape[1] == 3 else self.matrix @ colours
        return flat.reshape(self.height, self.width, -1)

    def seen(self, pixel_weight: FloatArray) -> FloatArray:
        """[N] how much weight of the pixels [H, W] falls on each Gaussian."""
        return self.matrix.T @ pixel_weight.reshape(-1).astype(np.float32)


def blend(gaussians: Gaussians, camera: Camera, cancel: CancelToken | None = None) -> Blending:
    """Work out the blending weights with gsplat's maths (EWA, eps2d, clamp and stop).

    Args:
        gaussians: what is seen.
        camera: from where.
        cancel: checked at least every 100 ms.
    """
    ellipses, order = project(gaussians, camera)
    height, width = camera.height, camera.width
    counts = np.zeros((height, width), np.int32)
    empty = np.zeros(0, np.int32)
    none = np.zeros(0, np.float32)
    edges = np.linspace(0, height, BANDS + 1).astype(np.int64)
    bands = list(itertools.pairwise(edges))
    in_threads(
        lambda top, bottom: band_kernel(
            ellipses, order, top, bottom, width, counts, empty, none, empty, True
        ),
        bands,
        cancel,
    )
    starts = np.zeros(height * width + 1, np.int32)
    np.cumsum(counts.reshape(-1), out=starts[1:])
    indices = np.empty(starts[-1], np.int32)
    weights = np.empty(starts[-1], np.float32)
    counts[:] = 0
    in_threads(
        lambda top, bottom: band_kernel(
            ellipses, order, top, bottom, width, counts, indices, weights, starts, False
        ),
        bands,
        cancel,
    )
    matrix = csr_matrix((weights, indices, starts), shape=(height * width, len(gaussians)))
    alpha = (matrix @ np.ones(len(gaussians), np.float32)).reshape(height, width)
    return Blending(matrix, alpha, height, width)


def project(gaussians: Gaussians, camera: Camera) -> tuple[FloatArray, NDArray[np.int32]]:
    """Screen-space ellipses, and the visible ones from near to far.

    Returns:
        [N, 8] of (x, y, conic xx, xy, yy, opacity, half extent x, y) in pixels, and the
        [M] indices of those that touch the picture, nearest first.
    """
    ellipses = np.zeros((len(gaussians), 8), np.float32)
    depth = np.full(len(gaussians), np.inf, np.float32)
    project_kernel(
        gaussians.means,
        gaussians.quaternions,
        gaussians.scales,
        gaussians.opacities,
        np.ascontiguousarray(camera.world_to_camera, np.float32),
        np.ascontiguousarray(camera.intrinsics, np.float32),
        camera.width,
        camera.height,
        ellipses,
        depth,
    )
    order = np.argsort(depth, kind="stable").astype(np.int32)
    return ellipses, order[: int(np.isfinite(depth).sum())]
