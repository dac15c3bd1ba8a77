"""Draws a synthetic head with OpenGL, on a GPU or on a CPU (llvmpipe), without a display."""

from collections.abc import Mapping
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.rendering.camera import Camera
from training.synthetic.accessories import Accessory
from training.synthetic.ambient import AmbientTracer
from training.synthetic.assets import Assets
from training.synthetic.fibres import FibrePicture, draw_fibres
from training.synthetic.gl_resources import BAKE_SIDE, GlResources
from training.synthetic.head import Head
from training.synthetic.lighting import LUMINANCE
from training.synthetic.pictures import Picture, SurfacePoints
from training.synthetic.projection import light_matrix, metres, view_projection
from training.synthetic.strand_light import sample_volume
from training.synthetic.strand_shading import Film, shade_strands
from training.synthetic.strands import Strands
from training.synthetic.uniforms import look_uniforms
from training.template.labels import Label, Part

Single = NDArray[np.float32]
_SHADOW_RADIUS = 0.32  # metres
_ALPHA_TO_COVERAGE = (0x809E, 0x809F)  # GL_SAMPLE_ALPHA_TO_COVERAGE, GL_SAMPLE_ALPHA_TO_ONE
_DYNAMIC = ("3f 3f 3f 3f", "pos", "nor", "amb", "ao_scalp_key")
_STATIC = ("2f 3f 2f 3f", "uv", "rest", "lp", "fields")
_WORN_NAMES = ("pos", "nor", "amb", "opened", "uv", "colour", "finish", "label")
_WORN = ("3f 3f 3f 1f 2f 3f 4f 1f", *_WORN_NAMES)


class HeadRenderer:
    """Lights a head, draws it, and colours points on it.

    Args:
        assets: what heads are made from.
        size: edge of the pictures in pixels.
        samples: samples a pixel for smooth edges.

    Raises:
        NoOpenGLError: there is no OpenGL 3.3 without a display.
    """

    def __init__(self, assets: Assets, size: int, samples: int = 4) -> None:
        self._shared = GlResources(assets, size, samples)
        self._ctx, self._gl = self._shared.context, self._shared.gl
        self._assets, self.size = assets, size
        self._tracer = AmbientTracer(self._ctx, self._shared.depth, assets)
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
        self._shared.release()

    @property
    def device(self) -> str:
        """What draws, for example "llvmpipe"."""
        return self._shared.device

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
        shared = self._shared
        self._meshes = [
            self._mesh(dynamic, shared.static, shared.triangles),
            self._mesh(worn, shared.static_cloth, shared.cloth_triangles),
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
            for name, program in (("shade", self._shared.shade), ("label", self._shared.label))
        }
        arrays["depth"] = self._own(
            self._ctx.vertex_array(self._shared.depth, [(buffer, "3f 9x4", "pos")], triangles)
        )
        return arrays

    def _load_worn(self, thing: Accessory) -> dict[str, Any]:
        rows = self._worn_rows(thing)
        buffer = self._own(self._ctx.buffer(rows.tobytes()))
        triangles = self._own(self._ctx.buffer(thing.triangles.astype("i4").tobytes()))
        content = [(buffer, *_WORN)]
        arrays = {
            name: self._own(self._ctx.vertex_array(program, content, triangles, skip_errors=True))
            for name, program in (
                ("shade", self._shared.shade_worn),
                ("label", self._shared.label_worn),
            )
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
        return self._own(
            self._ctx.vertex_array(self._shared.depth, [(buffer, "3f", "pos")], triangles)
        )

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
        self._shared.shadowed.use()
        self._shared.shadowed.clear(depth=1.0)
        if not head.light.key_colour.any():
            return
        self._ctx.enable_only(self._gl.DEPTH_TEST)
        self._shared.depth["VP"].write(self._light_view.T.astype("f4").tobytes())
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
        self._shared.set_uniforms(program, values, self._current().skin.texture)

    def draw(self, camera: Camera) -> Picture:
        """Draw the loaded head; the camera's size must be the renderer's."""
        self._look(camera, (*self._labelling, self._shared.shade, self._shared.shade_worn))
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
                front = _seen_hair(drawn, depth)
                label = np.where(front, np.uint8(Label.HAIR), label)
                depth = np.where(front, drawn.depth, depth)
        colour = self._draw_clear(colour)
        return Picture(colour[..., :3], colour[..., 3], label, depth)

    def draw_map(self, camera: Camera) -> NDArray[np.uint8]:
        """The label of `draw`, without the rest."""
        self._look(camera, self._labelling)
        label, depth, behind = self._draw_labels()
        strands = self._current().strands
        if strands is None:
            return label
        nothing = np.zeros(depth.shape, np.bool_)
        tones = self.strand_colours
        drawn = draw_fibres(strands.points, strands.half_widths, tones, camera, behind, nothing)
        made: NDArray[np.uint8] = np.where(_seen_hair(drawn, depth), np.uint8(Label.HAIR), label)
        return made

    @property
    def _labelling(self) -> tuple[Any, Any]:
        return self._shared.label, self._shared.label_worn

    def _look(self, camera: Camera, programs: tuple[Any, ...]) -> None:
        values = self._uniforms() | {
            "VP": view_projection(camera).T,
            "eye": camera.position,
            "bake": 0,
            "bakeSide": float(BAKE_SIDE),
        }
        for program in programs:
            self._set(program, values)

    def _depth_metres(self) -> Single:
        depth: Single = metres(self._shared.raw_depth())
        return depth

    def _draw_labels(self) -> tuple[NDArray[np.uint8], Single, Single]:
        """Labels, their depth (0 elsewhere), and the depth of what hides hair (else infinite)."""
        self._shared.labelled.use()
        self._shared.labelled.clear(0, 0, 0, 0, depth=1.0)
        self._render("label")
        depth = self._depth_metres()
        behind = np.where(depth > 0, depth, np.float32(np.inf))
        clear = [thing for is_clear, thing in self._worn if is_clear]
        for thing in clear:
            thing["label"].render(self._gl.TRIANGLES)
        if clear:
            depth = self._depth_metres()
        return self._shared.read(self._shared.labelled)[..., 0].copy(), depth, behind

    def _draw_opaque(self) -> Single:
        """Premultiplied RGBA [S, S, 4] of all but hair and lenses."""
        self._shared.many.use()
        self._shared.many.clear(0, 0, 0, 0, depth=1.0)
        self._render("shade")
        return self._shared.resolved()

    def _draw_clear(self, under: Single) -> Single:
        """Lenses over a picture [S, S, 4]; the depth of what is solid still stands."""
        clear = [thing for is_clear, thing in self._worn if is_clear]
        if not clear:
            return under
        self._shared.many.use()
        self._shared.many.depth_mask = False
        self._shared.many.clear(0, 0, 0, 0)
        self._ctx.enable_only(self._gl.DEPTH_TEST | self._gl.BLEND)
        self._ctx.blend_func = self._gl.ONE, self._gl.ONE_MINUS_SRC_ALPHA
        for thing in clear:
            thing["shade"].render(self._gl.TRIANGLES)
        self._shared.many.depth_mask = True
        over = self._shared.resolved()
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
        if count > BAKE_SIDE**2:
            raise ValueError(f"at most {BAKE_SIDE**2} points can be baked at once")
        values = self._uniforms() | {
            "VP": np.eye(4),
            "eye": np.zeros(3),
            "bake": 1,
            "paint": 1.0,  # hairs of the face are not among the anchors
            "bakeSide": float(BAKE_SIDE),
        }
        self._set(program, values)
        self._shared.baked.use()
        self._shared.baked.clear(0, 0, 0, 0)
        self._ctx.enable_only(self._gl.PROGRAM_POINT_SIZE)
        array = self._ctx.vertex_array(program, [content], skip_errors=True)
        array.render(self._gl.POINTS)
        array.release()
        raw = np.frombuffer(self._shared.baked.read(components=4), np.uint8).reshape(-1, 4)
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
        colours = self._bake(
            self._shared.shade, (buffer, layout, *_DYNAMIC[1:], *_STATIC[1:]), len(data)
        )
        buffer.release()
        return colours

    def bake_worn(self, thing: Accessory) -> Single:
        """Colours [N, 4] of a worn mesh's vertices; the last channel is its opacity."""
        rows = self._worn_rows(thing)
        buffer = self._ctx.buffer(rows.tobytes())
        colours = self._bake(self._shared.shade_worn, (buffer, *_WORN), len(rows))
        buffer.release()
        return colours


def _seen_hair(drawn: FibrePicture, depth: Single) -> NDArray[np.bool_]:
    """Where hair hides what is solid there, whose depth [S, S] is 0 where nothing is."""
    seen: NDArray[np.bool_] = (drawn.through < 0.5) & ((depth == 0) | (drawn.depth < depth + 0.002))
    return seen
