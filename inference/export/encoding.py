"""Pictures to a video file, by PyAV (its wheel carries ffmpeg). The only module that knows it."""

import errno
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from inference.errors import UsageError

if TYPE_CHECKING:
    from av import VideoFrame

VIDEO_SUFFIXES = (".mp4", ".webp")

_BT709 = 1  # the number of ITU-R BT.709 in H.264's tables of matrices and primaries
_LIMITED_RANGE = 1


def check_video(suffix: str) -> None:
    """Refuse formats that are not written.

    Raises:
        UsageError: the suffix is neither .mp4 nor .webp.
    """
    if suffix not in VIDEO_SUFFIXES:
        raise UsageError(f"A video cannot be written as '{suffix}': choose .mp4 or .webp.")


def encode_video(
    path: Path,
    pictures: Iterator[NDArray[np.uint8]],
    width: int,
    height: int,
    fps: int | Fraction,
) -> None:
    """Write pictures as H.264 in MP4, or as animated WebP, by the suffix.

    Args:
        path: where to; what stands there after an error is half a file.
        pictures: [H, W, 3] RGB, or [H, W, 4] RGBA with straight alpha for WebP.
        width: pixels; even for MP4, whose colours have half the size.
        height: the same.
        fps: pictures a second.

    Raises:
        OSError: the disk is full or the file cannot be written; atomic_write makes the
            sentence of it.
    """
    import av

    mp4 = path.suffix.lower() == ".mp4"
    options = {"movflags": "+faststart"} if mp4 else {"loop": "0"}
    try:
        with av.open(str(path), "w", options=options) as container:
            stream = container.add_stream("libx264" if mp4 else "libwebp_anim", rate=Fraction(fps))
            stream.width, stream.height = width, height
            stream.pix_fmt = "yuv420p" if mp4 else "bgra"
            stream.options = {"preset": "veryfast", "crf": "18"} if mp4 else {"quality": "85"}
            if mp4:  # Say which matrix was used: players guess otherwise, and by the size.
                context = stream.codec_context
                context.colorspace = context.color_primaries = context.color_trc = _BT709
                context.color_range = _LIMITED_RANGE
            for picture in pictures:
                container.mux(stream.encode(_frame(picture, mp4)))
            container.mux(stream.encode())
    except av.FFmpegError as error:
        raise OSError(error.errno or errno.EIO, error.strerror or str(error)) from error


def join_videos(path: Path, pieces: Sequence[Path], pictures: int, fps: Fraction) -> None:
    """Put MP4 files that encode_video wrote behind each other, without encoding again.

    Args:
        path: where to; what stands there after an error is half a file.
        pieces: videos of one size and rate.
        pictures: how many each has; the last may have fewer.
        fps: pictures a second.

    Raises:
        OSError: a piece cannot be read or the file cannot be written.
    """
    import av

    try:
        with av.open(str(path), "w", options={"movflags": "+faststart"}) as container:
            stream = None
            for number, piece in enumerate(pieces):
                with av.open(str(piece)) as source:
                    template = source.streams.video[0]
                    if stream is None:
                        stream = container.add_stream_from_template(template)
                    unit = template.time_base or 1 / fps
                    shift = round(number * pictures / fps / unit)
                    for packet in source.demux(template):
                        if packet.dts is None or packet.pts is None:  # the end's empty packet
                            continue
                        packet.pts += shift
                        packet.dts += shift
                        packet.stream = stream
                        container.mux(packet)
    except av.FFmpegError as error:
        raise OSError(error.errno or errno.EIO, error.strerror or str(error)) from error


def _frame(picture: NDArray[np.uint8], mp4: bool) -> "VideoFrame":
    import av
    from av.video.reformatter import ColorRange, Colorspace

    layout = "rgba" if picture.shape[2] == 4 else "rgb24"
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), layout)
    if not mp4:
        return frame.reformat(format="bgra")
    return frame.reformat(
        format="yuv420p",
        dst_colorspace=Colorspace.ITU709,
        src_color_range=ColorRange.JPEG,
        dst_color_range=ColorRange.MPEG,
    )
