"""A video in which one head turns into another while the camera rides around them."""

from pathlib import Path

from inference.export.video import OrbitVideo, write_ride
from inference.head.between import gaussians_between
from inference.head.gaussians import Gaussians
from inference.progress import CancelToken, Progress, no_progress
from inference.rendering.protocol import WHITE, Background, Renderer

HOLD = 0.12  # of the video that shows each of the two as it is, at the ends; our choice


def transition_share(settings: OrbitVideo, index: int) -> float:
    """How far (0..1) picture `index` is on the way from the first head to the second.

    It begins and ends softly; a ride there and back morphs there and back.
    """
    if settings.ping_pong:
        time = 1 - abs(2 * index / settings.frames - 1)
    else:
        time = index / max(1, settings.frames - 1)
    line = min(max((time - HOLD) / (1 - 2 * HOLD), 0.0), 1.0)
    return line * line * (3 - 2 * line)


def write_transition_video(
    renderer: Renderer,
    first: Gaussians,
    second: Gaussians,
    settings: OrbitVideo,
    path: Path,
    background: Background | None = WHITE,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> None:
    """Draw and write the transition; the suffix chooses the format, .mp4 or .webp.

    Args:
        renderer: what draws.
        first: the head at the beginning.
        second: the head at the end; its Gaussians sit on the same anchors.
        settings: the ride.
        path: where to.
        background: as for write_orbit_video.
        progress: told at each picture.
        cancel: looked at before each picture.

    Raises:
        UsageError: the suffix is neither .mp4 nor .webp, or the heads do not match.
        OutputError: it cannot be written there.
        Cancelled: nothing is left behind.
    """

    def between(index: int) -> Gaussians:
        return gaussians_between(first, second, transition_share(settings, index))

    gaussians_between(first, second, 0.0)  # what does not match is refused before any work
    write_ride(renderer, between, settings, path, background, progress, cancel)
