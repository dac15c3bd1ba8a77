"""What lies in the GPU's memory: the Gaussians, their order, the pictures drawn into."""

from typing import Any

import moderngl
import numpy as np
from numpy.typing import NDArray

from inference.head.gaussians import FloatArray, Gaussians
from inference.rendering.opengl.context import OpenGLError
from inference.rendering.opengl.depth_order import SortedOrder
from inference.rendering.opengl.shaders import TEXELS

_ROW = 1024
"""Gaussians in one row of the texture, where the GPU has textures that wide."""

_STEP = 256
"""Pictures grow in such steps of pixels, so that a changing size rarely makes new ones."""

FLOATS = 4 * TEXELS


def pack(gaussians: Gaussians, columns: int) -> FloatArray:
    """The texture [rows, columns, FLOATS] that the vertex shader reads."""
    count = len(gaussians)
    rows = -(-count // columns)
    packed = np.zeros((rows * columns, FLOATS), np.float32)
    packed[:count, 0:3] = gaussians.means
    packed[:count, 3] = gaussians.opacities
    packed[:count, 4:8] = gaussians.quaternions
    packed[:count, 8:11] = gaussians.scales
    packed[:count, 12:15] = gaussians.colours
    return packed.reshape(rows, columns, FLOATS)


class UploadedGaussians:
    """One cloud, at least one Gaussian, in GPU memory.

    Args:
        context: where to.
        program: the program that draws it.
        gaussians: the cloud; it is kept, so that its identity stays its own.

    Raises:
        OpenGLError: there are more than the GPU's largest texture holds.
    """

    def __init__(
        self, context: moderngl.Context, program: moderngl.Program, gaussians: Gaussians
    ) -> None:
        self.gaussians = gaussians
        largest = int(context.info["GL_MAX_TEXTURE_SIZE"])
        packed = pack(gaussians, min(_ROW, largest // TEXELS))
        rows, columns, _ = packed.shape
        if rows > largest:
            raise OpenGLError(f"{len(gaussians)} Gaussians do not fit into one texture")
        self._texture = context.texture((columns * TEXELS, rows), 4, packed, dtype="f4")
        self._texture.filter = (moderngl.NEAREST, moderngl.NEAREST)
        self._indices = context.buffer(reserve=4 * len(gaussians), dynamic=True)
        self._instances = context.vertex_array(program, [(self._indices, "1u4/i", "index")])
        self._order: SortedOrder | None = None

    def draw(self, order: SortedOrder) -> None:
        """Draw all of them, in this order, into the bound framebuffer."""
        if order is not self._order:
            self._indices.write(order.indices)
            self._order = order
        self._texture.use(0)
        self._instances.render(moderngl.TRIANGLE_STRIP, vertices=4, instances=len(self.gaussians))

    def release(self) -> None:
        """Free the memory."""
        for owned in (self._instances, self._indices, self._texture):
            owned.release()


class Target:
    """Pictures to draw into, the top row first; they grow when a larger one is asked for.

    Args:
        context: where.
        formats: (channels, moderngl's data type) of each picture.
    """

    def __init__(self, context: moderngl.Context, *formats: tuple[int, str]) -> None:
        self._context, self._formats = context, formats
        self._size = (0, 0)
        self._textures: list[moderngl.Texture] = []
        self._framebuffer: moderngl.Framebuffer | None = None

    @property
    def texture(self) -> moderngl.Texture:
        """The first picture."""
        return self._textures[0]

    def begin(self, width: int, height: int) -> None:
        """Clear this many pixels and draw into them from now on."""
        if self._framebuffer is None or width > self._size[0] or height > self._size[1]:
            self._grow(width, height)
        assert self._framebuffer is not None
        self._framebuffer.use()
        self._framebuffer.viewport = (0, 0, width, height)
        self._framebuffer.clear(viewport=(0, 0, width, height))

    def read(self, attachment: int, width: int, height: int) -> NDArray[Any]:
        """A picture [H, W, channels], waiting until it is drawn."""
        assert self._framebuffer is not None, "begin() was not called"
        channels, dtype = self._formats[attachment]
        pixels = np.empty((height, width, channels), "f4" if dtype == "f4" else "u1")
        self._framebuffer.read_into(
            pixels, (0, 0, width, height), channels, attachment=attachment, dtype=dtype
        )
        return pixels

    def _grow(self, width: int, height: int) -> None:
        old = (self._framebuffer, *self._textures)
        self._size = (_grown(width, self._size[0]), _grown(height, self._size[1]))
        self._textures = [
            self._context.texture(self._size, channels, dtype=dtype)
            for channels, dtype in self._formats
        ]
        self._framebuffer = self._context.framebuffer(self._textures)
        self._framebuffer.use()  # first, because moderngl binds again what was bound before
        for owned in old:
            if owned is not None:
                owned.release()

    def release(self) -> None:
        """Free the memory."""
        if self._framebuffer is not None:
            self._framebuffer.release()
        for texture in self._textures:
            texture.release()
        self._framebuffer, self._textures = None, []


def _grown(wanted: int, current: int) -> int:
    """The larger of both, in whole steps."""
    return -(-max(wanted, current) // _STEP) * _STEP
