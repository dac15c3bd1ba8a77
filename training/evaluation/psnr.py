"""Peak signal-to-noise ratio."""

import numpy as np

from training.evaluation.metric import Comparison


class Psnr:
    """PSNR in dB over the whole crop, peak 1; equal pictures give infinity."""

    name = "PSNR dB"
    higher_is_better = True

    def __call__(self, comparison: Comparison) -> float:
        error = comparison.rendered.astype(np.float64) - comparison.truth
        square = float(np.mean(error**2))
        return float("inf") if square == 0 else -10 * float(np.log10(square))
