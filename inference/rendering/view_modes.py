"""What of the head is shown: its colours, its points, its depth or its normals."""

from dataclasses import replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from inference.head.gaussians import FloatArray, Gaussians
from inference.rendering.camera import Camera
from inference.rendering.normals import surface_normals
from inference.rendering.protocol import WHITE, Background, Frame, Renderer, preview_rgba8
from inference.rendering.rgba import to_rgba8

_POINT_SIZE = 0.004
"""Standard deviation of a drawn point, as a part of the cloud's own (our choice)."""

_POINT_OPACITY = 0.95

_AWAY = 0.15
"""Sine of how far a normal may look away from the viewer before its other side is meant: at a
silhouette some do a little (our choice)."""

_NORMAL_SIGNS = np.array([1, -1, -1], np.float32)  # from OpenCV axes to y up, z to the viewer

# Five colours of viridis, near to far: https://bids.github.io/colormap/
_DEPTH_COLOURS = np.array(
    [
        [0.993, 0.906, 0.144],
        [0.369, 0.789, 0.383],
        [0.128, 0.567, 0.551],
        [0.230, 0.322, 0.546],
        [0.267, 0.005, 0.329],
    ]
)
_DEPTH_TABLE = np.stack(
    [np.interp(np.linspace(0, 4, 256), range(5), channel) for channel in _DEPTH_COLOURS.T], axis=1
).astype(np.float32)


class ViewMode(StrEnum):
    """The views that a user can choose."""

    SPLATS = "splats"
    POINTS = "points"
    DEPTH = "depth"
    NORMALS = "normals"


class ViewRenderer:
    """A renderer that shows another view of what an inner renderer draws.

    Depth is coloured over the middle of the whole head, so it does not flicker on an orbit.
    Normals are those of the surface that the Gaussians' centres lie on, in camera axes: red to
    the right, green up, blue towards the viewer. (Differences of the depth map would not do:
    each Gaussian has one depth, and a slanted surface would be a flight of steps.)

    Args:
        renderer: what draws.
        mode: the view.
    """

    def __init__(self, renderer: Renderer, mode: ViewMode) -> None:
        self._renderer = renderer
        self.mode = mode
        self._points: tuple[Gaussians, Gaussians] | None = None
        self._normals: tuple[Gaussians, Gaussians] | None = None
        self._surface: tuple[FloatArray, FloatArray] | None = None

    @property
    def name(self) -> str:
        """The inner renderer's name."""
        return self._renderer.name

    def render(self, gaussians: Gaussians, camera: Camera) -> Frame:
        """Draw the view; depth and alpha are those of what is drawn."""
        if self.mode == ViewMode.POINTS:
            return self._renderer.render(self._as_points(gaussians), camera)
        if self.mode == ViewMode.NORMALS:
            frame = self._renderer.render(self._as_normals(gaussians), camera)
            colour = 0.5 + 0.5 * camera_normals(frame, camera) * _NORMAL_SIGNS
        else:
            frame = self._renderer.render(gaussians, camera)
            if self.mode == ViewMode.SPLATS:
                return frame
            colour = depth_colours(frame.depth, *_depth_range(gaussians, camera))
        return replace(frame, colour=(colour * frame.alpha[..., None]).astype(np.float32))

    def render_rgba8(
        self, gaussians: Gaussians, camera: Camera, background: Background | None = WHITE
    ) -> NDArray[np.uint8]:
        """Draw the view for the screen, [H, W, 4] premultiplied RGBA."""
        if self.mode == ViewMode.SPLATS:
            return self._renderer.render_rgba8(gaussians, camera, background)
        if self.mode == ViewMode.POINTS:
            return self._renderer.render_rgba8(self._as_points(gaussians), camera, background)
        return to_rgba8(self.render(gaussians, camera), background)

    def preview_rgba8(
        self, gaussians: Gaussians, camera: Camera, background: Background | None = WHITE
    ) -> NDArray[np.uint8]:
        """The same for a moving camera."""
        if self.mode == ViewMode.SPLATS:
            return preview_rgba8(self._renderer, gaussians, camera, background)
        if self.mode == ViewMode.POINTS:
            return preview_rgba8(self._renderer, self._as_points(gaussians), camera, background)
        return self.render_rgba8(gaussians, camera, background)

    def _as_points(self, gaussians: Gaussians) -> Gaussians:
        """Every Gaussian as a small ball, kept while the same head is drawn."""
        if self._points is None or self._points[0] is not gaussians:
            size = max(float(gaussians.means.std(axis=0).max()) * _POINT_SIZE, 1e-9)
            points = replace(
                gaussians,
                scales=np.full_like(gaussians.scales, size),
                opacities=np.full_like(gaussians.opacities, _POINT_OPACITY),
            )
            self._points = (gaussians, points)
        return self._points[1]

    def _as_normals(self, gaussians: Gaussians) -> Gaussians:
        """Every Gaussian in the colour of its normal, kept while the same head is drawn."""
        if self._normals is None or self._normals[0] is not gaussians:
            colours = 0.5 + 0.5 * self._surface_normals(gaussians.means)
            self._normals = (gaussians, replace(gaussians, colours=colours))
        return self._normals[1]

    def _surface_normals(self, means: FloatArray) -> FloatArray:
        """Normals, kept while a head is only repainted: they take about a second."""
        if self._surface is None or self._surface[0] is not means:
            self._surface = (means, surface_normals(means))
        return self._surface[1]


def depth_colours(depth: FloatArray, near: float, far: float) -> FloatArray:
    """Colours [H, W, 3] of depths [H, W] in metres, yellow at `near` to violet at `far`."""
    place = (depth - np.float32(near)) * np.float32(255 / max(far - near, 1e-9))
    return _DEPTH_TABLE[np.clip(place, 0, 255).astype(np.uint8)]


def camera_normals(frame: Frame, camera: Camera) -> FloatArray:
    """Unit normals [H, W, 3] in camera axes (OpenCV) of a drawn frame, towards the camera.

    Args:
        frame: whose colours are the halves of world normals plus 0.5, as ViewRenderer draws them.
        camera: that took it.
    """
    alpha = np.maximum(frame.alpha, np.float32(1e-4))[..., None]
    rotation = camera.world_to_camera[:3, :3].astype(np.float32)
    normals = (2 * frame.colour / alpha - 1) @ rotation.T
    length = np.linalg.norm(normals, axis=-1, keepdims=True)
    unit = normals / np.maximum(length, np.float32(1e-6))
    unit[frame.alpha <= 0] = (0, 0, -1)
    away = np.einsum("hwc,hwc->hw", unit, _rays(camera)) > _AWAY
    return np.where(away[..., None], -unit, unit)


def _rays(camera: Camera) -> FloatArray:
    """Unit directions [H, W, 3] of the pixels' centres, camera axes (OpenCV)."""
    K = camera.intrinsics.astype(np.float32)
    x = (np.arange(camera.width, dtype=np.float32) + np.float32(0.5) - K[0, 2]) / K[0, 0]
    y = (np.arange(camera.height, dtype=np.float32) + np.float32(0.5) - K[1, 2]) / K[1, 1]
    rays = np.stack([*np.meshgrid(x, y), np.ones((camera.height, camera.width), np.float32)], -1)
    return rays / np.linalg.norm(rays, axis=-1, keepdims=True)


def _depth_range(gaussians: Gaussians, camera: Camera) -> tuple[float, float]:
    """Depths around the middle of the cloud, the same from all sides; the rest is clamped."""
    centre = np.median(gaussians.means, axis=0)
    radius = float(np.percentile(np.linalg.norm(gaussians.means - centre, axis=1), 50))
    depth = float(camera.world_to_camera[2, :3] @ centre + camera.world_to_camera[2, 3])
    return depth - radius, depth + radius
