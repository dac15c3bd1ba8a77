"""Single frames of videos, by PyAV. The only module of training that knows it."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.data.capture import Picture
from training.data.errors import BrokenSampleError


@dataclass(frozen=True)
class VideoFrame:
    """One frame of a video.

    Attributes:
        path: the video.
        index: of the frame, counted from 0 in the order in which they are shown.
    """

    path: Path
    index: int

    def read(self) -> Picture:
        """Decode it.

        Raises:
            BrokenSampleError: the video is missing, damaged or too short.
        """
        return Picture(read_frame(self.path, self.index))


def count_frames(path: Path) -> int:
    """How many frames a video has, from its packets, without decoding.

    Raises:
        BrokenSampleError: it is missing or damaged.
    """
    return len(_times(path))


def read_frame(path: Path, index: int) -> NDArray[np.uint8]:
    """Decode the frame `index`, [H, W, 3] uint8 RGB, from the key frame before it.

    Raises:
        BrokenSampleError: the video is missing, damaged or too short.
    """
    import av

    times = _times(path)
    if not 0 <= index < len(times):
        raise BrokenSampleError(f"{path} has {len(times)} frames and so none at {index}.")
    wanted = times[index]
    try:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            container.seek(wanted, stream=stream, backward=True)
            for frame in container.decode(stream):
                if frame.pts is not None and frame.pts >= wanted:
                    return np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
    except (av.FFmpegError, OSError, ValueError) as error:
        raise BrokenSampleError(f"{path} cannot be decoded ({error}).") from error
    raise BrokenSampleError(f"{path} ends before its frame {index}.")


def spread(count: int, frames: int) -> list[int]:
    """`count` frames spread evenly over a video of `frames`; one is the middle one.

    All of them where there are fewer.
    """
    count = min(count, frames)
    return [int((number + 0.5) * frames / count) for number in range(count)]


def _times(path: Path) -> list[int]:
    """Presentation times of the frames, in the stream's own unit, ascending."""
    import av

    try:
        with av.open(str(path)) as container:
            if not container.streams.video:
                raise BrokenSampleError(f"{path} holds no pictures.")
            packets = container.demux(container.streams.video[0])
            return sorted(packet.pts for packet in packets if packet.pts is not None)
    except (av.FFmpegError, OSError, ValueError) as error:
        raise BrokenSampleError(f"{path} cannot be read ({error}).") from error
