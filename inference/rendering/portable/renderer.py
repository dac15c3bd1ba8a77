"""The portable renderer: pure Python to install, compiled by numba, no GPU needed."""

import threading

import numpy as np
from numpy.typing import NDArray

from inference.head.gaussians import FloatArray, Gaussians
from inference.rendering.camera import Camera
from inference.rendering.ewa import ALPHA_FLOOR
from inference.rendering.portable.rasterizer import Rasterizer, Tape
from inference.rendering.portable.team import WorkerTeam, usable_cores
from inference.rendering.portable.workspace import Splats
from inference.rendering.protocol import WHITE, Background, Frame

MAX_THREADS = 16
"""More threads only wait for the sort, which is done by one."""


class PortableRenderer:
    """Draws on the processor.

    Any thread may call it; calls wait for each other. The picture is the same, bit for bit,
    for any number of threads.

    Args:
        threads: how many threads draw a frame together; by default as many as there are cores.
    """

    def __init__(self, threads: int | None = None) -> None:
        self._team = WorkerTeam(threads or min(usable_cores(), MAX_THREADS))
        self._rasterizer = Rasterizer(self._team)
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        """Short name for the read-out."""
        plural = "" if self._team.size == 1 else "s"
        return f"portable (numba, {self._team.size} thread{plural})"

    def render(self, gaussians: Gaussians, camera: Camera) -> Frame:
        """Draw colour, alpha and expected depth."""
        with self._lock:
            colour, alpha, depth = self._rasterizer.frame(Splats.of(gaussians), camera)
        depth /= np.maximum(alpha, np.float32(ALPHA_FLOOR))
        return Frame(colour, alpha, depth)

    def render_rgba8(
        self, gaussians: Gaussians, camera: Camera, background: Background | None = WHITE
    ) -> NDArray[np.uint8]:
        """Draw a picture for the screen, [H, W, 4] RGBA, premultiplied."""
        with self._lock:
            return self._rasterizer.rgba8(Splats.of(gaussians), camera, background)

    def record(self, splats: Splats, camera: Camera) -> Tape:
        """Draw a frame and keep what its gradient needs; see differentiable.py."""
        with self._lock:
            return self._rasterizer.record(splats, camera)

    def gradients(
        self,
        tape: Tape,
        by_colour: FloatArray,  # [H, W, 3] gradient of the loss
        by_alpha: FloatArray,  # [H, W]
        by_depth: FloatArray | None,  # [H, W] by accumulated depth
    ) -> Splats:
        """Gradients of the loss by the five attributes of a recorded frame."""
        with self._lock:
            return self._rasterizer.gradients(tape, by_colour, by_alpha, by_depth)

    def close(self) -> None:
        """End the threads; a later call starts them again."""
        with self._lock:
            self._team.close()
