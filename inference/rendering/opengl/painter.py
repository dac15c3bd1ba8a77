"""Draws with OpenGL; lives, and dies, in the one thread that made it."""

from collections.abc import Iterable, Iterator

import moderngl
import numpy as np
from numpy.typing import NDArray

from inference.head.gaussians import Gaussians
from inference.rendering.camera import Camera
from inference.rendering.ewa import ALPHA_FLOOR
from inference.rendering.opengl import shaders
from inference.rendering.opengl.buffers import Target, UploadedGaussians
from inference.rendering.opengl.context import check, device_name, open_context
from inference.rendering.opengl.depth_order import SortedOrder
from inference.rendering.portable.layout import pack_camera
from inference.rendering.protocol import Background, Frame

TILE = 2048
"""Larger pictures are drawn in tiles of this many pixels, which any GPU can hold."""


class Painter:
    """Holds the context and what is in it.

    Raises:
        OpenGLError: there is no OpenGL 3.3.
    """

    def __init__(self) -> None:
        self._context = open_context()
        self._splat = self._context.program(shaders.SPLAT_VERTEX, shaders.SPLAT_FRAGMENT)
        self._screen = self._context.program(shaders.SCREEN_VERTEX, shaders.SCREEN_FRAGMENT)
        self._triangle = self._context.vertex_array(self._screen, [])
        self._frame = Target(self._context, (4, "f4"), (1, "f4"))
        self._half = Target(self._context, (4, "f2"))
        self._rgba8 = Target(self._context, (4, "f1"))
        self._uploaded: UploadedGaussians | None = None
        # Premultiplied, far to near.
        self._context.blend_func = moderngl.ONE, moderngl.ONE_MINUS_SRC_ALPHA

    @property
    def device(self) -> str:
        """GL_RENDERER: what draws."""
        return device_name(self._context)

    def frame(self, gaussians: Gaussians, order: SortedOrder, camera: Camera) -> Frame:
        """Colour, alpha and expected depth in single precision."""
        colour = np.empty((camera.height, camera.width, 4), np.float32)
        depth = np.empty((camera.height, camera.width, 1), np.float32)
        for tile in _tiles(camera):
            width, height = self._draw(self._frame, gaussians, order, camera, tile)
            colour[tile] = self._frame.read(0, width, height)
            depth[tile] = self._frame.read(1, width, height)
        check(self._context)
        alpha = np.ascontiguousarray(colour[..., 3])
        expected = np.ascontiguousarray(depth[..., 0])
        expected /= np.maximum(alpha, np.float32(ALPHA_FLOOR))
        return Frame(np.ascontiguousarray(colour[..., :3]), alpha, expected)

    def rgba8(
        self,
        gaussians: Gaussians,
        order: SortedOrder,
        camera: Camera,
        background: Background | None,
        *,
        half: bool,
    ) -> NDArray[np.uint8]:
        """A picture for the screen; blended in half precision it is right to 0.01."""
        target = self._half if half else self._frame
        veil = (0.0, 0.0, 0.0, 0.0) if background is None else (*background, 1.0)
        picture = np.empty((camera.height, camera.width, 4), np.uint8)
        for tile in _tiles(camera):
            width, height = self._draw(target, gaussians, order, camera, tile)
            self._context.disable(moderngl.BLEND)
            self._rgba8.begin(width, height)
            target.texture.use(0)
            self._screen["background"] = veil
            self._triangle.render(moderngl.TRIANGLES, vertices=3)
            picture[tile] = self._rgba8.read(0, width, height)
        check(self._context)
        return picture

    def close(self) -> None:
        """Free everything."""
        if self._uploaded is not None:
            self._uploaded.release()
        for owned in (self._frame, self._half, self._rgba8):
            owned.release()
        self._triangle.release()
        self._splat.release()
        self._screen.release()
        self._context.release()

    def _draw(
        self,
        target: Target,
        gaussians: Gaussians,
        order: SortedOrder,
        camera: Camera,
        tile: tuple[slice, slice],
    ) -> tuple[int, int]:
        """Draw a part of the picture; its width and height."""
        rows, columns = tile
        width, height = columns.stop - columns.start, rows.stop - rows.start
        target.begin(width, height)
        values = pack_camera(camera)
        uniforms: dict[str, Iterable[float]] = {
            "rotation": values[:9].reshape(3, 3).T.ravel(),  # GLSL wants column by column
            "translation": values[9:12],
            "focal": values[12:14],
            "principal": values[14:16],
            "slope_min": values[[18, 20]],
            "slope_max": values[[19, 21]],
            "origin": (columns.start, rows.start),
            "extent": (width, height),
        }
        for name, value in uniforms.items():
            self._splat[name] = tuple(map(float, value))
        if len(gaussians):
            self._context.enable_only(moderngl.BLEND)
            self._upload(gaussians).draw(order)
        return width, height

    def _upload(self, gaussians: Gaussians) -> UploadedGaussians:
        if self._uploaded is None or self._uploaded.gaussians is not gaussians:
            if self._uploaded is not None:
                self._uploaded.release()
                self._uploaded = None
            self._uploaded = UploadedGaussians(self._context, self._splat, gaussians)
        return self._uploaded


def _tiles(camera: Camera) -> Iterator[tuple[slice, slice]]:
    """Rows and columns of the parts that are drawn one after the other."""
    for top in range(0, camera.height, TILE):
        for left in range(0, camera.width, TILE):
            rows = slice(top, min(top + TILE, camera.height))
            yield rows, slice(left, min(left + TILE, camera.width))
