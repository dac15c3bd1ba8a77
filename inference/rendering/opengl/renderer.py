"""The OpenGL renderer: any thread may call it, one of its own draws."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from inference.head.gaussians import Gaussians
from inference.rendering.camera import Camera
from inference.rendering.opengl.depth_order import DepthOrders
from inference.rendering.opengl.painter import Painter
from inference.rendering.protocol import WHITE, Background, Frame

Result = TypeVar("Result")


class OpenGLRenderer:
    """Draws with the GPU; make one only where probe() says yes.

    A context belongs to the thread that made it, so one private thread makes it at the first
    call and draws; another sorts. Calls wait for each other.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._threads: tuple[ThreadPoolExecutor, ThreadPoolExecutor] | None = None
        self._painter: Painter | None = None
        self._orders: tuple[Gaussians, DepthOrders] | None = None

    @property
    def name(self) -> str:
        """Short name for the read-out.

        Raises:
            OpenGLError: there is no OpenGL 3.3; so do all other calls.
        """
        with self._lock:
            return f"OpenGL ({self._draw(lambda painter: painter.device)})"

    def render(self, gaussians: Gaussians, camera: Camera) -> Frame:
        """Draw colour, alpha and expected depth."""
        with self._lock:
            order = self._orders_of(gaussians).exact(camera.world_to_camera[2, :3])
            return self._draw(lambda painter: painter.frame(gaussians, order, camera))

    def render_rgba8(
        self, gaussians: Gaussians, camera: Camera, background: Background | None = WHITE
    ) -> NDArray[np.uint8]:
        """Draw a picture for the screen, [H, W, 4] RGBA, premultiplied."""
        with self._lock:
            order = self._orders_of(gaussians).exact(camera.world_to_camera[2, :3])
            return self._draw(lambda p: p.rgba8(gaussians, order, camera, background, half=False))

    def preview_rgba8(
        self, gaussians: Gaussians, camera: Camera, background: Background | None = WHITE
    ) -> NDArray[np.uint8]:
        """The same for a moving camera.

        Blended in half precision, and a cloud too large to be sorted at once is drawn in the
        order of a view just before.
        """
        with self._lock:
            order = self._orders_of(gaussians).recent(camera.world_to_camera[2, :3])
            return self._draw(lambda p: p.rgba8(gaussians, order, camera, background, half=True))

    def close(self) -> None:
        """Free the GPU's memory and end the threads; a later call starts them again."""
        with self._lock:
            if self._threads is None:
                return
            drawing, sorting = self._threads
            if self._painter is not None:
                drawing.submit(self._painter.close).result()
            for thread in (drawing, sorting):
                thread.shutdown()
            self._threads = self._painter = self._orders = None

    def _orders_of(self, gaussians: Gaussians) -> DepthOrders:
        if self._orders is None or self._orders[0] is not gaussians:
            _, sorting = self._start()
            self._orders = (gaussians, DepthOrders(gaussians.means, sorting))
        return self._orders[1]

    def _draw(self, work: Callable[[Painter], Result]) -> Result:
        """Do this in the thread that draws, and wait for it."""
        drawing, _ = self._start()
        return drawing.submit(self._in_drawing_thread, work).result()

    def _in_drawing_thread(self, work: Callable[[Painter], Result]) -> Result:
        if self._painter is None:
            self._painter = Painter()
        return work(self._painter)

    def _start(self) -> tuple[ThreadPoolExecutor, ThreadPoolExecutor]:
        if self._threads is None:
            self._threads = (
                ThreadPoolExecutor(1, "perchead OpenGL"),
                ThreadPoolExecutor(1, "perchead depth order"),
            )
        return self._threads
