"""Decides which pictures to ask for: small ones while something changes, a sharp one at rest."""

from collections import deque
from collections.abc import Callable
from time import perf_counter

from PySide6.QtCore import QObject, QSize, QTimer, Signal
from PySide6.QtGui import QImage

from desktop.viewport.quality import MovingQuality
from desktop.viewport.render_thread import Picture, RenderRequest, RenderThread
from inference.head.gaussians import Gaussians
from inference.rendering.camera import Camera
from inference.rendering.protocol import Renderer
from inference.rendering.sharpened import PictureSharpener
from inference.rendering.view_modes import ViewMode

REST_AFTER = 90  # milliseconds without movement until the sharp picture is drawn
LARGEST_EDGE = 1600  # pixels; larger views are scaled up, or a sharp picture takes seconds

CameraAt = Callable[[int, int], Camera]


class FrameSource(QObject):
    """Turns "the camera is here now" into pictures.

    Signals:
        changed: a new picture is in `image`.
        first: it is the first one of a head.
        ready: the renderer's name.
        failed: a sentence.
    """

    changed = Signal()
    first = Signal()
    ready = Signal(str)
    failed = Signal(str)

    def __init__(self, renderer: Renderer, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.image: QImage | None = None
        self.last: Picture | None = None
        self._newest: RenderRequest | None = None
        self._gaussians: Gaussians | None = None
        self._mode = ViewMode.SPLATS
        self._sharpener: PictureSharpener | None = None
        self._camera_at: CameraAt | None = None
        self._size = QSize(1, 1)
        self._quality = MovingQuality()
        self._moments: deque[float] = deque(maxlen=90)
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_AFTER)
        self._rest.timeout.connect(self.settle)
        self._thread = RenderThread(renderer)
        self._thread.drawn.connect(self._on_drawn)
        self._thread.ready.connect(self.ready)
        self._thread.failed.connect(self.failed)

    def start(self) -> None:
        """Begin drawing; connect the signals first."""
        self._thread.start()

    def show(self, gaussians: Gaussians | None, mode: ViewMode) -> None:
        """Draw these Gaussians in this mode from now on; None clears the view.

        Another head is drawn small at first: who painted sees the stroke sooner.
        """
        if gaussians is self._gaussians and mode == self._mode:
            return
        another = self.image is not None and gaussians is not self._gaussians
        self._gaussians, self._mode = gaussians, mode
        if gaussians is None:
            self.image = None
            self.changed.emit()
        elif another:
            self._request(self._quality.scale, moving=True)
        else:
            self.settle()

    def sharpen_with(self, sharpener: PictureSharpener | None) -> None:
        """Sharpen the picture at rest from now on; None leaves it as it is drawn."""
        if sharpener is not self._sharpener:
            self._sharpener = sharpener
            if self._mode is ViewMode.SPLATS and not self._rest.isActive():
                self.settle()

    def look(self, camera_at: CameraAt, size: QSize, *, moving: bool) -> None:
        """The camera is here now; size is that of the view in device pixels."""
        self._camera_at, self._size = camera_at, size
        if moving:
            self._request(self._quality.scale, moving=True)
            self._rest.start()
        else:
            self.settle()

    def settle(self) -> None:
        """The camera rests: draw sharp."""
        self._rest.stop()
        self._request(1.0, moving=False)

    @property
    def sharp(self) -> bool:
        """Whether the picture is the last one of the newest camera: full size, sharpened."""
        last = self.last
        return last is not None and last.request is self._newest and last.final

    @property
    def frames_per_second(self) -> float:
        """Pictures shown a second, over the last second of movement."""
        if len(self._moments) < 3 or perf_counter() - self._moments[-1] > 1.0:
            return 0.0
        recent = [moment for moment in self._moments if moment > self._moments[-1] - 1.0]
        return (len(recent) - 1) / max(recent[-1] - recent[0], 1e-3) if len(recent) > 2 else 0.0

    def close(self) -> None:
        """End the render thread."""
        self._rest.stop()
        self._thread.close()

    def _request(self, scale: float, *, moving: bool) -> None:
        if self._gaussians is None or self._camera_at is None:
            return
        scale *= min(1.0, LARGEST_EDGE / max(self._size.width(), self._size.height(), 1))
        width = max(16, round(self._size.width() * scale))
        height = max(16, round(self._size.height() * scale))
        camera = self._camera_at(width, height)
        colours = self._mode is ViewMode.SPLATS  # points, depth and normals stay as they are
        sharpener = self._sharpener if colours and not moving else None
        request = RenderRequest(
            self._gaussians, camera, self._mode, moving, perf_counter(), sharpener
        )
        self._newest = request
        self._thread.request(request)

    def _on_drawn(self, picture: Picture) -> None:
        if picture.request.gaussians is not self._gaussians:
            return
        first = self.image is None
        another = self.last is None or self.last.request.gaussians is not self._gaussians
        self.image, self.last = picture.image, picture
        if picture.request.moving and another:
            # Says nothing of speed: a renderer prepares a head at its first picture.
            if not self._rest.isActive():
                self.settle()
        elif picture.request.moving:
            self._quality.learn(picture.seconds)
            self._moments.append(perf_counter())
        self.changed.emit()
        if first:
            self.first.emit()
