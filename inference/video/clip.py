"""Decoding a clip frame by frame, upright, by PyAV. The only module here that knows it.

Times count from the first frame and always grow, whatever the file says; frames that cannot be
decoded are left out and counted.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from inference.errors import InvalidVideoError
from inference.portrait.loading import MIN_SIDE
from inference.portrait.types import LoadedImage

if TYPE_CHECKING:
    from av import VideoFrame
    from av.video.stream import VideoStream

MAX_SIDE = 2560
"""Larger frames are made smaller while they are decoded (our choice: a head fills 512 px)."""

MAX_PIXELS = 40_000_000
"""Clips with larger frames are refused from their header (our choice: 8K passes)."""

MAX_STEP = 10.0
"""A frame is shown for at most so many seconds (our choice: damaged times leap by hours)."""

USUAL_RATE = Fraction(25)
"""Frames a second of clips that do not say."""

_HD_HEIGHT = 720  # from here on pictures without a word about their colours are BT.709
_UNSPECIFIED = 2


@dataclass(frozen=True)
class ClipInfo:
    """What a clip's header says.

    Attributes:
        name: the file's stem.
        size: (width, height) in pixels at which frames are decoded, upright.
        rate: frames a second, on average.
        frames: about how many there are; 0 where the header does not say.
    """

    name: str
    size: tuple[int, int]
    rate: Fraction
    frames: int


@dataclass(frozen=True)
class ClipFrame:
    """One frame, decoded but not yet turned into an image.

    Attributes:
        index: counted from 0 over the frames that could be decoded.
        time: seconds since the first frame.
    """

    index: int
    time: float
    _frame: "VideoFrame"
    _stored_size: tuple[int, int]
    _name: str

    def image(self) -> LoadedImage:
        """The picture, upright, float32 RGB 0..1."""
        from av.video.reformatter import Colorspace

        frame = self._frame
        source = None
        if frame.colorspace == _UNSPECIFIED and frame.height >= _HD_HEIGHT:
            source = Colorspace.ITU709
        width, height = self._stored_size
        small = frame.reformat(width=width, height=height, format="rgb24", src_colorspace=source)
        rgb = np.rot90(small.to_ndarray(), _quarter_turns(frame))
        return LoadedImage(np.float32(1 / 255) * rgb.astype(np.float32), None, self._name)


class ClipReader:
    """Reads one clip from its start; make another one to read it again.

    Args:
        path: the clip.

    Attributes:
        info: what its header says.
        damaged: packets that could not be decoded so far.

    Raises:
        InvalidVideoError: it is no video, damaged, or has no pictures.
    """

    def __init__(self, path: Path) -> None:
        self._path = Path(path)
        self.damaged = 0
        if not self._path.is_file():
            what = "is a folder" if self._path.is_dir() else "does not exist"
            raise InvalidVideoError(f"{self._path} {what}: give a video file.")
        self._container, self._stream = _open(self._path)
        try:
            self._decoded = self._decode()
            first = next(self._decoded, None)
            if first is None:
                raise _broken(self._path)
            self._first = first
            self.info, self._stored_size = self._describe(first)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self._container.close()

    def __enter__(self) -> "ClipReader":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def frames(self) -> Iterator[ClipFrame]:
        """All frames in the order in which they are shown."""
        step = 1 / float(self.info.rate)
        time, last = 0.0, None
        for index, frame in enumerate(chain([self._first], self._decoded)):
            if index and last is not None and frame.time is not None and frame.time > last:
                time += min(frame.time - last, MAX_STEP)
            elif index:
                time += step
            last = frame.time if frame.time is not None else last
            yield ClipFrame(index, time, frame, self._stored_size, self.info.name)

    def _decode(self) -> Iterator["VideoFrame"]:
        """Frames of all packets; a packet that cannot be decoded costs only its own."""
        import av

        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets, None)
                if packet is None:
                    return
                frames = packet.decode()
            except av.FFmpegError as error:
                self.damaged += 1
                if isinstance(error, OSError) and not isinstance(error, av.InvalidDataError):
                    return  # the file itself cannot be read on
                continue
            for frame in frames:
                if frame.is_corrupt:
                    self.damaged += 1
                else:
                    yield frame

    def _describe(self, first: "VideoFrame") -> tuple[ClipInfo, tuple[int, int]]:
        """The header in our words, and the size to decode at before turning."""
        width, height = first.width, first.height
        if width * height > MAX_PIXELS:
            raise InvalidVideoError(
                f"{self._path.name} has frames of more than {MAX_PIXELS // 1_000_000} million "
                "pixels: save the video smaller and try again."
            )
        aspect = float(self._stream.sample_aspect_ratio or 1)
        shape = np.array([width * (aspect if 0.1 < aspect < 10 else 1.0), height])
        shape *= min(1.0, MAX_SIDE / shape.max())
        stored = max(1, round(shape[0])), max(1, round(shape[1]))
        if min(stored) < MIN_SIDE:
            raise InvalidVideoError(
                f"{self._path.name} has frames of {width} x {height} pixels: "
                "choose a video in which the face can be seen."
            )
        turned = _quarter_turns(first) % 2 == 1
        size = (stored[1], stored[0]) if turned else stored
        rate = self._stream.average_rate or self._stream.guessed_rate or USUAL_RATE
        rate = rate if 0 < rate <= 1000 else USUAL_RATE
        frames = self._stream.frames
        if not frames and self._container.duration:
            frames = round(self._container.duration / 1e6 * rate)
        return ClipInfo(self._path.stem, size, rate, max(0, frames)), stored


def _open(path: Path) -> "tuple[Any, VideoStream]":
    """The container and its first stream of moving pictures."""
    import av

    try:
        # A playlist must not make ffmpeg open anything else.
        container = av.open(str(path.absolute()), options={"protocol_whitelist": "file"})
    except PermissionError as error:
        raise InvalidVideoError(f"You may not read {path}: choose another file.") from error
    except (av.FFmpegError, OSError, ValueError) as error:
        raise _broken(path) from error
    cover = av.stream.Disposition.attached_pic
    for stream in container.streams.video:
        if not stream.disposition & cover and stream.codec_context is not None:
            stream.thread_type = "AUTO"
            return container, stream
    sound = bool(container.streams.audio)
    container.close()
    if not sound:  # an MP4 whose end, where its index is, was cut off
        raise _broken(path)
    raise InvalidVideoError(f"{path.name} holds no moving pictures: choose a video file.")


def _broken(path: Path) -> InvalidVideoError:
    return InvalidVideoError(
        f"{path.name} is damaged, cut off or no video: "
        "save it as MP4 with another program, or choose another file."
    )


def _quarter_turns(frame: "VideoFrame") -> int:
    """Counter-clockwise quarter turns that put the stored picture upright."""
    return round(frame.rotation / 90) % 4
