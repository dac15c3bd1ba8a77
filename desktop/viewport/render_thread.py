"""Draws the head in its own thread: always the newest camera, never a queue."""

import logging
import threading
from dataclasses import dataclass
from time import perf_counter

import numpy as np
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from desktop.images import qimage_from_rgba8
from inference.errors import PercHeadError
from inference.head.gaussians import Gaussians
from inference.progress import Cancelled, CancelToken
from inference.rendering.camera import HEAD_CENTRE, Camera, orbit_camera
from inference.rendering.protocol import Renderer
from inference.rendering.rgba import to_rgba8
from inference.rendering.sharpened import PictureSharpener, sharpen_frame
from inference.rendering.view_modes import ViewMode, ViewRenderer

LOG = logging.getLogger("perchead")


@dataclass(frozen=True)
class RenderRequest:
    """What to draw.

    Attributes:
        gaussians: the head.
        camera: the view, at the size in pixels to draw.
        mode: what of the head is shown.
        moving: a small picture for a moving camera; the sharp one follows.
        asked: perf_counter() of the gesture that wants it.
        sharpener: what the picture goes through after it was shown as drawn, or None.
    """

    gaussians: Gaussians
    camera: Camera
    mode: ViewMode
    moving: bool
    asked: float
    sharpener: PictureSharpener | None = None


@dataclass(frozen=True)
class Picture:
    """A drawn request, transparent behind the head.

    Attributes:
        image: premultiplied.
        request: what it shows.
        seconds: what drawing took.
        final: no better picture of the same camera follows.
    """

    image: QImage
    request: RenderRequest
    seconds: float
    final: bool


class RenderThread(QObject):
    """One worker; a request that was not begun is replaced by a newer one.

    Signals:
        ready: the renderer is there; its name.
        drawn: a Picture.
        failed: a sentence.
    """

    ready = Signal(str)
    drawn = Signal(object)
    failed = Signal(str)

    def __init__(self, renderer: Renderer) -> None:
        super().__init__()
        self._renderer = renderer
        self._view = ViewRenderer(renderer, ViewMode.SPLATS)
        self._wanted: RenderRequest | None = None
        self._closed = False
        self._wake = threading.Condition()
        self._sharpening = CancelToken()
        self._thread = threading.Thread(target=self._run, name="perchead render")

    def start(self) -> None:
        """Begin; connect the signals first."""
        self._thread.start()

    def request(self, request: RenderRequest) -> None:
        """Draw this next; whatever waited is dropped."""
        with self._wake:
            self._wanted = request
            self._sharpening.cancel()
            self._wake.notify()

    def close(self) -> None:
        """Finish the picture being drawn and end the thread."""
        with self._wake:
            self._closed = True
            self._sharpening.cancel()
            self._wake.notify()
        self._thread.join()

    def _next(self) -> RenderRequest | None:
        with self._wake:
            while self._wanted is None and not self._closed:
                self._wake.wait()
            request, self._wanted = self._wanted, None
            if not self._closed:
                self._sharpening = CancelToken()
            return None if self._closed else request

    def _run(self) -> None:
        try:
            self.ready.emit(self._renderer.name)
            self._warm_up()
        except Exception as error:
            LOG.exception("no renderer")
            self.failed.emit(f"Nothing can be drawn on this computer: {error}")
            return
        while (request := self._next()) is not None:
            try:
                self._draw(request)
            except Cancelled:
                pass  # a newer camera waits
            except PercHeadError as error:
                self.failed.emit(str(error))
            except Exception as error:
                LOG.exception("drawing failed")
                self.failed.emit(f"The head cannot be drawn ({error}): restart PercHead.")

    def _warm_up(self) -> None:
        """Draw a single Gaussian: what a renderer loads at its first picture is loaded now."""
        one = np.array([HEAD_CENTRE], np.float32)
        gaussian = Gaussians(
            means=one,
            quaternions=np.array([[1, 0, 0, 0]], np.float32),
            scales=np.full((1, 3), 0.01, np.float32),
            opacities=np.ones(1, np.float32),
            colours=np.ones((1, 3), np.float32),
        )
        self._renderer.render_rgba8(gaussian, orbit_camera(size=(16, 16)), None)

    def _draw(self, request: RenderRequest) -> None:
        if self._view.mode != request.mode:
            self._view = ViewRenderer(self._renderer, request.mode)
        started = perf_counter()
        if request.sharpener is not None:
            self._draw_and_sharpen(request, request.sharpener)
            return
        draw = self._view.preview_rgba8 if request.moving else self._view.render_rgba8
        image = qimage_from_rgba8(draw(request.gaussians, request.camera, None))
        self.drawn.emit(Picture(image, request, perf_counter() - started, not request.moving))

    def _draw_and_sharpen(self, request: RenderRequest, sharpener: PictureSharpener) -> None:
        """Show the picture as it was drawn, then sharpened, unless the camera moves on.

        Raises:
            Cancelled: it did.
        """
        token = self._sharpening
        started = perf_counter()
        frame = self._view.render(request.gaussians, request.camera)
        image = qimage_from_rgba8(to_rgba8(frame, None))
        seconds = perf_counter() - started
        self.drawn.emit(Picture(image, request, seconds, final=False))
        frame = sharpen_frame(frame, sharpener, token)
        image = qimage_from_rgba8(to_rgba8(frame, None))
        self.drawn.emit(Picture(image, request, seconds, final=True))
