"""Colours for what is transparent: those of the picture beside it, growing ever smoother.

The pull-push of Gortler et al. 1996, "The Lumigraph", section 3.4
(https://doi.org/10.1145/237170.237200), with alpha as the weight.
"""

import numpy as np

from inference.head.gaussians import FloatArray

_LEVELS = 5  # halvings (our choice)

REACH = 2**_LEVELS
"""How far colours get, in pixels; parts of a picture that begin at its multiples agree."""

_BEYOND = np.float32(0.5)  # grey, where no colour reaches


def bleed(
    colour: FloatArray,  # [H, W, 3] RGB premultiplied by alpha
    alpha: FloatArray,  # [H, W] 0..1
) -> FloatArray:
    """An opaque picture [H, W, 3] that is the given one where that is opaque.

    Its silhouette has no edge: a filter that looks beyond it finds the same colours there.
    """
    layers = np.concatenate([colour, alpha[..., None]], axis=2, dtype=np.float32)
    return _fill(layers, _LEVELS)


def _fill(
    layers: FloatArray,  # [H, W, 4] premultiplied colour and alpha
    levels: int,
) -> FloatArray:
    colour, veil = layers[..., :3], 1 - layers[..., 3:]
    if levels == 0 or not veil.any():
        straight = colour / np.maximum(layers[..., 3:], np.float32(1e-3))
        opaque: FloatArray = np.where(layers[..., 3:] > 1e-3, straight, _BEYOND)
        return np.clip(opaque, 0, 1)
    height, width = veil.shape[:2]
    below = _doubled(_doubled(_fill(_halved(layers), levels - 1), 0), 1)
    filled: FloatArray = colour + veil * below[:height, :width]
    return filled


def _halved(layers: FloatArray) -> FloatArray:
    """Means of squares of four pixels; an odd last row or column is repeated."""
    even = np.pad(layers, [(0, length % 2) for length in layers.shape[:2]] + [(0, 0)], mode="edge")
    mean: FloatArray = np.float32(0.25) * (
        even[::2, ::2] + even[1::2, ::2] + even[::2, 1::2] + even[1::2, 1::2]
    )
    return mean


def _doubled(picture: FloatArray, axis: int) -> FloatArray:
    """Twice as long along an axis, interpolated linearly."""
    first = np.moveaxis(picture, axis, 0)
    padded = np.concatenate([first[:1], first, first[-1:]])
    result = np.empty((2 * len(first), *first.shape[1:]), np.float32)
    near = np.float32(0.75) * first
    result[::2] = near + np.float32(0.25) * padded[:-2]
    result[1::2] = near + np.float32(0.25) * padded[2:]
    return np.moveaxis(result, 0, axis)
