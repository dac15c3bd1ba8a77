"""What a picture and its face map say of a look in numbers: colours and textures of the regions.

Nothing in here was trained, so that what judges edits shares nothing with what makes them.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.face_map.labels import FEATURES, Label

Float = NDArray[np.float32]

EDGE = 256
"""Pixels that pictures are brought to, so that textures can be compared."""

_FINE, _COARSE = 1.2, 4.0  # pixels: textures between these scales, and finer
_LOCKS = (1.5, 4.0)  # pixels within which hairs of straight hair run the same way
_FLAT = 1e-3  # squared gradient of hair that shows no strands
_FEW = 12  # pixels below which a region says nothing
_DARK = 0.03
_REGIONS = (
    *("hair", "skin", "chin", "lip", "jaw"),
    *("brow above", "cheek", "brow", "left", "right"),
)
_TONED = ("hair", "skin", "chin", "lip", "jaw", "brow")
_LIPS = (Label.UPPER_LIP, Label.LOWER_LIP)
_EYES = (Label.RIGHT_EYE, Label.LEFT_EYE)
_BROWS = (Label.RIGHT_BROW, Label.LEFT_BROW)


def region_features(rgb: NDArray[np.uint8], labels: NDArray[np.uint8]) -> Float:
    """Features [F] of a picture [S, S, 3] with its map [S, S]; NaN for what is not to be seen."""
    size = (EDGE, EDGE)
    resized = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    picture: Float = np.multiply(resized, 1 / 255, dtype=np.float32)
    labels = np.asarray(cv2.resize(labels, size, interpolation=cv2.INTER_NEAREST), np.uint8)
    grey = np.asarray(picture.mean(2), np.float32)
    soft, softer = (cv2.GaussianBlur(grey, (0, 0), sigma) for sigma in (_FINE, _COARSE))
    bands = np.asarray(grey - soft, np.float32), np.asarray(soft - softer, np.float32)
    parts = _regions(labels)
    rows = [_statistics(picture, bands, parts[name]) for name in _REGIONS]
    tone = {name: row[:3] for name, row in zip(_REGIONS, rows, strict=True)}
    logs = [np.log(tone[name] + _DARK) for name in _TONED]
    hair, skin, *others = logs
    relative = [hair - skin, *(other - skin for other in others)]
    light = [
        _brightness(grey, parts["left"]) - _brightness(grey, parts["right"]),
        _brightness(grey, parts["brow above"]) - _brightness(grey, parts["chin"]),
    ]
    iris = _iris(picture, np.isin(labels, _EYES))
    locks = _alignment(grey, parts["hair"])
    found = [*rows, *logs, *relative, iris, iris[[0, 1]] - iris[[2, 2]], light, locks]
    return np.concatenate(found).astype(np.float32)


def _named_columns() -> dict[str, tuple[int, ...]]:
    widths = [
        *((name, 8) for name in _REGIONS),
        *((f"tone of {name}", 3) for name in _TONED),
        *((f"{name} beside skin", 3) for name in _TONED if name != "skin"),
        ("iris", 5),
        ("sides", 2),
        ("locks", 2 * len(_LOCKS)),
    ]
    found, first = {}, 0
    for name, width in widths:
        found[name] = tuple(range(first, first + width))
        first += width
    return found


COLUMNS = _named_columns()
"""Which features are about what."""


def _regions(labels: NDArray[np.uint8]) -> dict[str, NDArray[np.bool_]]:
    """Regions by name; what has no place of its own on the map is found from lips and eyes."""
    whole = np.isin(labels, (Label.FACE, *FEATURES))
    bare = labels == Label.FACE
    down, across = np.mgrid[:EDGE, :EDGE]
    left, right = np.quantile(across[whole], [0.02, 0.98]) if whole.any() else (0.0, EDGE)
    middle, width = (left + right) / 2, right - left
    eyes = _height(labels, _EYES, whole, 0.35)
    lips = _height(labels, _LIPS, whole, 0.78)
    nose = down[labels == Label.NOSE].max(initial=int(lips - 8))
    beside = np.abs(across - middle)
    upper = _inner(bare & (down < lips - 6))
    return {
        "hair": _inner(labels == Label.HAIR),
        "skin": upper,
        "chin": _inner(bare & (down > lips + 5)),
        "lip": bare & (down > nose) & (down < lips - 2) & (beside < 0.2 * width),
        "jaw": _inner(bare & (down > nose) & (down < lips + 4) & (beside > 0.28 * width)),
        "brow above": _inner(bare & (down < eyes - 8)),
        "cheek": _inner(bare & (down > eyes + 6) & (down < lips)),
        "brow": np.isin(labels, _BROWS),
        "left": upper & (across < middle),
        "right": upper & (across >= middle),
    }


def _height(
    labels: NDArray[np.uint8], classes: Sequence[int], face: NDArray[np.bool_], usual: float
) -> float:
    """The row of some classes; where they are hidden, where they usually are in a face."""
    rows = np.nonzero(np.isin(labels, classes))[0]
    if len(rows) > 0:
        return float(np.median(rows))
    rows = np.nonzero(face)[0]
    return float(np.quantile(rows, usual)) if len(rows) > 0 else usual * EDGE


def _inner(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return np.asarray(cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0)


def _statistics(picture: Float, bands: tuple[Float, Float], mask: NDArray[np.bool_]) -> Float:
    """[8] median RGB, a dark and a bright tenth, contrast fine, coarse and in all."""
    if mask.sum() < _FEW:
        return np.full(8, np.nan, np.float32)
    inside = picture[mask]
    grey = inside.mean(1)
    contrast = [band[mask].std() for band in bands] + [grey.std()]
    return np.concatenate(
        [
            np.median(inside, 0),
            np.quantile(grey, [0.1, 0.9]),
            np.array(contrast) / (grey.mean() + _DARK),
        ]
    ).astype(np.float32)


def _alignment(grey: Float, mask: NDArray[np.bool_]) -> Float:
    """[4] how far hairs beside each other run the same way, and how that differs over the hair.

    Coherence of the structure tensor (Bigun and Granlund 1987),
    0 for curls in all directions to 1 for parallel strands, for two sizes of neighbourhood.
    """
    if mask.sum() < _FEW:
        return np.full(2 * len(_LOCKS), np.nan, np.float32)
    across, down = (cv2.Sobel(grey, cv2.CV_32F, *order) for order in ((1, 0), (0, 1)))
    mask = _inner(mask) if _inner(mask).any() else mask  # no edges of the hair itself
    inside = mask.astype(np.float32)
    found = []
    for size in _LOCKS:
        xx, yy, xy = (
            cv2.GaussianBlur(product * inside, (0, 0), size)
            for product in (across**2, down**2, across * down)
        )
        energy = xx + yy
        coherence = np.sqrt((xx - yy) ** 2 + 4 * xy**2)[mask] / (energy[mask] + _FLAT)
        found += [np.average(coherence, weights=energy[mask] + _FLAT), coherence.std()]
    return np.array(found, np.float32)


def _brightness(grey: Float, mask: NDArray[np.bool_]) -> float:
    return float(np.log(grey[mask].mean() + _DARK)) if mask.sum() >= _FEW else float("nan")


def _iris(picture: Float, mask: NDArray[np.bool_]) -> Float:
    """[3] what lies between the pupil and the white of the eyes."""
    if mask.sum() < _FEW:
        return np.full(3, np.nan, np.float32)
    inside = picture[mask]
    grey = inside.mean(1)
    low, high = np.quantile(grey, [0.15, 0.55])
    return np.median(inside[(grey >= low) & (grey <= high)], 0).astype(np.float32)
