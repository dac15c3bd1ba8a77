"""A video that rides around the head: MP4 (H.264), or animated WebP, which may be transparent."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inference.errors import UsageError
from inference.export.encoding import check_video, encode_video
from inference.export.picture import draw_bands
from inference.files import atomic_write
from inference.head.gaussians import Gaussians
from inference.progress import CancelToken, Progress, no_progress
from inference.rendering.camera import HEAD_CENTRE, PORTRAIT_FOV_DEGREES, Camera, orbit_camera
from inference.rendering.protocol import WHITE, Background, Renderer

GaussiansAt = Callable[[int], Gaussians]
"""The head of a picture, by its number."""

_STAGE = "Writing the video"
_LIMITS = {
    "degrees": (-3600, 3600),
    "elevation": (-90, 90),
    "seconds": (0.1, 600),
    "size": (16, 4096),
    "fps": (1, 120),
    "start_yaw": (-3600, 3600),
    "fov_degrees": (1, 150),
}


@dataclass(frozen=True)
class OrbitVideo:
    """How the camera rides and how the video is made; the defaults are our choice.

    Attributes:
        degrees: how far around the head, negative goes the other way.
        elevation: degrees above the horizon.
        seconds: length.
        size: edge of the square picture in pixels; an odd one is made even.
        fps: pictures a second.
        ping_pong: ride there and back, slowing at both ends, so that it loops.
        start_yaw: degrees where the ride begins, 0 is the front.
        distance: metres from the target; None fills the picture as a head crop does.
        fov_degrees: vertical field of view.
        target: the point that the camera looks at, metres.
    """

    degrees: float = 360.0
    elevation: float = 0.0
    seconds: float = 6.0
    size: int = 512
    fps: int = 30
    ping_pong: bool = False
    start_yaw: float = 0.0
    distance: float | None = None
    fov_degrees: float = PORTRAIT_FOV_DEGREES
    target: tuple[float, float, float] = HEAD_CENTRE

    def __post_init__(self) -> None:
        for name, (low, high) in _LIMITS.items():
            if not low <= getattr(self, name) <= high:
                label = name.replace("_", " ")
                raise UsageError(f"The video's {label} must lie between {low} and {high}.")

    @property
    def frames(self) -> int:
        """Number of pictures."""
        return max(1, round(self.seconds * self.fps))

    def yaw(self, index: int) -> float:
        """Degrees around the head in picture `index`; the last is beside the first in a loop."""
        if self.ping_pong:
            ride = (1 - np.cos(2 * np.pi * index / self.frames)) / 2
        else:
            whole_turns = self.degrees % 360 == 0
            ride = index / max(1, self.frames if whole_turns else self.frames - 1)
        return float(self.start_yaw + self.degrees * ride)

    def camera(self, index: int) -> Camera:
        """The camera of picture `index`."""
        edge = self.size + self.size % 2  # H.264 with halved colour wants even sizes
        return orbit_camera(
            self.yaw(index),
            self.elevation,
            distance=self.distance,
            fov_degrees=self.fov_degrees,
            size=(edge, edge),
            target=self.target,
        )


def write_orbit_video(
    renderer: Renderer,
    gaussians: Gaussians,
    settings: OrbitVideo,
    path: Path,
    background: Background | None = WHITE,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> None:
    """Draw and write the orbit; the suffix chooses the format, .mp4 or .webp.

    Args:
        renderer: what draws.
        gaussians: the head.
        settings: the ride.
        path: where to.
        background: RGB 0..1; None is transparent in a WebP and white in an MP4, which
            has no transparency.
        progress: told at each picture.
        cancel: looked at before each picture.

    Raises:
        UsageError: the suffix is neither .mp4 nor .webp.
        OutputError: it cannot be written there.
        Cancelled: nothing is left behind.
    """
    write_ride(renderer, lambda _: gaussians, settings, path, background, progress, cancel)


def write_ride(
    renderer: Renderer,
    gaussians_at: GaussiansAt,
    settings: OrbitVideo,
    path: Path,
    background: Background | None = WHITE,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> None:
    """write_orbit_video of a head that may change: `gaussians_at` gives that of a picture."""
    path = Path(path)
    check_video(path.suffix.lower())
    mp4 = path.suffix.lower() == ".mp4"
    if mp4 and background is None:
        background = WHITE
    pictures = _pictures(
        renderer, gaussians_at, settings, background, progress, cancel or CancelToken()
    )
    first = settings.camera(0)
    with atomic_write(path) as temporary:
        encode_video(temporary, pictures, first.width, first.height, settings.fps)
    progress(_STAGE, 1.0)


def _pictures(
    renderer: Renderer,
    gaussians_at: GaussiansAt,
    settings: OrbitVideo,
    background: Background | None,
    progress: Progress,
    cancel: CancelToken,
) -> Iterator[NDArray[np.uint8]]:
    """[H, W, 3] over a background, else [H, W, 4] with straight alpha."""
    for index in range(settings.frames):
        progress(_STAGE, index / settings.frames)
        cancel.check()
        head = gaussians_at(index)
        bands = draw_bands(renderer, head, settings.camera(index), background, cancel=cancel)
        yield np.concatenate([rows for _, rows in bands])
    cancel.check()
