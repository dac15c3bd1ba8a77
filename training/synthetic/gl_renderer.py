"""Draws a synthetic head with OpenGL, on a GPU or on a CPU (llvmpipe), without a display."""

from collections.abc import Mapping
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.errors import PercHeadError
from inference.rendering.camera import Camera
from training.synthetic import shaders
from training.synthetic.accessories import Accessory
from training.synthetic.ambient import AmbientTracer
from training.synthetic.assets import Assets
from training.synthetic.fibres import draw_fibres
from training.synthetic.head import Head
from training.synthetic.labels import Surface as Material
from training.synthetic.lighting import LUMINANCE
from training.synthetic.noise import noise_volume
from training.synthetic.pictures import Picture, SurfacePoints
from training.synthetic.projection import light_matrix, metres, view_projection
from training.synthetic.strand_light import sample_volume
from training.synthetic.strand_shading import Film, shade_strands
from training.synthetic.strands import Strands
from training.synthetic.uniforms import look_uniforms
from training.template.labels import Label, Part

Single = NDArray[np.float32]
_SHADOW_SIZE, _SHADOW_RADIUS = 768, 0.32
_BAKE_SIDE = 256
_ALPHA_TO_COVERAGE = (0x809E, 0x809F)  # GL_SAMPLE_ALPHA_TO_COVERAGE, GL_SAMPLE_ALPHA_TO_ONE
_DYNAMIC = ("3f 3f 3f 3f", "pos", "nor", "amb", "ao_scalp_key")
_STATIC = ("2f 3f 2f 3f", "uv", "rest", "lp", "fields")
_WORN_NAMES = ("pos", "nor", "amb", "opened", "uv", "colour", "finish", "label")
_WORN = ("3f 3f 3f 1f 2f 3f 4f 1f", *_WORN_NAMES)


class NoOpenGLError(PercHeadError):
    """This computer offers no OpenGL without a display."""


class HeadRenderer:
    """Holds one OpenGL context and what all heads share in it.

    Args:
        assets: what heads are made from.
        size: edge of the pictures in pixels.
        samples: samples a pixel for smooth edges.

    Raises:
        NoOpenGLError: there is no OpenGL 3.3 without a display.
    """

    def __init__(self, assets: Assets, size: int, samples: int = 4) -> None:
        import moderngl

        self._gl: Any = moderngl
        try:
            context = self._gl.create_context(standalone=True, backend="egl")
        except Exception as error:
            raise NoOpenGLError(
                "Synthetic heads need OpenGL: install the system's libEGL and Mesa packages."
            ) from error
        self._ctx: Any = context
        self._assets, self.size = assets, size
        self._build_programs()
        self._build_targets(samples)
        self._build_static()
        self._tracer = AmbientTracer(self._ctx, self._depth, assets)
        self._head: Head | None = None
        self._owned: list[Any] = []

    def __enter__(self) -> "HeadRenderer":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ctx.release()

    @property
    def device(self) -> str:
        """What draws, for example "llvmpipe"."""
        return str(self._ctx.info["GL_RENDERER"])

    def _build_programs(self) -> None:
        def program(vertex: str, fragment: str) -> Any:
            return self._ctx.program(vertex_shader=vertex, fragment_shader=fragment)

        self._shade = program(shaders.SURFACE_VERTEX, shaders.SHADE_FRAGMENT)
        self._shade_worn = program(shaders.ACCESSORY_VERTEX, shaders.SHADE_FRAGMENT)
        self._label_worn = program(shaders.ACCESSORY_VERTEX, shaders.LABEL_FRAGMENT)
        self._label = program(shaders.SURFACE_VERTEX, shaders.LABEL_FRAGMENT)
        self._depth = program(shaders.DEPTH_VERTEX, shaders.DEPTH_FRAGMENT)

    def _build_targets(self, samples: int) -> None:
        ctx, size = self._ctx, (self.size, self.size)
        samples = min(samples, int(ctx.max_samples))
        self._many = ctx.framebuffer(
            [ctx.renderbuffer(size, 4, samples=samples)],
            ctx.depth_renderbuffer(size, samples=samples),
        )
        self._colour = ctx.framebuffer([ctx.renderbuffer(size, 4)])
        self._label_target = ctx.framebuffer(
            [ctx.renderbuffer(size, 4)], ctx.depth_renderbuffer(size)
        )
        self._bake_target = ctx.framebuffer([ctx.renderbuffer((_BAKE_SIDE, _BAKE_SIDE), 4)])
        self._shadow = ctx.depth_texture((_SHADOW_SIZE, _SHADOW_SIZE))
        self._shadow.compare_func = ""
        self._shadow_target = ctx.framebuffer([], self._shadow)
        volume = noise_volume()
        self._noise = ctx.texture3d(volume.shape[:3], 4, volume.tobytes())
        self._noise.filter = (self._gl.LINEAR, self._gl.LINEAR)
        self._white = ctx.texture((1, 1), 3, b"\xff" * 3)
        self._skins: dict[int, Any] = {}

    def _build_static(self) -> None:
        s, ctx = self._assets.surface, self._ctx
        kind = np.stack([s.labels, s.parts], 1)
        cloth = np.broadcast_to(np.array([Label.CLOTH, Material.CLOTH], np.float32), kind.shape)
        self._static, self._static_cloth = (
            ctx.buffer(np.concatenate([s.uvs, s.rest, k, s.fields], 1).astype("f4").tobytes())
            for k in (kind, cloth)
        )
        self._triangles = ctx.buffer(s.triangles.tobytes())
        self._cloth_triangles = ctx.buffer(s.cloth_triangles.tobytes())

    def _own(self, thing: Any) -> Any:
        self._owned.append(thing)
        return thing

    # -- one head ---------------------------------------------------------------------------

    def load(self, head: Head) -> None:
        """Light a head and send it to the GPU; `draw` and the bakes are then about it."""
        for thing in self._owned:
            thing.release()
        self._owned = []
        self._head = head
        surface = self._assets.surface
        points = head.points[surface.gather].astype(np.float32)
        normals = head.normals[surface.gather].astype(np.float32)
        solid = [self._depth_array(thing) for thing in head.accessories if not thing.clear]
        self._ambient = self._tracer.trace(head, solid)
        ambient, opened, key = self._ambient.irradiance(points, normals)
        scalp = head.scalp[surface.gather].astype(np.float32)
        self._exposure = self._expose(head, normals, ambient)
        dynamic = np.concatenate([points, normals, ambient, np.stack([opened, scalp, key], 1)], 1)
        worn = dynamic.copy()
        rest = np.asarray(surface.rest, np.float64)
        worn[:, :3] += normals * head.cloth.offset(rest).astype(np.float32)[:, None]
        worn[:, 10] = head.cloth.cover(rest)
        self._meshes = [
            self._mesh(dynamic, self._static, self._triangles),
            self._mesh(worn, self._static_cloth, self._cloth_triangles),
        ]
        self._worn = [(thing.clear, self._load_worn(thing)) for thing in head.accessories]
        self._trace_key(head)
        film = Film(self._exposure, head.contrast)
        self._hairs = [self._shade_hairs(head, strands, film) for strands in head.all_strands]
        if head.strands is not None:
            self.strand_colours = self._hairs[-1]

    def _mesh(self, dynamic: Single, static: Any, triangles: Any) -> dict[str, Any]:
        buffer = self._own(self._ctx.buffer(np.ascontiguousarray(dynamic, "f4").tobytes()))
        content = [(buffer, *_DYNAMIC), (static, *_STATIC)]
        arrays = {
            name: self._own(self._ctx.vertex_array(program, content, triangles, skip_errors=True))
            for name, program in (("shade", self._shade), ("label", self._label))
        }
        arrays["depth"] = self._own(
            self._ctx.vertex_array(self._depth, [(buffer, "3f 9x4", "pos")], triangles)
        )
        return arrays

    def _load_worn(self, thing: Accessory) -> dict[str, Any]:
        rows = self._worn_rows(thing)
        buffer = self._own(self._ctx.buffer(rows.tobytes()))
        triangles = self._own(self._ctx.buffer(thing.triangles.astype("i4").tobytes()))
        content = [(buffer, *_WORN)]
        arrays = {
            name: self._own(self._ctx.vertex_array(program, content, triangles, skip_errors=True))
            for name, program in (("shade", self._shade_worn), ("label", self._label_worn))
        }
        arrays["depth"] = self._depth_array(thing)
        return arrays

    def _worn_rows(self, thing: Accessory) -> Single:
        ambient, opened, _ = self._ambient.irradiance(thing.points, thing.normals)
        finish = thing.finish_rows()
        label = np.full((len(finish), 1), thing.label, np.float32)
        columns = (thing.points, thing.normals, ambient, opened[:, None], thing.uvs, finish, label)
        return np.concatenate(columns, 1).astype("f4")

    def _depth_array(self, thing: Accessory) -> Any:
        buffer = self._own(self._ctx.buffer(thing.points.astype("f4").tobytes()))
        triangles = self._own(self._ctx.buffer(thing.triangles.astype("i4").tobytes()))
        return self._own(self._ctx.vertex_array(self._depth, [(buffer, "3f", "pos")], triangles))

    def _shade_hairs(self, head: Head, strands: Strands, film: Film) -> Single:
        """Colours [S * K, 3] sRGB of some hairs."""
        points = strands.points.reshape(-1, 3)
        if strands is head.strands:
            field = sample_volume(points, self._ambient.volume.field)
        else:  # hairs of the face are lit as the skin at their roots is
            field = np.repeat(self._skin_field(strands), strands.points.shape[1], 0)
        return shade_strands(
            points,
            strands.tangents.reshape(-1, 3),
            strands.colours.reshape(-1, 3),
            field,
            head.light,
            strands.gloss,
            film,
        )

    def _skin_field(self, strands: Strands) -> Single:
        """What strand_light gives, [S, 10], from the light on the skin at the roots."""
        roots, normals = strands.points[:, 0], strands.normals
        ambient, _, key = self._ambient.irradiance(roots + np.float32(0.002) * normals, normals)
        facing = np.clip(normals @ self._current().light.key_direction + 0.3, 0, 1)
        field = np.zeros((len(roots), 10), np.float32)
        field[:, :3], field[:, 9] = ambient, key * facing
        return field

    # -- light ------------------------------------------------------------------------------

    def _trace_key(self, head: Head) -> None:
        self._light_view = light_matrix(head.light.key_direction, _SHADOW_RADIUS)
        self._shadow_target.use()
        self._shadow_target.clear(depth=1.0)
        if not head.light.key_colour.any():
            return
        self._ctx.enable_only(self._gl.DEPTH_TEST)
        self._depth["VP"].write(self._light_view.T.astype("f4").tobytes())
        solid = [arrays for clear, arrays in self._worn if not clear]
        for mesh in (self._meshes[0], *solid):
            mesh["depth"].render(self._gl.TRIANGLES)

    def _expose(self, head: Head, normals: Single, ambient: Single) -> float:
        surface = self._assets.surface
        face = (surface.labels == Label.FACE) & (surface.rest[:, 2] > 0.03)
        face &= (surface.rest[:, 1] < 0.07) & (surface.parts == Part.SKIN)
        facing = np.maximum(normals[face] @ head.light.key_direction, 0).mean()
        light = ambient[face].mean(0) + head.light.key_colour * facing
        # As an automatic exposure does: a little more for dark skin, a little less for pale.
        skin = (float(head.skin.tone @ LUMINANCE) / 0.25) ** -0.28
        return float(head.exposure * skin * np.pi / max(float(light @ LUMINANCE), 1e-6))

    # -- drawing ----------------------------------------------------------------------------

    def _uniforms(self) -> dict[str, Any]:
        return look_uniforms(self._current(), self._light_view, self._exposure, self.size)

    def _current(self) -> Head:
        if self._head is None:
            raise ValueError("load a head first")
        return self._head

    def _set(self, program: Any, values: Mapping[str, Any]) -> None:
        units = {"skin": 0, "shadowMap": 1, "noise": 2}
        for name in program:
            if name in values:
                if isinstance(values[name], int):
                    program[name].value = values[name]
                else:
                    program[name].write(np.asarray(values[name], "f4").tobytes())
            elif name in units:
                program[name].value = units[name]
        self._skin_texture().use(0)
        self._shadow.use(1)
        self._noise.use(2)

    def _skin_texture(self) -> Any:
        texture = self._current().skin.texture
        if texture is None:
            return self._white
        key = id(texture)
        if key not in self._skins:
            height, width, _ = texture.image.shape
            made = self._ctx.texture((width, height), 3, texture.image.tobytes())
            made.build_mipmaps(max_level=5)
            made.filter = (self._gl.LINEAR_MIPMAP_LINEAR, self._gl.LINEAR)
            self._skins[key] = made
        return self._skins[key]

    def draw(self, camera: Camera) -> Picture:
        """Draw the loaded head; the camera's size must be the renderer's."""
        values = self._uniforms() | {
            "VP": view_projection(camera).T,
            "eye": camera.position,
            "bake": 0,
            "bakeSide": float(_BAKE_SIDE),
        }
        for program in (self._shade, self._label, self._shade_worn, self._label_worn):
            self._set(program, values)
        label, depth, behind = self._draw_labels()
        colour = self._draw_opaque()
        for strands, tones in zip(self._current().all_strands, self._hairs, strict=True):
            edge = colour[..., 3] < 0.999
            drawn = draw_fibres(strands.points, strands.half_widths, tones, camera, behind, edge)
            colour += (1 - colour[..., 3:]) * drawn.back
            colour *= drawn.through[..., None]
            colour[..., :3] += drawn.rgb
            colour[..., 3] += 1 - drawn.through
            if strands is self._current().strands:
                front = (drawn.through < 0.5) & ((depth == 0) | (drawn.depth < depth + 0.002))
                label = np.where(front, np.uint8(Label.HAIR), label)
                depth = np.where(front, drawn.depth, depth)
        colour = self._draw_clear(colour)
        return Picture(colour[..., :3], colour[..., 3], label, depth)

    def _read(self, target: Any) -> NDArray[np.uint8]:
        raw = np.frombuffer(target.read(components=4), np.uint8)
        return raw.reshape(self.size, self.size, 4)[::-1]

    def _resolved(self) -> Single:
        self._ctx.copy_framebuffer(self._colour, self._many)
        colour: Single = self._read(self._colour).astype(np.float32) / np.float32(255)
        return colour

    def _depth_metres(self) -> Single:
        raw = self._label_target.read(components=1, attachment=-1, dtype="f4")
        depth: Single = metres(np.frombuffer(raw, np.float32).reshape(self.size, self.size)[::-1])
        return depth

    def _draw_labels(self) -> tuple[NDArray[np.uint8], Single, Single]:
        """Labels, their depth (0 elsewhere), and the depth of what hides hair (else infinite)."""
        self._label_target.use()
        self._label_target.clear(0, 0, 0, 0, depth=1.0)
        self._render("label")
        depth = self._depth_metres()
        behind = np.where(depth > 0, depth, np.float32(np.inf))
        clear = [thing for is_clear, thing in self._worn if is_clear]
        for thing in clear:
            thing["label"].render(self._gl.TRIANGLES)
        if clear:
            depth = self._depth_metres()
        return self._read(self._label_target)[..., 0].copy(), depth, behind

    def _draw_opaque(self) -> Single:
        """Premultiplied RGBA [S, S, 4] of all but hair and lenses."""
        self._many.use()
        self._many.clear(0, 0, 0, 0, depth=1.0)
        self._render("shade")
        return self._resolved()

    def _draw_clear(self, under: Single) -> Single:
        """Lenses over a picture [S, S, 4]; the depth of what is solid still stands."""
        clear = [thing for is_clear, thing in self._worn if is_clear]
        if not clear:
            return under
        self._many.use()
        self._many.depth_mask = False
        self._many.clear(0, 0, 0, 0)
        self._ctx.enable_only(self._gl.DEPTH_TEST | self._gl.BLEND)
        self._ctx.blend_func = self._gl.ONE, self._gl.ONE_MINUS_SRC_ALPHA
        for thing in clear:
            thing["shade"].render(self._gl.TRIANGLES)
        self._many.depth_mask = True
        over = self._resolved()
        return over + under * (1 - over[..., 3:])

    def _render(self, what: str) -> None:
        self._ctx.enable_only(self._gl.DEPTH_TEST | self._gl.CULL_FACE)
        bare, cloth = self._meshes
        if what == "shade":  # the cloth's edge is soft
            for flag in _ALPHA_TO_COVERAGE:
                self._ctx.enable_direct(flag)
        cloth[what].render(self._gl.TRIANGLES)
        for flag in _ALPHA_TO_COVERAGE:
            self._ctx.disable_direct(flag)
        bare[what].render(self._gl.TRIANGLES)
        self._ctx.enable_only(self._gl.DEPTH_TEST)
        for clear, thing in self._worn:
            if not clear:
                thing[what].render(self._gl.TRIANGLES)

    def _bake(self, program: Any, content: tuple[Any, ...], count: int) -> Single:
        if count > _BAKE_SIDE**2:
            raise ValueError(f"at most {_BAKE_SIDE**2} points can be baked at once")
        values = self._uniforms() | {
            "VP": np.eye(4),
            "eye": np.zeros(3),
            "bake": 1,
            "paint": 1.0,  # hairs of the face are not among the anchors
            "bakeSide": float(_BAKE_SIDE),
        }
        self._set(program, values)
        self._bake_target.use()
        self._bake_target.clear(0, 0, 0, 0)
        self._ctx.enable_only(self._gl.PROGRAM_POINT_SIZE)
        array = self._ctx.vertex_array(program, [content], skip_errors=True)
        array.render(self._gl.POINTS)
        array.release()
        raw = np.frombuffer(self._bake_target.read(components=4), np.uint8).reshape(-1, 4)
        colours: Single = raw[:count].astype(np.float32) / np.float32(255)
        return colours

    def bake_surface(self, at: SurfacePoints) -> Single:
        """Colours [N, 4] of points on the skin or cloth as a portrait camera would see them.

        The last channel is 0 where nothing is there, such as cloth above the neckline.
        """
        ambient, opened, key = self._ambient.irradiance(at.points, at.normals)
        columns = (
            *(at.points, at.normals, ambient, np.stack([opened, at.scalp, key], 1), at.uvs),
            *(at.rest, at.labels[:, None], at.parts[:, None], at.fields),
        )
        data = np.concatenate(columns, 1).astype("f4")
        buffer = self._ctx.buffer(data.tobytes())
        layout = f"{_DYNAMIC[0]} {_STATIC[0]}"
        colours = self._bake(self._shade, (buffer, layout, *_DYNAMIC[1:], *_STATIC[1:]), len(data))
        buffer.release()
        return colours

    def bake_worn(self, thing: Accessory) -> Single:
        """Colours [N, 4] of a worn mesh's vertices; the last channel is its opacity."""
        rows = self._worn_rows(thing)
        buffer = self._ctx.buffer(rows.tobytes())
        colours = self._bake(self._shade_worn, (buffer, *_WORN), len(rows))
        buffer.release()
        return colours
