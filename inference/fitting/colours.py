"""The head's colours from the photograph, and what they imply where it sees nothing.

The picture is linear in the colours (blending.py), so the colours of what is seen solve a
sparse least-squares problem. Its unknown is the CHANGE against the network's colours: kept
smooth along the template and drawn, where nothing is seen, towards the change that the seen
part of the same label (or the mirrored half) underwent.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags
from scipy.sparse.linalg import splu

from inference.fitting.blending import Blending
from inference.fitting.conjugate_gradients import solve
from inference.head.gaussians import FloatArray
from inference.progress import CancelToken

HAIR_LABELS = (14, 15)
"""Hair and hat, FaRL celebm order."""

SKIN_LABELS = (2, 10)
"""Face and nose, which the photograph of a face surely shows as skin."""

SMOOTHING_STEPS = 12
"""Damped Jacobi steps that take the patches' borders out of a carried change (our choice)."""


@dataclass(frozen=True)
class ColourConfig:
    """How the colours are solved for; all values are our choice.

    Attributes:
        smooth: weight of the change's smoothness, in pixels of the picture.
        prior: weight of the change's prior, in pixels of the picture; the change reaches
            about sqrt(smooth / prior) anchors beyond what is seen.
        unsure_hold: the prior weighs this much more where hardly anything is seen.
        skin_spread: added to the spread of the skin's colours, RGB.
        first_iterations: of conjugate gradients, with a rough prior.
        iterations: of conjugate gradients, with the prior that the first ones gave.
        sure_px: blending weight from which a Gaussian counts as fully seen, pixels at 512.
        gain_ridge: how strongly a label's gain is held at 1, as a share of its samples.
        label_pull: how strongly the unseen part follows its label instead of the seen rim.
        mirror_pull: how strongly it follows the other side where that is seen.
    """

    smooth: float = 0.01
    prior: float = 0.00016
    unsure_hold: float = 60.0
    skin_spread: float = 0.05
    first_iterations: int = 8
    iterations: int = 16
    sure_px: float = 1.0
    gain_ridge: float = 0.05
    label_pull: float = 0.005
    mirror_pull: float = 0.2


@dataclass(frozen=True)
class HeadSides:
    """What is known of the anchors.

    Attributes:
        labels: [N] 19-class template label.
        mirror: [N] index of the anchor on the other side.
        patches: [N] patch of every anchor, counted from 0.
        laplacian: [N, N] of the anchors' graph.
    """

    labels: NDArray[np.uint8]
    mirror: NDArray[np.integer]
    patches: NDArray[np.int64]
    laplacian: csr_matrix


def solve_colours(
    blending: Blending,
    image: FloatArray,  # [H, W, 3] RGB 0..1
    pixel_weight: FloatArray,  # [H, W] 0..1
    facing: FloatArray,  # [N] 0..1
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
        facing: how far each Gaussian looks at the camera; those at 0 are not asked, even
            if they shine through.
        colours: the network's colours.
        sides: labels, mirror, patches and graph.
        config: weights.
        cancel: checked at every iteration.
    """
    scale = (blending.width / 512) ** 2
    smooth, hold = config.smooth * scale, config.prior * scale
    believed = np.flatnonzero(pixel_weight.reshape(-1) > 0)
    root = np.sqrt(pixel_weight.reshape(-1)[believed]).astype(np.float32)
    matrix = (diags(root) @ blending.matrix[believed]).tocsr()
    target = (image * blending.alpha[..., None]).reshape(-1, 3)[believed]
    residual = target * root[:, None] - matrix @ colours
    forward = (matrix @ diags((facing > 0).astype(np.float32))).tocsr()
    forward.eliminate_zeros()
    backward = forward.T.tocsr()
    back = backward @ residual
    seen = backward @ root
    sure = facing * np.clip((seen / (config.sure_px * scale) - 0.2) / 0.8, 0, 1)
    squared = backward.copy()
    squared.data = squared.data**2
    ones = np.ones(len(believed), np.float32)
    hold = hold * (1 + config.unsure_hold * (1 - sure))
    diagonal = squared @ ones + smooth * sides.laplacian.diagonal() + hold
    cancel.check()

    def apply(x: FloatArray) -> FloatArray:
        return backward @ (forward @ x) + smooth * (sides.laplacian @ x) + hold[:, None] * x

    def solved(guess: FloatArray, prior: FloatArray, iterations: int) -> FloatArray:
        start = (prior + sure[:, None] * (guess - prior)).astype(np.float32)
        hidden = backward @ (matrix @ np.where(facing[:, None] > 0, 0, prior))
        right = (back - hidden + hold[:, None] * prior).astype(np.float32)
        return solve(apply, right, start, diagonal, iterations, cancel)

    def continued(change: FloatArray) -> FloatArray:
        telling = sure * own_kind(colours + change, sure, sides.labels, config.skin_spread)
        base = label_change(change, colours, telling, sides.labels, config.gain_ridge)
        known_there = np.clip(sure[sides.mirror] - sure, 0, 1)
        base += known_there[:, None] * (change[sides.mirror] - base)
        pull = config.label_pull + config.mirror_pull * known_there
        return extend(change, base, telling, pull, sides)

    guess = back / np.maximum(seen, 1e-6)[:, None]
    change = solved(guess, continued(guess), config.first_iterations)
    # Once more, now that the seen part is known well enough to speak for the rest.
    change = solved(change, continued(change), config.iterations)
    return np.clip(colours + change, 0, 1).astype(np.float32)


def own_kind(
    colours: FloatArray,  # [N, 3]
    sure: FloatArray,  # [N]
    labels: NDArray[np.uint8],  # [N]
    spread: float,
) -> FloatArray:
    """0..1, how far a Gaussian of the scalp shows hair and not skin; 1 elsewhere, [N].

    Hairlines differ: where the template has hair the photograph may have a forehead, whose
    colour must not run over the back of the head. A head that is all skin is bald.
    """
    hair = np.isin(labels, HAIR_LABELS)
    skin = np.isin(labels, SKIN_LABELS) & (sure > 0.5)
    result = np.ones(len(labels), np.float32)
    if skin.sum() < 50:
        return result
    middle = np.median(colours[skin], axis=0)
    covariance = np.cov((colours[skin] - middle).T) + spread**2 * np.eye(3)
    offset = colours[hair] - middle
    distance = np.einsum("ni,ij,nj->n", offset, np.linalg.inv(covariance), offset)
    result[hair] = 1 - np.exp(-0.25 * distance)
    shown = float((sure * result)[hair].sum()) / max(float(sure[hair].sum()), 1e-6)
    bald = np.clip((0.25 - shown) / 0.15, 0, 1)
    result[hair] = bald + (1 - bald) * result[hair]
    return result


def extend(
    change: FloatArray,  # [N, 3]
    base: FloatArray,  # [N, 3]
    sure: FloatArray,  # [N]
    pull: FloatArray,  # [N]
    sides: HeadSides,
) -> FloatArray:
    """Carry the change of what is seen over to what is not, [N, 3].

    A screened Poisson equation on the patches, which are few enough to solve exactly: the
    change flows from the seen rim over the unseen part and fades into `base` far from it.

    Args:
        change: of every Gaussian.
        base: what it fades into.
        sure: 0..1, how far each Gaussian was seen.
        pull: weight of `base` for each Gaussian, summed over a patch's 16.
        sides: labels, patches and graph.
    """
    pieces = sides.patches * 256 + sides.labels  # a patch on a border is one piece a label
    _, piece = np.unique(pieces, return_inverse=True)
    count = len(piece)
    gather = csr_matrix((np.ones(count), (piece, np.arange(count))))
    poisson = gather @ sides.laplacian @ gather.T
    system = diags(gather @ (sure + pull)) + poisson
    right = gather @ (sure[:, None] * (change - base))
    carried = splu(system.tocsc()).solve(np.asarray(right, np.float64))
    # Patches are coarse: even out their steps along the graph.
    smooth = carried[piece].astype(np.float32)
    inverse = (1 / np.maximum(sides.laplacian.diagonal(), 1e-3))[:, None]
    for _ in range(SMOOTHING_STEPS):
        smooth -= 0.9 * inverse * (sides.laplacian @ smooth)
    return base + smooth


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
