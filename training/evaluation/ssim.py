"""Structural similarity (Wang et al. 2004, https://doi.org/10.1109/TIP.2003.819861)."""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import correlate1d

from training.evaluation.metric import Comparison, Picture

WINDOW, SIGMA = 11, 1.5
"""The Gaussian window of the original, pixels."""
K1, K2 = 0.01, 0.03
"""The original's constants, for a data range of 1."""


class Ssim:
    """Mean SSIM over all pixels and channels, mirrored at the border as torchmetrics does."""

    name = "SSIM"
    higher_is_better = True

    def __call__(self, comparison: Comparison) -> float:
        return ssim(comparison.rendered, comparison.truth)


def ssim(
    first: Picture,  # [H, W, 3] 0..1
    second: Picture,  # [H, W, 3] 0..1
) -> float:
    """SSIM of two pictures, channels averaged; 1 for equal ones."""
    a, b = first.astype(np.float64), second.astype(np.float64)
    mean_a, mean_b = _blur(a), _blur(b)
    variance_a = _blur(a * a) - mean_a**2
    variance_b = _blur(b * b) - mean_b**2
    covariance = _blur(a * b) - mean_a * mean_b
    c1, c2 = K1**2, K2**2
    likeness = (2 * mean_a * mean_b + c1) * (2 * covariance + c2)
    energy = (mean_a**2 + mean_b**2 + c1) * (variance_a + variance_b + c2)
    return float((likeness / energy).mean())


def _blur(picture: NDArray[np.float64]) -> NDArray[np.float64]:
    x = np.arange(WINDOW) - WINDOW // 2
    kernel = np.exp(-(x**2) / (2 * SIGMA**2))
    kernel /= kernel.sum()
    for axis in (0, 1):
        picture = correlate1d(picture, kernel, axis, mode="mirror")
    return picture
