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
from training.synthetic.assets import Assets
from training.synthetic.head import Head
from training.synthetic.labels import Surface as Material
from training.synthetic.lighting import LUMINANCE
from training.synthetic.noise import noise_volume
from training.synthetic.occlusion import gather_irradiance
from training.synthetic.pictures import Picture, SurfacePoints
from training.synthetic.projection import light_matrix, metres, view_projection
from training.synthetic.uniforms import look_uniforms
from training.template.labels import Label, Part

Single = NDArray[np.float32]
_AMBIENT_SIZE, _AMBIENT_RADIUS = 192, 0.34
_SHADOW_SIZE, _SHADOW_RADIUS = 768, 0.32
_BAKE_SIDE = 256
_DYNAMIC = ("3f 3f 3f 2f", "pos", "nor", "amb", "ao_scalp")
_STATIC = ("2f 3f 2f 3f", "uv", "rest", "lp", "fields")
_STRAND = ("3f 3f 3f 3f", "pos", "tangent", "amb", "colour")
_WORN_NAMES = ("pos", "nor", "amb", "opened", "uv", "colour", "finish", "label")
_WORN = ("3f 3f 3f 1f 2f 3f 4f 1f", *_WORN_NAMES)
_RIBBON = ("3f 3f 3f 2f", "pos", "tangent", "colour", "side_width")


class NoOpenGLError(PercHeadError):
    """This computer offers no OpenGL without a display."""


def _strand_indices(count: int, length: int) -> NDArray[np.int32]:
    """Triangles [T * 3] of ribbons whose vertices are stored as strand, point, side."""
    first = np.arange(count, dtype=np.int32)[:, None] * (2 * length)
    first = first + 2 * np.arange(length - 1, dtype=np.int32)[None]
    return (first[..., None] + np.array([0, 1, 2, 1, 3, 2], np.int32)).ravel()


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
        self._shade_strand = program(shaders.STRAND_BAKE_VERTEX, shaders.SHADE_FRAGMENT)
        self._draw_strand = program(shaders.RIBBON_VERTEX, shaders.RIBBON_FRAGMENT)
        self._label = program(shaders.SURFACE_VERTEX, shaders.LABEL_FRAGMENT)
        self._label_strand = program(shaders.RIBBON_VERTEX, shaders.RIBBON_LABEL_FRAGMENT)
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
        self._ambient = ctx.depth_texture((_AMBIENT_SIZE, _AMBIENT_SIZE))
        self._shadow = ctx.depth_texture((_SHADOW_SIZE, _SHADOW_SIZE))
        for texture in (self._ambient, self._shadow):
            texture.compare_func = ""
        self._ambient_target = ctx.framebuffer([], self._ambient)
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
        mesh = self._assets.mesh
        quads = mesh.quads[~np.isin(mesh.parts, [Part.LASHES, Part.EYE_CAVITY])]
        coarse = quads[:, [0, 1, 2, 0, 2, 3]].astype(np.int32)
        self._coarse_triangles = ctx.buffer(coarse.tobytes())

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
        self._trace_ambient(head)
        ambient, opened = self._irradiance(points, normals, hair=False)
        scalp = head.scalp[surface.gather].astype(np.float32)
        self._exposure = self._expose(head, normals, ambient)
        dynamic = np.concatenate([points, normals, ambient, opened[:, None], scalp[:, None]], 1)
        worn = dynamic.copy()
        rest = np.asarray(surface.rest, np.float64)
        worn[:, :3] += normals * head.cloth.offset(rest).astype(np.float32)[:, None]
        worn[:, -1] = head.cloth.cover(rest)
        self._meshes = [
            self._mesh(dynamic, self._static, self._triangles),
            self._mesh(worn, self._static_cloth, self._cloth_triangles),
        ]
        self._worn = [(thing.clear, self._load_worn(thing)) for thing in head.accessories]
        self._trace_key(head)
        self._strand_arrays: dict[str, Any] = {}
        if head.strands is not None:
            self._load_strands(head)

    def _mesh(self, dynamic: Single, static: Any, triangles: Any) -> dict[str, Any]:
        buffer = self._own(self._ctx.buffer(np.ascontiguousarray(dynamic, "f4").tobytes()))
        content = [(buffer, *_DYNAMIC), (static, *_STATIC)]
        arrays = {
            name: self._own(self._ctx.vertex_array(program, content, triangles, skip_errors=True))
            for name, program in (("shade", self._shade), ("label", self._label))
        }
        arrays["depth"] = self._own(
            self._ctx.vertex_array(self._depth, [(buffer, "3f 8x4", "pos")], triangles)
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
        ambient, opened = self._irradiance(thing.points, thing.normals, hair=False)
        finish = thing.finish_rows()
        label = np.full((len(finish), 1), thing.label, np.float32)
        columns = (thing.points, thing.normals, ambient, opened[:, None], thing.uvs, finish, label)
        return np.concatenate(columns, 1).astype("f4")

    def _depth_array(self, thing: Accessory) -> Any:
        buffer = self._own(self._ctx.buffer(thing.points.astype("f4").tobytes()))
        triangles = self._own(self._ctx.buffer(thing.triangles.astype("i4").tobytes()))
        return self._own(self._ctx.vertex_array(self._depth, [(buffer, "3f", "pos")], triangles))

    def _load_strands(self, head: Head) -> None:
        strands = head.strands
        assert strands is not None
        count, length, _ = strands.points.shape
        points, tangents = strands.points.reshape(-1, 3), strands.tangents.reshape(-1, 3)
        tones = strands.colours.reshape(-1, 3)
        self.strand_colours = self._bake_strands(points, tangents, tones)
        rows = np.repeat(np.concatenate([points, tangents, self.strand_colours], 1), 2, 0)
        side = np.tile(np.array([-1, 1], np.float32), len(points))
        width = np.repeat(strands.half_widths.reshape(-1), 2)
        data = np.concatenate([rows, side[:, None], width[:, None]], 1).astype("f4")
        buffer = self._own(self._ctx.buffer(data.tobytes()))
        indices = self._own(self._ctx.buffer(_strand_indices(count, length).tobytes()))
        for name, program in (("shade", self._draw_strand), ("label", self._label_strand)):
            self._strand_arrays[name] = self._own(
                self._ctx.vertex_array(program, [(buffer, *_RIBBON)], indices, skip_errors=True)
            )

    # -- light ------------------------------------------------------------------------------

    def _lines(self, points: Single) -> Any:
        """A vertex array of polylines [N, K, 3] for depth maps."""
        count, length, _ = points.shape
        start = np.arange(count, dtype=np.int32)[:, None] * length
        index = (start + np.arange(length - 1, dtype=np.int32))[..., None] + np.arange(
            2, dtype=np.int32
        )
        buffer = self._own(self._ctx.buffer(np.ascontiguousarray(points, "f4").tobytes()))
        indices = self._own(self._ctx.buffer(np.ascontiguousarray(index, np.int32).tobytes()))
        return self._own(self._ctx.vertex_array(self._depth, [(buffer, "3f", "pos")], indices))

    def _trace_ambient(self, head: Head) -> None:
        buffer = self._own(self._ctx.buffer(head.vertices.astype("f4").tobytes()))
        solid = self._own(
            self._ctx.vertex_array(self._depth, [(buffer, "3f", "pos")], self._coarse_triangles)
        )
        lines = self._lines(head.strands.guide_points) if head.strands is not None else None
        worn = [self._depth_array(thing) for thing in head.accessories if not thing.clear]
        directions = head.light.directions
        matrices = np.stack([light_matrix(d, _AMBIENT_RADIUS) for d in directions])
        depths = np.empty((len(directions), _AMBIENT_SIZE, _AMBIENT_SIZE), np.float32)
        self._ambient_target.use()
        self._ctx.enable_only(self._gl.DEPTH_TEST)
        for matrix, depth in zip(matrices, depths, strict=True):
            self._ambient_target.clear(depth=1.0)
            self._depth["VP"].write(matrix.T.astype("f4").tobytes())
            for array in (solid, *worn):
                array.render(self._gl.TRIANGLES)
            if lines is not None:
                lines.render(self._gl.LINES)
            self._ambient.read_into(depth)
        self._ambient_maps = (
            directions.astype(np.float32),
            head.light.irradiance.astype(np.float32),
            matrices.astype(np.float32),
            depths,
        )

    def _irradiance(self, points: Single, axes: Single, hair: bool) -> tuple[Single, Single]:
        result: tuple[Single, Single] = gather_irradiance(
            np.ascontiguousarray(points, np.float32),
            np.ascontiguousarray(axes, np.float32),
            hair,
            *self._ambient_maps,
        )
        return result

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
        if head.strands is not None:
            self._lines(head.strands.points[::3]).render(self._gl.LINES)

    def _expose(self, head: Head, normals: Single, ambient: Single) -> float:
        surface = self._assets.surface
        face = (surface.labels == Label.FACE) & (surface.rest[:, 2] > 0.03)
        face &= (surface.rest[:, 1] < 0.07) & (surface.parts == Part.SKIN)
        facing = np.maximum(normals[face] @ head.light.key_direction, 0).mean()
        light = ambient[face].mean(0) + head.light.key_colour * facing
        return float(head.exposure * np.pi / max(float(light @ LUMINANCE), 1e-6))

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
        surfaces = (self._shade, self._label, self._shade_worn, self._label_worn)
        for program in (*surfaces, self._draw_strand, self._label_strand):
            self._set(program, values)
        ctx, size = self._ctx, self.size
        self._many.use()
        self._many.clear(0, 0, 0, 0, depth=1.0)
        self._render("shade")
        ctx.copy_framebuffer(self._colour, self._many)
        raw = np.frombuffer(self._colour.read(components=4), np.uint8).reshape(size, size, 4)
        colour: Single = raw[::-1].astype(np.float32) / np.float32(255)
        self._label_target.use()
        self._label_target.clear(0, 0, 0, 0, depth=1.0)
        self._render("label")
        raw = np.frombuffer(self._label_target.read(components=4), np.uint8)
        label = raw.reshape(size, size, 4)[::-1, :, 0].copy()
        depth = np.frombuffer(
            self._label_target.read(components=1, attachment=-1, dtype="f4"), np.float32
        )
        depth = metres(depth.reshape(size, size)[::-1])
        return Picture(colour[..., :3], colour[..., 3], label, depth)

    def _render(self, what: str) -> None:
        # Hair first: it is cheap to shade and hides skin that is not.
        self._ctx.enable_only(self._gl.DEPTH_TEST)
        if what in self._strand_arrays:
            self._strand_arrays[what].render(self._gl.TRIANGLES)
        self._ctx.enable_only(self._gl.DEPTH_TEST | self._gl.CULL_FACE)
        for mesh in reversed(self._meshes):
            mesh[what].render(self._gl.TRIANGLES)
        self._ctx.enable_only(self._gl.DEPTH_TEST)
        for clear, thing in self._worn:
            if not clear:
                thing[what].render(self._gl.TRIANGLES)
        if what == "shade":  # premultiplied lenses over everything; labels are never mixed
            self._ctx.enable_only(self._gl.DEPTH_TEST | self._gl.BLEND)
            self._ctx.blend_func = self._gl.ONE, self._gl.ONE_MINUS_SRC_ALPHA
        for clear, thing in self._worn:
            if clear:
                thing[what].render(self._gl.TRIANGLES)

    def _bake(self, program: Any, content: tuple[Any, ...], count: int) -> Single:
        if count > _BAKE_SIDE**2:
            raise ValueError(f"at most {_BAKE_SIDE**2} points can be baked at once")
        values = self._uniforms() | {
            "VP": np.eye(4),
            "eye": np.zeros(3),
            "bake": 1,
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
        ambient, opened = self._irradiance(at.points, at.normals, hair=False)
        columns = (
            *(at.points, at.normals, ambient, opened[:, None], at.scalp[:, None], at.uvs),
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

    def _bake_strands(self, points: Single, tangents: Single, tones: Single) -> Single:
        """Colours [N, 3] of points on strands with hair tones [N, 3] (linear RGB)."""
        ambient, _ = self._irradiance(points, tangents, hair=True)
        data = np.concatenate([points, tangents, ambient, tones], 1).astype("f4")
        parts = []
        for start in range(0, len(data), _BAKE_SIDE**2):
            part = data[start : start + _BAKE_SIDE**2]
            buffer = self._ctx.buffer(part.tobytes())
            parts.append(self._bake(self._shade_strand, (buffer, *_STRAND), len(part))[:, :3])
            buffer.release()
        return np.concatenate(parts)
