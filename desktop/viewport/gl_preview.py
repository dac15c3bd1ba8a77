"""The preview's renderer where there is a real GPU without CUDA."""

import logging

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QGuiApplication, QOffscreenSurface, QOpenGLContext, QSurfaceFormat

from desktop.viewport.surface import gl_is_real, gl_renderer_name
from inference.head.gaussians import Gaussians
from inference.rendering.camera import Camera
from inference.rendering.protocol import WHITE, Background, Frame, Renderer

LOG = logging.getLogger("perchead")


def gl_format() -> QSurfaceFormat:
    """OpenGL 3.3 core, the most that every system has."""
    result = QSurfaceFormat()
    result.setVersion(3, 3)
    result.setProfile(QSurfaceFormat.OpenGLContextProfile.CoreProfile)
    return result


class OpenGLPreview:
    """A Renderer for the render thread; what goes wrong with OpenGL, `otherwise` draws.

    Made on the user interface's thread, which is where Qt wants the surface to be made; the
    context belongs to the thread that draws first.
    """

    def __init__(self, otherwise: Renderer) -> None:
        self._otherwise = otherwise
        self._surface = QOffscreenSurface()
        self._surface.setFormat(gl_format())
        self._surface.create()
        self._context: QOpenGLContext | None = None
        self._renderer: Renderer | None = None

    @property
    def name(self) -> str:
        return self._ready().name

    def render(self, gaussians: Gaussians, camera: Camera) -> Frame:
        return self._ready().render(gaussians, camera)

    def render_rgba8(
        self, gaussians: Gaussians, camera: Camera, background: Background | None = WHITE
    ) -> NDArray[np.uint8]:
        return self._ready().render_rgba8(gaussians, camera, background)

    def close(self) -> None:
        """Give the context back; called by the thread that drew."""
        if self._context is not None:
            self._context.doneCurrent()
        self._renderer = self._context = None

    def _ready(self) -> Renderer:
        if self._renderer is None:
            try:
                self._renderer = self._opengl()
            except Exception:  # drivers fail in many ways; nobody is disturbed
                LOG.warning("OpenGL cannot draw the splats", exc_info=True)
                self._renderer = self._otherwise
        return self._renderer

    def _opengl(self) -> Renderer:
        from inference.rendering.selection import renderer_options

        if any(option.name == "gsplat" and option.usable for option in renderer_options()):
            return self._otherwise  # CUDA is quicker
        self._context = QOpenGLContext()
        self._context.setFormat(gl_format())
        if not self._context.create() or not self._context.makeCurrent(self._surface):
            raise RuntimeError("no OpenGL 3.3")
        from desktop.viewport.gl_splats import OpenGLSplats

        return OpenGLSplats()


def preview_renderer(shared: Renderer) -> Renderer:
    """What the view draws with: OpenGL on a real GPU, else what the exports draw with."""
    if gl_is_real(QGuiApplication.platformName(), gl_renderer_name()):
        return OpenGLPreview(shared)
    return shared
