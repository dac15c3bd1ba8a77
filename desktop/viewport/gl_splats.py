"""Draws Gaussians with OpenGL 3.3: instanced quads, sorted here, blended far to near.

Worth it only on a real GPU. It differs from the other renderers in one thing: it does not stop
at opaque pixels, which changes a channel by at most 1e-4.
"""

import ctypes
from typing import Any

import numpy as np
from numpy.typing import NDArray
from OpenGL import GL

from desktop.viewport.gl_shaders import FRAGMENT, TEXELS, VERTEX
from inference.head.gaussians import Gaussians
from inference.rendering.camera import Camera
from inference.rendering.ewa import ALPHA_FLOOR
from inference.rendering.protocol import WHITE, Background, Frame

UNIFORMS = ("gaussians", "world_to_camera", "focal", "centre", "size")


class OpenGLSplats:
    """A Renderer; a context must be current in the calling thread, always the same one."""

    def __init__(self) -> None:
        self._gpu = GL.glGetString(GL.GL_RENDERER).decode(errors="replace")
        self._program = _program()
        self._uniforms = {name: GL.glGetUniformLocation(self._program, name) for name in UNIFORMS}
        self._array = GL.glGenVertexArrays(1)
        self._order, self._data = GL.glGenBuffers(2)
        self._texture = GL.glGenTextures(1)
        self._frame = GL.glGenFramebuffers(1)
        self._targets = GL.glGenTextures(2)
        self._size = (0, 0)
        self._loaded: Gaussians | None = None

    @property
    def name(self) -> str:
        """Short name for the read-out."""
        return f"OpenGL ({self._gpu.split('/')[0]})"

    def render(self, gaussians: Gaussians, camera: Camera) -> Frame:
        """Draw colour, alpha and expected depth."""
        self._draw(gaussians, camera, (0.0, 0.0, 0.0, 0.0), with_depth=True)
        colour = self._read(GL.GL_COLOR_ATTACHMENT0, camera, np.float32)
        depth = self._read(GL.GL_COLOR_ATTACHMENT1, camera, np.float32)[..., 0]
        alpha = np.ascontiguousarray(colour[..., 3])
        depth = depth / np.maximum(alpha, np.float32(ALPHA_FLOOR))
        return Frame(np.ascontiguousarray(colour[..., :3]), alpha, depth)

    def render_rgba8(
        self, gaussians: Gaussians, camera: Camera, background: Background | None = WHITE
    ) -> NDArray[np.uint8]:
        """Draw a picture for the screen, [H, W, 4] RGBA, premultiplied."""
        clear = (0.0, 0.0, 0.0, 0.0) if background is None else (*background, 1.0)
        self._draw(gaussians, camera, clear, with_depth=False)
        return self._read(GL.GL_COLOR_ATTACHMENT0, camera, np.uint8)

    def _draw(
        self,
        gaussians: Gaussians,
        camera: Camera,
        clear: tuple[float, float, float, float],
        *,
        with_depth: bool,
    ) -> None:
        self._upload(gaussians)
        self._resize(camera.width, camera.height)
        buffers = [GL.GL_COLOR_ATTACHMENT0]
        if with_depth:
            buffers.append(GL.GL_COLOR_ATTACHMENT1)
        GL.glBindFramebuffer(GL.GL_FRAMEBUFFER, self._frame)
        GL.glDrawBuffers(len(buffers), buffers)
        GL.glViewport(0, 0, camera.width, camera.height)
        GL.glClearBufferfv(GL.GL_COLOR, 0, np.array(clear, np.float32))
        if with_depth:
            GL.glClearBufferfv(GL.GL_COLOR, 1, np.zeros(4, np.float32))
        if len(gaussians) == 0:
            return
        GL.glDisable(GL.GL_DEPTH_TEST)
        GL.glEnable(GL.GL_BLEND)
        GL.glBlendFunc(GL.GL_ONE, GL.GL_ONE_MINUS_SRC_ALPHA)
        GL.glUseProgram(self._program)
        pose = np.ascontiguousarray(camera.world_to_camera, np.float32)
        K = camera.intrinsics
        GL.glUniform1i(self._uniforms["gaussians"], 0)
        GL.glUniformMatrix4fv(self._uniforms["world_to_camera"], 1, GL.GL_TRUE, pose)
        GL.glUniform2f(self._uniforms["focal"], K[0, 0], K[1, 1])
        GL.glUniform2f(self._uniforms["centre"], K[0, 2], K[1, 2])
        GL.glUniform2f(self._uniforms["size"], camera.width, camera.height)
        GL.glActiveTexture(GL.GL_TEXTURE0)
        GL.glBindTexture(GL.GL_TEXTURE_BUFFER, self._texture)
        order = far_to_near(gaussians.means @ pose[2, :3] + pose[2, 3])
        GL.glBindVertexArray(self._array)
        GL.glBindBuffer(GL.GL_ARRAY_BUFFER, self._order)
        GL.glBufferData(GL.GL_ARRAY_BUFFER, order.nbytes, order, GL.GL_STREAM_DRAW)
        GL.glEnableVertexAttribArray(0)
        GL.glVertexAttribIPointer(0, 1, GL.GL_INT, 0, ctypes.c_void_p(0))
        GL.glVertexAttribDivisor(0, 1)
        GL.glDrawArraysInstanced(GL.GL_TRIANGLE_STRIP, 0, 4, len(gaussians))

    def _upload(self, gaussians: Gaussians) -> None:
        if gaussians is self._loaded or len(gaussians) == 0:
            return
        limit = GL.glGetIntegerv(GL.GL_MAX_TEXTURE_BUFFER_SIZE)
        if TEXELS * len(gaussians) > limit:
            raise MemoryError(f"this GPU takes at most {limit // TEXELS} Gaussians")
        texels = np.zeros((len(gaussians), TEXELS, 4), np.float32)
        texels[:, 0, :3] = gaussians.means
        texels[:, 0, 3] = gaussians.opacities
        texels[:, 1] = gaussians.quaternions
        texels[:, 2, :3] = gaussians.scales
        texels[:, 3, :3] = gaussians.colours
        GL.glBindBuffer(GL.GL_TEXTURE_BUFFER, self._data)
        GL.glBufferData(GL.GL_TEXTURE_BUFFER, texels.nbytes, texels, GL.GL_STATIC_DRAW)
        GL.glBindTexture(GL.GL_TEXTURE_BUFFER, self._texture)
        GL.glTexBuffer(GL.GL_TEXTURE_BUFFER, GL.GL_RGBA32F, self._data)
        self._loaded = gaussians

    def _resize(self, width: int, height: int) -> None:
        if (width, height) == self._size:
            return
        GL.glBindFramebuffer(GL.GL_FRAMEBUFFER, self._frame)
        for number, texture in enumerate(self._targets):
            GL.glBindTexture(GL.GL_TEXTURE_2D, texture)
            # Eight or sixteen bits would lose light where many faint Gaussians overlap.
            GL.glTexImage2D(
                GL.GL_TEXTURE_2D, 0, GL.GL_RGBA32F, width, height, 0, GL.GL_RGBA, GL.GL_FLOAT, None
            )
            GL.glTexParameteri(GL.GL_TEXTURE_2D, GL.GL_TEXTURE_MIN_FILTER, GL.GL_NEAREST)
            attachment = GL.GL_COLOR_ATTACHMENT0 + number
            GL.glFramebufferTexture2D(GL.GL_FRAMEBUFFER, attachment, GL.GL_TEXTURE_2D, texture, 0)
        if GL.glCheckFramebufferStatus(GL.GL_FRAMEBUFFER) != GL.GL_FRAMEBUFFER_COMPLETE:
            raise RuntimeError("this GPU cannot draw to floats")
        self._size = (width, height)

    def _read(self, attachment: int, camera: Camera, kind: type) -> NDArray[Any]:
        GL.glReadBuffer(attachment)
        GL.glPixelStorei(GL.GL_PACK_ALIGNMENT, 1)
        picture: NDArray[Any] = np.empty((camera.height, camera.width, 4), kind)
        gl_kind = GL.GL_FLOAT if kind is np.float32 else GL.GL_UNSIGNED_BYTE
        GL.glReadPixels(0, 0, camera.width, camera.height, GL.GL_RGBA, gl_kind, picture)
        return picture


def far_to_near(depth: NDArray[np.floating]) -> NDArray[np.int32]:
    """Indices by falling depth; sixteen bits are sorted by radix, in a tenth of the time."""
    low, high = float(depth.min()), float(depth.max())
    keys = ((high - depth) * (65_535 / max(high - low, 1e-12))).astype(np.uint16)
    return np.argsort(keys, kind="stable").astype(np.int32)


def _program() -> int:
    program = GL.glCreateProgram()
    for kind, source in ((GL.GL_VERTEX_SHADER, VERTEX), (GL.GL_FRAGMENT_SHADER, FRAGMENT)):
        shader = GL.glCreateShader(kind)
        GL.glShaderSource(shader, source.strip())
        GL.glCompileShader(shader)
        if not GL.glGetShaderiv(shader, GL.GL_COMPILE_STATUS):
            raise RuntimeError(GL.glGetShaderInfoLog(shader).decode(errors="replace"))
        GL.glAttachShader(program, shader)
        GL.glDeleteShader(shader)
    GL.glLinkProgram(program)
    if not GL.glGetProgramiv(program, GL.GL_LINK_STATUS):
        raise RuntimeError(GL.glGetProgramInfoLog(program).decode(errors="replace"))
    return int(program)
