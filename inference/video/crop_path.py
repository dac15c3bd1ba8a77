"""From the face's places to the crops that the model reads: gaps closed or cut, then smoothed."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.portrait.types import CropBox
from inference.video.one_euro import OneEuro, smooth_both_ways
from inference.video.track import Track

MAX_GAP = 0.5
"""Seconds without a face during which the last crop is held, and the last head where the crop
shows no face either; longer gaps are left out (our choice)."""

SMOOTHING = OneEuro(min_cutoff=1.0, beta=10.0)
"""Of crops; lengths are in edges of the crop (our choice: the detector's tremble, 0.3 %, becomes
0.1 %, and a head that crosses the picture in two seconds is followed within a frame)."""

CUT = 0.5
"""A leap of the crop between frames, in its edges, that is a cut of the film."""


@dataclass(frozen=True)
class Gap:
    """Seconds of the clip, from and to, in which no face was found."""

    start: float
    end: float


@dataclass(frozen=True)
class CropPath:
    """The crops of a clip.

    Attributes:
        times: [N] seconds.
        crops: [N, 3] centre x, centre y, edge, in pixels; NaN where the frame is left out.
        scene: [N] rises by one at every cut and after every left-out gap.
        held: gaps bridged by the last crop.
        skipped: gaps left out.
    """

    times: NDArray[np.float64]
    crops: NDArray[np.float64]
    scene: NDArray[np.int64]
    held: list[Gap]
    skipped: list[Gap]

    def crop(self, index: int) -> CropBox:
        """The crop of a frame that is not left out."""
        x, y, side = self.crops[index].tolist()
        return CropBox(x, y, side)

    @property
    def usable(self) -> NDArray[np.bool_]:
        """[N] whether the frame is not left out."""
        return np.isfinite(self.crops[:, 0])


def make_crop_path(track: Track, rate: float) -> CropPath:
    """Close short gaps, leave out long ones, and smooth what is between.

    Args:
        track: where the face was found.
        rate: frames a second, for how long the last frame lasts.
    """
    times, crops = track[:, 0].copy(), track[:, 1:4].copy()
    held, skipped = [], []
    for first, end in _runs(~np.isfinite(crops[:, 0])):
        stop = times[end] if end < len(times) else times[-1] + 1 / rate
        gap = Gap(float(times[first]), float(stop))
        known = first > 0 or end < len(times)
        if known and gap.end - gap.start <= MAX_GAP:
            # At the very start there is no last crop: the first one serves.
            crops[first:end] = crops[first - 1] if first > 0 else crops[end]
            held.append(gap)
        else:
            skipped.append(gap)
    usable = np.isfinite(crops[:, 0])
    scene = np.zeros(len(times), np.int64)
    scene[1:] = np.cumsum(~usable[:-1] & usable[1:])
    with np.errstate(invalid="ignore"):
        leap = np.linalg.norm(np.diff(crops[:, :2], axis=0), axis=1) / crops[1:, 2]
        scene[1:] += np.cumsum(leap > CUT)
    for number in np.unique(scene[usable]):
        part = usable & (scene == number)
        crops[part] = _smooth(crops[part], times[part])
    return CropPath(times, crops, scene, held, skipped)


def _smooth(crops: NDArray[np.float64], times: NDArray[np.float64]) -> NDArray[np.float64]:
    unit = np.median(crops[:, 2])
    values = np.column_stack([crops[:, :2] / unit, np.log(crops[:, 2])])
    smooth = smooth_both_ways(values, times, SMOOTHING)
    return np.column_stack([smooth[:, :2] * unit, np.exp(smooth[:, 2])])


def _runs(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """(first, one past the last) of each run of true flags."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))
