"""The head's colours from the photograph, and what they imply where it sees nothing.

The picture is linear in the colours (blending.py), so the colours of what is seen solve a
sparse least-squares problem. Its unknown is the CHANGE against the network's colours: kept
smooth along the template and drawn, where nothing is seen, towards the change that the seen
part of the same label (or the mirrored half) underwent.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags
from scipy.sparse.linalg import splu

from inference.fitting.evidence.kinds import STRICT_LABELS, Kinds
from inference.fitting.solvers.blending import Blending
from inference.fitting.solvers.conjugate_gradients import solve
from inference.fitting.solvers.sparse_product import times
from inference.head.gaussians import FloatArray
from inference.progress import CancelToken

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
        outlier: RGB error from which a grazing pixel is hardly believed,
        rim_px: as near as this to the end of the foreground, pixels at 512.
        first_iterations: of conjugate gradients, with a rough prior.
        iterations: of conjugate gradients, with the prior that the first ones gave.
        sure_px: blending weight from which a Gaussian counts as fully seen, pixels at 512.
        gain: how much of the network's broad course of colour within a label (a darker
            back of the head, say) is expected to be true.
        gain_limits: the same, least and most.
        gain_sigma: RGB; a label whose colours spread less than this tells little about it.
        label_pull: how strongly the unseen part follows its label instead of the seen rim.
        mirror_pull: how strongly it follows the other side where that is seen.
    """

    smooth: float = 0.02
    prior: float = 0.00035
    unsure_hold: float = 60.0
    outlier: float = 0.12
    rim_px: float = 8.0
    first_iterations: int = 8
    iterations: int = 16
    sure_px: float = 1.0
    gain: float = 0.4
    gain_limits: tuple[float, float] = (0.2, 0.8)
    gain_sigma: float = 0.2
    label_pull: float = 0.005
    mirror_pull: float = 0.2


@dataclass(frozen=True)
class HeadSides:
    """What is known of the anchors.

    Attributes:
        kinds: what each anchor is made of.
        mirror: [N] index of the anchor on the other side.
        patches: [N] patch of every anchor, counted from 0.
        laplacian: [N, N] of the anchors' graph.
    """

    kinds: Kinds
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
        sides: kinds, mirror, patches and graph.
        config: weights.
        cancel: checked at every iteration.
    """
    scale = (blending.width / 512) ** 2
    smooth = config.smooth * scale
    kinds = sides.kinds

    def continued(change: FloatArray, sure: FloatArray) -> FloatArray:
        cancel.check()
        telling = sure * kinds.shown(colours + change, sure)
        cancel.check()
        base = label_change(change, colours, telling, sides, config)
        known_there = np.clip(sure[sides.mirror] - sure, 0, 1)
        base += known_there[:, None] * (change[sides.mirror] - base)
        cancel.check()
        pull = config.label_pull + config.mirror_pull * known_there
        return extend(change, base, telling, pull, sides)

    def solved(
        system: "_System", guess: FloatArray, prior: FloatArray, iterations: int
    ) -> FloatArray:
        cancel.check()
        sure = system.sure[:, None]
        hold = config.prior * scale * (1 + config.unsure_hold * (1 - sure))
        hold = hold.astype(np.float32)
        unasked = np.where(facing[:, None] > 0, 0, prior)
        hidden = times(system.backward, times(system.matrix, unasked))
        return solve(
            lambda x: (
                times(system.backward, times(system.forward, x))
                + smooth * times(sides.laplacian, x)
                + hold * x
            ),
            (system.back - hidden + hold * prior).astype(np.float32),
            (prior + sure * (guess - prior)).astype(np.float32),
            system.diagonal + smooth * sides.laplacian.diagonal() + hold[:, 0],
            iterations,
            cancel,
        )

    system = _System.of(blending, image, pixel_weight, facing, colours, config, cancel)
    cancel.check()
    guess = (system.back / np.maximum(system.seen, 1e-6)[:, None]).astype(np.float32)
    prior = continued(guess, system.sure)
    change = solved(system, guess, prior, config.first_iterations)
    # Once more, now that the seen part is known well enough to speak for the rest, and what
    # contradicts it at the rim (background, a collar in front of a jaw) is known for that.
    prior = continued(change, system.sure)
    strict = np.isin(kinds.template, STRICT_LABELS).astype(np.float32)
    weight = _without_outliers(blending, image, pixel_weight, colours + prior, strict, config)
    cancel.check()
    system = _System.of(blending, image, weight, facing, colours, config, cancel)
    cancel.check()
    prior = continued(change, system.sure)
    change = solved(system, change, prior, config.iterations)
    return np.clip(colours + change, 0, 1).astype(np.float32)


def _without_outliers(
    blending: Blending,
    image: FloatArray,
    weight: FloatArray,
    colours: FloatArray,
    strict: FloatArray,
    config: ColourConfig,
) -> FloatArray:
    """Pixel weights [H, W], less where the face's rim contradicts the face.

    There the head is a little too wide, or the matte.
    """
    expected = blending.picture(colours)
    error = np.linalg.norm(image * blending.alpha[..., None] - expected, axis=-1)
    outside = cv2.distanceTransform((weight > 0).astype(np.uint8), cv2.DIST_L2, 3)
    rim = np.exp(-((outside * 512 / blending.width / config.rim_px) ** 2))
    robust = 1 / (
        1 + rim * blending.picture(strict[:, None])[..., 0] * (error / config.outlier) ** 2
    )
    return (weight * (weight + (1 - weight) * robust)).astype(np.float32)


@dataclass(frozen=True)
class _System:
    """The weighted least-squares problem of one set of pixel weights.

    Attributes:
        matrix: [P, N] blending weights of the P believed pixels, times their weights' root.
        forward: the same without the Gaussians that look away; backward: its transpose.
        back: [N, 3] gradient at no change.
        seen: [N] summed weight of each Gaussian, in pixels.
        sure: [N] 0..1, how far each Gaussian was seen.
        diagonal: [N] of backward @ forward.
    """

    matrix: csr_matrix
    forward: csr_matrix
    backward: csr_matrix
    back: FloatArray
    seen: FloatArray
    sure: FloatArray
    diagonal: FloatArray

    @classmethod
    def of(
        cls,
        blending: Blending,
        image: FloatArray,
        weight: FloatArray,
        facing: FloatArray,
        colours: FloatArray,
        config: ColourConfig,
        cancel: CancelToken,
    ) -> "_System":
        believed = np.flatnonzero(weight.reshape(-1) > 0)
        root = np.sqrt(weight.reshape(-1)[believed]).astype(np.float32)
        matrix = blending.matrix[believed]
        matrix.data *= np.repeat(root, np.diff(matrix.indptr))
        target = (image * blending.alpha[..., None]).reshape(-1, 3)[believed]
        cancel.check()
        forward = matrix.copy()
        forward.data *= facing[forward.indices] > 0
        forward.eliminate_zeros()
        backward = forward.T.tocsr()
        cancel.check()
        seen = backward @ root
        scale = (blending.width / 512) ** 2
        sure = facing * np.clip((seen / (config.sure_px * scale) - 0.2) / 0.8, 0, 1)
        squared = backward.copy()
        squared.data = squared.data**2
        return cls(
            matrix=matrix,
            forward=forward,
            backward=backward,
            back=times(backward, target * root[:, None] - times(matrix, colours)),
            seen=seen,
            sure=sure,
            diagonal=squared @ np.ones(len(believed), np.float32),
        )


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
        sides: kinds, patches and graph.
    """
    pieces = sides.patches * 256 + sides.kinds.labels  # a patch on a border is one piece a label
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
        smooth -= 0.9 * inverse * times(sides.laplacian, smooth)
    return base + smooth


def label_change(
    change: FloatArray,  # [N, 3]
    colours: FloatArray,  # [N, 3]
    sure: FloatArray,  # [N]
    sides: "HeadSides",
    config: ColourConfig,
) -> FloatArray:
    """For every Gaussian the change [N, 3] that its label as a whole underwent.

    Per label and channel a gain and an offset, least squares over what is seen, of the
    colours' broad course; fine detail is kept. A label of which hardly anything is seen takes
    the change of the whole head.
    """
    labels, patches = sides.kinds.labels, sides.patches
    sizes = np.bincount(patches)[:, None]
    sums = np.stack([np.bincount(patches, colours[:, k]) for k in range(3)], axis=1)
    broad = (sums / sizes)[patches].astype(np.float32)
    target = broad + change
    everything = _gain_offset(broad, target, sure, config)
    result = np.empty_like(colours)
    for label in np.unique(labels):
        inside = labels == label
        gain, offset = everything
        share = float(sure[inside].sum()) / max(1.0, 0.02 * inside.sum())
        if share > 0:
            own = _gain_offset(broad[inside], target[inside], sure[inside], config)
            mix = min(1.0, share)
            gain = mix * own[0] + (1 - mix) * gain
            offset = mix * own[1] + (1 - mix) * offset
        moved = colours[inside] - broad[inside] + gain * broad[inside] + offset
        result[inside] = np.clip(moved, 0, 1) - colours[inside]
    return result


def _gain_offset(
    source: FloatArray, target: FloatArray, weight: FloatArray, config: ColourConfig
) -> tuple[FloatArray, FloatArray]:
    """Per-channel gain and offset of target against source, [3] each."""
    total = float(weight.sum())
    if total < 1e-6:
        return np.ones(3, np.float32), np.zeros(3, np.float32)
    mean_in = weight @ source / total
    mean_out = weight @ target / total
    spread = weight @ (source - mean_in) ** 2 / total
    product = weight @ ((source - mean_in) * (target - mean_out)) / total
    ridge = config.gain_sigma**2
    gain = np.clip((product + ridge * config.gain) / (spread + ridge), *config.gain_limits)
    return gain, mean_out - gain * mean_in
