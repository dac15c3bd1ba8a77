"""Clips for tests: drawn faces that the quick engine finds, written by PyAV."""

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from PIL import Image, ImageDraw


def face_frame(x: float, y: float, size=(160, 120), radius: float = 18) -> np.ndarray:
    """A grey picture with one skin-coloured face, [H, W, 3] uint8."""
    picture = Image.new("RGB", size, (110, 116, 124))
    draw = ImageDraw.Draw(picture)
    box = (x - radius, y - 1.4 * radius, x + radius, y + 1.4 * radius)
    draw.ellipse(box, fill=(222, 164, 128))
    return np.asarray(picture)


def empty_frame(size=(160, 120)) -> np.ndarray:
    """The same without a face."""
    return np.asarray(Image.new("RGB", size, (110, 116, 124)))


def moving_face(count: int, size=(160, 120)) -> list[np.ndarray]:
    """A face that walks slowly to the right."""
    return [face_frame(60 + 20 * k / count, 60, size) for k in range(count)]


def write_clip(
    path: Path,
    frames: Iterable[np.ndarray],
    fps: int = 25,
    rotation: float = 0,
    times: list[float] | None = None,
    codec: str = "libx264",
    layout: str = "yuv420p",
) -> Path:
    """Write frames [H, W, 3] uint8, at a steady rate or at given times in seconds."""
    with av.open(str(path), "w") as container:
        stream = None
        for index, frame in enumerate(frames):
            if stream is None:
                stream = container.add_stream(codec, rate=fps)
                stream.height, stream.width = frame.shape[:2]
                stream.pix_fmt = layout
                if rotation:
                    stream.set_display_rotation(rotation)
                if times is not None:
                    stream.codec_context.time_base = Fraction(1, 1000)
            picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), "rgb24")
            if times is not None:
                picture.pts = round(1000 * times[index])
                picture.time_base = Fraction(1, 1000)
            container.mux(stream.encode(picture))
        container.mux(stream.encode())
    return path


def write_sound(path: Path) -> Path:
    """A file with sound and no pictures."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=44_100)
        stream.layout = "mono"
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
        silence.sample_rate = 44_100
        container.mux(stream.encode(silence))
        container.mux(stream.encode())
    return path


def read_pictures(path: Path) -> list[np.ndarray]:
    """All pictures of a video, [H, W, 3] uint8."""
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
