"""Draws a synthetic head without OpenGL: slow and plain, for tests and for computers without it.

The geometry, labels and depth are those of gl_renderer; the light is not: no shadows, pores,
reflections or thin hairs. Models are trained on pictures of gl_renderer.
"""

from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from inference.rendering.camera import Camera
from training.synthetic.accessories import Accessory
from training.synthetic.assets import Assets
from training.synthetic.brows import brow_cover
from training.synthetic.head import Head
from training.synthetic.labels import Surface as Material
from training.synthetic.pictures import Picture, SurfacePoints
from training.synthetic.plain_shading import PlainShading
from training.synthetic.software_raster import (
    CHANNELS,
    Buffers,
    draw_lines,
    fill_triangles,
    project,
)
from training.template.labels import Label, Part

Single = NDArray[np.float32]
_SAMPLES = 3  # odd: the middle one is the centre of the pixel
_WORN = 9
_SMOOTH = (Label.BACKGROUND, Label.NECK, Label.FACE, Label.NOSE)


class SoftwareRenderer:
    """The Renderer of computers without OpenGL.

    Args:
        assets: what heads are made from.
        size: edge of the pictures in pixels.
    """

    device = "software"

    def __init__(self, assets: Assets, size: int) -> None:
        self._assets, self.size = assets, size
        self.strand_colours: Single = np.zeros((0, 3), np.float32)
        surface = assets.surface
        shells = ((surface.triangles, False), (surface.cloth_triangles, True))
        self._triangles = tuple(triangles for triangles, _ in shells)
        self._codes = tuple(
            (
                np.full(len(t), Label.CLOTH, np.uint8)
                if cloth
                else surface.labels[t[:, 0]].astype(np.uint8),
                np.full(len(t), Material.CLOTH, np.uint8)
                if cloth
                else surface.parts[t[:, 0]].astype(np.uint8),
            )
            for t, cloth in shells
        )
        face = (surface.labels == Label.FACE) & (surface.rest[:, 2] > 0.03)
        self._face = face & (surface.rest[:, 1] < 0.07) & (surface.parts == Part.SKIN)
        self._head: Head | None = None

    def __enter__(self) -> "SoftwareRenderer":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._head = None

    def load(self, head: Head) -> None:
        """Light a head; the other methods are then about it."""
        self._head = head
        surface = self._assets.surface
        normals = head.normals[surface.gather]
        self._shading = PlainShading(head, normals[self._face])
        skin = self._points(head, cloth=False)
        worn = self._points(head, cloth=True)
        self._meshes = [
            (skin.points, self._values(head, skin, cloth=False)),
            (worn.points, self._values(head, worn, cloth=True)),
        ]
        self._hairs = [
            (
                strands.points,
                self._shading.strands(
                    strands.points.reshape(-1, 3), strands.colours.reshape(-1, 3)
                ),
            )
            for strands in head.all_strands
        ]
        if head.strands is not None:
            self.strand_colours = self._hairs[-1][1]

    def _points(self, head: Head, cloth: bool) -> SurfacePoints:
        s = self._assets.surface
        points = head.points[s.gather].astype(np.float32)
        normals = head.normals[s.gather].astype(np.float32)
        scalp = head.scalp[s.gather].astype(np.float32)
        labels, parts = s.labels, s.parts
        if cloth:
            rest = np.asarray(s.rest, np.float64)
            points = points + normals * head.cloth.offset(rest).astype(np.float32)[:, None]
            scalp = head.cloth.cover(rest).astype(np.float32)
            labels = np.full_like(labels, Label.CLOTH)
            parts = np.full_like(parts, Material.CLOTH)
        return SurfacePoints(points, normals, s.rest, s.uvs, s.fields, scalp, labels, parts)

    def _values(self, head: Head, at: SurfacePoints, cloth: bool) -> Single:
        values = np.zeros((len(at.points), CHANNELS), np.float32)
        values[:, :4] = self._shading.surface(at)
        values[:, 4:6] = at.fields[:, :2]
        values[:, 8] = at.scalp if cloth else 1
        if not cloth:
            values[:, 6] = at.scalp * head.style.undercoat
            if head.facial.brows.density > 0.3:
                rest = np.asarray(at.rest, np.float64)
                values[:, 7] = brow_cover(rest, head.facial.brows) * np.sign(rest[:, 0])
        return values

    def draw(self, camera: Camera) -> Picture:
        """Draw the loaded head; the camera's size must be the renderer's."""
        head = self._current()
        fine = camera.resized(self.size * _SAMPLES, self.size * _SAMPLES)
        made = Buffers.empty(self.size * _SAMPLES)
        for (points, values), triangles, (labels, parts) in zip(
            self._meshes, self._triangles, self._codes, strict=True
        ):
            self._fill(made, fine, points, values, triangles, labels, parts, cull=True)
        for thing in head.accessories:
            if not thing.clear:
                self._fill_worn(made, fine, thing)
        for (points, colours), strands in zip(self._hairs, head.all_strands, strict=True):
            if strands is not head.strands:
                continue  # hairs of the face are thinner than these pixels
            seen = project(points.reshape(-1, 3), fine).reshape(points.shape)
            draw_lines(
                seen,
                colours.reshape(points.shape),
                made.depth,
                made.values,
                made.label,
                made.part,
                int(Label.HAIR),
                int(Material.STRAND),
            )
        labels = self._labels(made)
        colour, depth = made.values[..., :4], made.depth
        for thing in head.accessories:
            if thing.clear:
                lens = Buffers.empty(self.size * _SAMPLES)
                self._fill_worn(lens, fine, thing)
                front = lens.depth < depth
                over = lens.values[..., :4] + colour * (1 - lens.values[..., 3:4])
                colour = np.where(front[..., None], over, colour)
                labels = np.where(front, np.uint8(thing.label), labels)
                depth = np.where(front, lens.depth, depth)
        return self._reduced(colour, labels, depth)

    def draw_map(self, camera: Camera) -> NDArray[np.uint8]:
        """The label of `draw`."""
        return self.draw(camera).label

    def _reduced(self, colour: Single, labels: NDArray[np.uint8], depth: Single) -> Picture:
        """The mean colour, and the label and depth at the centre, of each pixel."""
        size, n = self.size, _SAMPLES
        mean = colour.reshape(size, n, size, n, 4).mean((1, 3), dtype=np.float32)
        label, near = labels[n // 2 :: n, n // 2 :: n], depth[n // 2 :: n, n // 2 :: n]
        near = np.where(np.isfinite(near), near, 0).astype(np.float32)
        return Picture(mean[..., :3], mean[..., 3], np.ascontiguousarray(label), near)

    @staticmethod
    def _labels(made: Buffers) -> NDArray[np.uint8]:
        """The borders of neck, nose, brows and scalp within skin, from smooth fields."""
        neck, nose, scalp, brow = np.moveaxis(made.values[..., 4:8], -1, 0)
        label = made.label.copy()
        skin = np.isfinite(made.depth) & (made.part == Material.SKIN) & np.isin(label, _SMOOTH)
        label[skin] = np.where(
            neck > 0.5, Label.NECK, np.where(nose > 0.5, Label.NOSE, Label.FACE)
        )[skin]
        face = skin & (label != Label.NECK)
        label[face & (brow > 0.4)] = Label.LEFT_BROW
        label[face & (brow < -0.4)] = Label.RIGHT_BROW
        label[skin & (scalp > 0.4)] = Label.HAIR
        return label

    def _fill_worn(self, made: Buffers, camera: Camera, thing: Accessory) -> None:
        values = np.ones((len(thing.points), CHANNELS), np.float32)
        values[:, :4] = self._shading.worn(thing)
        labels = np.full(len(thing.triangles), thing.label, np.uint8)
        parts = np.full(len(thing.triangles), _WORN, np.uint8)
        self._fill(made, camera, thing.points, values, thing.triangles, labels, parts, cull=False)

    @staticmethod
    def _fill(
        made: Buffers,
        camera: Camera,
        points: Single,
        values: Single,
        triangles: NDArray[np.int32],
        labels: NDArray[np.uint8],
        parts: NDArray[np.uint8],
        cull: bool,
    ) -> None:
        seen = project(points, camera)
        fill_triangles(
            *(seen, values, triangles, labels, parts, cull),
            *(made.depth, made.values, made.label, made.part),
        )

    def bake_surface(self, at: SurfacePoints) -> Single:
        """Colours [N, 4] of points on skin or cloth; the last channel is 0 where nothing is."""
        self._current()
        return self._shading.surface(at)

    def bake_worn(self, thing: Accessory) -> Single:
        """Colours [N, 4] of a worn mesh's vertices, premultiplied by the last channel."""
        self._current()
        return self._shading.worn(thing)

    def _current(self) -> Head:
        if self._head is None:
            raise ValueError("load a head first")
        return self._head
