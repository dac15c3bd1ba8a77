"""What all heads share in one OpenGL context: programs, targets, the mesh and textures."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.errors import PercHeadError
from training.synthetic import shaders
from training.synthetic.assets import Assets
from training.synthetic.labels import Surface as Material
from training.synthetic.noise import noise_volume
from training.synthetic.skin import SkinTexture
from training.template.labels import Label

BAKE_SIDE = 256
"""Points whose colours are asked for are pixels of a square with this edge."""
_SHADOW_SIZE = 768
_UNITS = {"skin": 0, "shadowMap": 1, "noise": 2}


class NoOpenGLError(PercHeadError):
    """This computer offers no OpenGL without a display."""


class GlResources:
    """One OpenGL context without a display, and what is made once in it.

    Args:
        assets: what heads are made from.
        size: edge of the pictures in pixels.
        samples: samples a pixel for smooth edges.

    Attributes:
        gl: the module moderngl, for its constants.
        context: its context.
        shade, shade_worn, label, label_worn, depth: programs.
        many, colour: targets of pictures, of several samples a pixel and of one.
        labelled: target of labels and their depth.
        baked: target of points' colours.
        shadowed: target of the key light's depth map.
        static, static_cloth: buffers of what no head changes, of bare skin and of cloth.
        triangles, cloth_triangles: index buffers.

    Raises:
        NoOpenGLError: there is no OpenGL 3.3 without a display.
    """

    def __init__(self, assets: Assets, size: int, samples: int) -> None:
        import moderngl

        self.gl: Any = moderngl
        try:
            self.context: Any = self.gl.create_context(standalone=True, backend="egl")
        except Exception as error:
            raise NoOpenGLError(
                "Synthetic heads need OpenGL: install the system's libEGL and Mesa packages."
            ) from error
        self._size = size
        self._build_programs()
        self._build_targets(samples)
        self._build_textures()
        self._build_static(assets)

    def release(self) -> None:
        """Give everything back."""
        self.context.release()

    @property
    def device(self) -> str:
        """What draws, for example "llvmpipe"."""
        return str(self.context.info["GL_RENDERER"])

    def _build_programs(self) -> None:
        def program(vertex: str, fragment: str) -> Any:
            return self.context.program(vertex_shader=vertex, fragment_shader=fragment)

        self.shade = program(shaders.SURFACE_VERTEX, shaders.SHADE_FRAGMENT)
        self.shade_worn = program(shaders.ACCESSORY_VERTEX, shaders.SHADE_FRAGMENT)
        self.label_worn = program(shaders.ACCESSORY_VERTEX, shaders.LABEL_FRAGMENT)
        self.label = program(shaders.SURFACE_VERTEX, shaders.LABEL_FRAGMENT)
        self.depth = program(shaders.DEPTH_VERTEX, shaders.DEPTH_FRAGMENT)

    def _build_targets(self, samples: int) -> None:
        ctx, size = self.context, (self._size, self._size)
        samples = min(samples, int(ctx.max_samples))
        self.many = ctx.framebuffer(
            [ctx.renderbuffer(size, 4, samples=samples)],
            ctx.depth_renderbuffer(size, samples=samples),
        )
        self.colour = ctx.framebuffer([ctx.renderbuffer(size, 4)])
        self.labelled = ctx.framebuffer([ctx.renderbuffer(size, 4)], ctx.depth_renderbuffer(size))
        self.baked = ctx.framebuffer([ctx.renderbuffer((BAKE_SIDE, BAKE_SIDE), 4)])
        self._shadow = ctx.depth_texture((_SHADOW_SIZE, _SHADOW_SIZE))
        self._shadow.compare_func = ""
        self.shadowed = ctx.framebuffer([], self._shadow)

    def _build_textures(self) -> None:
        volume = noise_volume()
        self._noise = self.context.texture3d(volume.shape[:3], 4, volume.tobytes())
        self._noise.filter = (self.gl.LINEAR, self.gl.LINEAR)
        self._white = self.context.texture((1, 1), 3, b"\xff" * 3)
        self._skins: dict[int, Any] = {}

    def _build_static(self, assets: Assets) -> None:
        s, ctx = assets.surface, self.context
        kind = np.stack([s.labels, s.parts], 1)
        cloth = np.broadcast_to(np.array([Label.CLOTH, Material.CLOTH], np.float32), kind.shape)
        self.static, self.static_cloth = (
            ctx.buffer(np.concatenate([s.uvs, s.rest, k, s.fields], 1).astype("f4").tobytes())
            for k in (kind, cloth)
        )
        self.triangles = ctx.buffer(s.triangles.tobytes())
        self.cloth_triangles = ctx.buffer(s.cloth_triangles.tobytes())

    def set_uniforms(
        self, program: Any, values: Mapping[str, Any], skin: SkinTexture | None
    ) -> None:
        """Give a program the values that it knows by name, and bind the textures."""
        for name in program:
            if name in values:
                if isinstance(values[name], int):
                    program[name].value = values[name]
                else:
                    program[name].write(np.asarray(values[name], "f4").tobytes())
            elif name in _UNITS:
                program[name].value = _UNITS[name]
        self._skin_texture(skin).use(_UNITS["skin"])
        self._shadow.use(_UNITS["shadowMap"])
        self._noise.use(_UNITS["noise"])

    def _skin_texture(self, texture: SkinTexture | None) -> Any:
        if texture is None:
            return self._white
        key = id(texture)
        if key not in self._skins:
            height, width, _ = texture.image.shape
            made = self.context.texture((width, height), 3, texture.image.tobytes())
            made.build_mipmaps(max_level=5)
            made.filter = (self.gl.LINEAR_MIPMAP_LINEAR, self.gl.LINEAR)
            self._skins[key] = made
        return self._skins[key]

    def read(self, target: Any) -> NDArray[np.uint8]:
        """Pixels [S, S, 4] of a target, the first row on top."""
        raw = np.frombuffer(target.read(components=4), np.uint8)
        return raw.reshape(self._size, self._size, 4)[::-1]

    def resolved(self) -> NDArray[np.float32]:
        """The picture [S, S, 4] 0..1 that was drawn with several samples."""
        self.context.copy_framebuffer(self.colour, self.many)
        colour: NDArray[np.float32] = self.read(self.colour).astype(np.float32) / np.float32(255)
        return colour

    def raw_depth(self) -> NDArray[np.float32]:
        """The depth buffer [S, S] 0..1 of the labels."""
        raw = self.labelled.read(components=1, attachment=-1, dtype="f4")
        return np.frombuffer(raw, np.float32).reshape(self._size, self._size)[::-1]
