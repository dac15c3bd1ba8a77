"""The head's colours from the photograph, and what they imply where it sees nothing.

The picture is linear in the colours (blending.py), so the colours of what is seen solve a
sparse least-squares problem. Its unknown is the CHANGE against the network's colours: kept
smooth along the template and drawn, where nothing is seen, towards the change that the seen
part of the same label (or the mirrored half) underwent.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from inference.fitting.blending import Blending
from inference.fitting.conjugate_gradients import solve
from inference.head.gaussians import FloatArray
from inference.progress import CancelToken


@dataclass(frozen=True)
class ColourConfig:
    """How the colours are solved for; all values are our choice.

    Attributes:
        smooth: weight of the change's smoothness, in pixels of the picture.
        prior: weight of the change's prior, in pixels of the picture; the change reaches
            about sqrt(smooth / prior) anchors beyond what is seen.
        iterations: of conjugate gradients.
        sure_px: blending weight from which a Gaussian counts as fully seen, pixels at 512.
        gain_ridge: how strongly a label's gain is held at 1, as a share of its samples.
    """

    smooth: float = 0.05
    prior: float = 0.0008
    iterations: int = 40
    sure_px: float = 0.5
    gain_ridge: float = 0.05


@dataclass(frozen=True)
class HeadSides:
    """What is known of the anchors.

    Attributes:
        labels: [N] 19-class template label.
        mirror: [N] index of the anchor on the other side.
        laplacian: [N, N] of the anchors' graph.
    """

    labels: NDArray[np.uint8]
    mirror: NDArray[np.int64]
    laplacian: csr_matrix


def solve_colours(
    blending: Blending,
    image: FloatArray,  # [H, W, 3] RGB 0..1
    pixel_weight: FloatArray,  # [H, W] 0..1
    colours: FloatArray,  # [N, 3]
    sides: HeadSides,
    config: ColourConfig,
    cancel: CancelToken,
) -> FloatArray:
    """The colours [N, 3] that explain the photograph and continue it.

    Args:
        blending: from the photograph's camera, at the image's size.
        image: the photograph.
        pixel_weight: how far each pixel may be believed: foreground and seen from the front.
        colours: the network's colours.
        sides: labels, mirror and graph.
        config: weights.
        cancel: checked at every iteration.
    """
    matrix, count = blending.matrix, len(colours)
    weight = pixel_weight.reshape(-1).astype(np.float32)
    target = image.reshape(-1, 3) * blending.alpha.reshape(-1, 1)
    residual = (target - matrix @ colours) * weight[:, None]
    seen = matrix.T @ weight
    transposed = matrix.T.tocsr()
    back = transposed @ residual
    scale = (blending.width / 512) ** 2
    sure = np.clip(seen / (config.sure_px * scale), 0, 1)
    first_guess = back / np.maximum(seen, 1e-6)[:, None]
    prior = label_change(first_guess, colours, sure, sides.labels, config.gain_ridge)
    prior = mirrored(prior, first_guess, sure, sides.mirror)

    smooth, hold = config.smooth * scale, config.prior * scale
    squared = matrix.copy()
    squared.data = squared.data**2
    diagonal = squared.T @ weight + smooth * sides.laplacian.diagonal() + hold

    def apply(x: FloatArray) -> FloatArray:
        picture = (matrix @ x) * weight[:, None]
        return transposed @ picture + smooth * (sides.laplacian @ x) + hold * x

    start = prior + sure[:, None] * (first_guess - prior)
    right = back + hold * prior
    change = solve(apply, right, start.astype(np.float32), diagonal, config.iterations, cancel)
    assert change.shape == (count, 3)
    return np.clip(colours + change, 0, 1).astype(np.float32)


def label_change(
    change: FloatArray,  # [N, 3]
    colours: FloatArray,  # [N, 3]
    sure: FloatArray,  # [N]
    labels: NDArray[np.uint8],  # [N]
    ridge: float,
) -> FloatArray:
    """For every Gaussian the change [N, 3] that its label as a whole underwent.

    Per label and channel a gain and an offset, least squares over what is seen. A label
    of which hardly anything is seen takes the change of the whole head.
    """
    target = colours + change
    everything = _gain_offset(colours, target, sure, ridge)
    result = np.empty_like(colours)
    for label in np.unique(labels):
        inside = labels == label
        gain, offset = everything
        share = float(sure[inside].sum()) / max(1.0, 0.02 * inside.sum())
        if share > 0:
            own = _gain_offset(colours[inside], target[inside], sure[inside], ridge)
            mix = min(1.0, share)
            gain = mix * own[0] + (1 - mix) * gain
            offset = mix * own[1] + (1 - mix) * offset
        result[inside] = np.clip(gain * colours[inside] + offset, 0, 1) - colours[inside]
    return result


def _gain_offset(
    source: FloatArray, target: FloatArray, weight: FloatArray, ridge: float
) -> tuple[FloatArray, FloatArray]:
    """Per-channel gain and offset of target against source, [3] each."""
    total = max(float(weight.sum()), 1e-6)
    mean_in = weight @ source / total
    mean_out = weight @ target / total
    spread = weight @ (source - mean_in) ** 2 / total
    product = weight @ ((source - mean_in) * (target - mean_out)) / total
    gain = np.clip((product + ridge * 0.1) / (spread + ridge * 0.1), 0.3, 2.0)
    if total <= 1e-6:
        return np.ones(3, np.float32), np.zeros(3, np.float32)
    return gain, mean_out - gain * mean_in


def mirrored(
    prior: FloatArray,  # [N, 3]
    change: FloatArray,  # [N, 3]
    sure: FloatArray,  # [N]
    mirror: NDArray[np.int64],  # [N]
) -> FloatArray:
    """The prior with the other side's change where only the other side is seen, [N, 3]."""
    take = (np.clip(sure[mirror] - sure, 0, 1))[:, None]
    return prior + take * (change[mirror] - prior)
