"""The sheet of views: the head from one side to the other, in one picture."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inference.export.png import PngWriter
from inference.files import atomic_write
from inference.head.gaussians import Gaussians
from inference.progress import CancelToken, Progress, no_progress
from inference.rendering.camera import orbit_camera
from inference.rendering.protocol import WHITE, Background, Renderer

YAWS = (-90.0, -60.0, -30.0, 0.0, 30.0, 60.0, 90.0)
"""Degrees around the head, from the person's right side to the left."""


def views_sheet(
    renderer: Renderer,
    gaussians: Gaussians,
    size: int = 512,
    yaws: Sequence[float] = YAWS,
    background: Background = WHITE,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> NDArray[np.uint8]:
    """Draw the views beside each other, [size, len(yaws) * size, 3] RGB."""
    cancel = cancel or CancelToken()
    views = []
    for index, yaw in enumerate(yaws):
        cancel.check()
        progress("Drawing views", index / len(yaws))
        camera = orbit_camera(yaw, size=(size, size))
        views.append(renderer.render_rgba8(gaussians, camera, background)[..., :3])
    return np.concatenate(views, axis=1)


def write_views(
    renderer: Renderer,
    gaussians: Gaussians,
    path: Path,
    size: int = 512,
    yaws: Sequence[float] = YAWS,
    background: Background = WHITE,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> None:
    """Write views_sheet as a PNG.

    Raises:
        OutputError: it cannot be written there.
        Cancelled: nothing is left behind.
    """
    sheet = views_sheet(renderer, gaussians, size, yaws, background, progress, cancel)
    height, width, channels = sheet.shape
    with (
        atomic_write(Path(path)) as temporary,
        open(temporary, "wb") as handle,
        PngWriter(handle, width, height, channels) as png,
    ):
        png.write(sheet)
    progress("Drawing views", 1.0)
