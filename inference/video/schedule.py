"""Which frame of the clip each picture of the video shows."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from inference.video.crop_path import CropPath


@dataclass(frozen=True)
class Schedule:
    """Pictures at a steady rate from frames at any times.

    Attributes:
        rate: pictures a second.
        sources: [N] index of the frame that each picture shows, ascending; a frame that
            lasts longer is shown again, one that is too short is left out.
    """

    rate: Fraction
    sources: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.sources)


def make_schedule(path: CropPath, clip_rate: Fraction, rate: Fraction) -> Schedule:
    """Show at each tick the frame nearest in time; ticks of left-out frames fall away.

    Args:
        path: times and crops of the frames.
        clip_rate: of the clip, for how long its last frame lasts.
        rate: pictures a second.
    """
    times = path.times
    duration = times[-1] + 1 / float(clip_rate)
    ticks = np.arange(max(1, round(duration * float(rate)))) / float(rate)
    middles = (times[1:] + times[:-1]) / 2
    # A tick that lies between two frames by rounding alone belongs to the later one.
    sources = np.searchsorted(middles, ticks + 1e-6, side="right")
    return Schedule(rate, sources[path.usable[sources]])
