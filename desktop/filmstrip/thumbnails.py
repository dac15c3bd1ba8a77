"""Draws small pictures of heads in a worker, one after the other."""

from collections import deque
from collections.abc import Callable

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QImage

from desktop.images import qimage_from_rgba8
from desktop.workers import Job, JobRunner
from inference.head.gaussians import Gaussians
from inference.rendering.camera import orbit_camera
from inference.rendering.protocol import Renderer

SIDE = 144  # pixels; shown at half of that, sharp on fine screens too
YAW = 20.0  # degrees; a little from the side, where hair shows

Take = Callable[[QImage], object]


def glance(view: QImage) -> QImage:
    """The middle of a view as a thumbnail, until the head's own is drawn; a millisecond or two."""
    side = min(view.width(), view.height())
    left, top = (view.width() - side) // 2, (view.height() - side) // 2
    smooth = Qt.TransformationMode.SmoothTransformation
    ratio = Qt.AspectRatioMode.IgnoreAspectRatio
    return view.copy(QRect(left, top, side, side)).scaled(SIDE, SIDE, ratio, smooth)


class Thumbnails:
    """One job at a time, so that many results do not make many threads."""

    def __init__(self, runner: JobRunner, renderer: Renderer) -> None:
        self._runner, self._renderer = runner, renderer
        self._waiting: deque[tuple[Gaussians, Take]] = deque()
        self._busy = False

    def draw(self, gaussians: Gaussians, take: Take) -> None:
        """Draw a head and hand the picture over, on the caller's thread."""
        self._waiting.append((gaussians, take))
        self._next()

    def _next(self) -> None:
        if self._busy or not self._waiting or self._runner.closed:
            return
        gaussians, take = self._waiting.popleft()
        renderer = self._renderer

        def work(job: Job) -> QImage:
            camera = orbit_camera(YAW, 0.0, size=(SIDE, SIDE))
            return qimage_from_rgba8(renderer.render_rgba8(gaussians, camera, None))

        self._busy = True
        job = self._runner.start("Drawing a thumbnail", work)
        job.succeeded.connect(take)
        job.ended.connect(self._on_ended)

    def _on_ended(self) -> None:
        self._busy = False
        self._next()
