"""What of the head is shown: its colours, its points, its depth or its normals."""

from dataclasses import replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from inference.head.gaussians import FloatArray, Gaussians
from inference.rendering.camera import Camera
from inference.rendering.protocol import WHITE, Background, Frame, Renderer, preview_rgba8
from inference.rendering.rgba import to_rgba8

_POINT_SIZE = 0.004
"""Standard deviation of a drawn point, as a part of the cloud's own (our choice)."""

_POINT_OPACITY = 0.95

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
    Normals are those of the surface that expected depth describes, in camera axes: red to
    the right, green up, blue towards the viewer.

    Args:
        renderer: what draws.
        mode: the view.
    """

    def __init__(self, renderer: Renderer, mode: ViewMode) -> None:
        self._renderer = renderer
        self.mode = mode
        self._points: tuple[Gaussians, Gaussians] | None = None

    @property
    def name(self) -> str:
        """The inner renderer's name."""
        return self._renderer.name

    def render(self, gaussians: Gaussians, camera: Camera) -> Frame:
        """Draw the view; depth and alpha are those of what is drawn."""
        if self.mode == ViewMode.POINTS:
            return self._renderer.render(self._as_points(gaussians), camera)
        frame = self._renderer.render(gaussians, camera)
        if self.mode == ViewMode.DEPTH:
            colour = depth_colours(frame.depth, *_depth_range(gaussians, camera))
        elif self.mode == ViewMode.NORMALS:
            colour = 0.5 + 0.5 * depth_normals(frame.depth, camera) * _NORMAL_SIGNS
        else:
            return frame
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


def depth_colours(depth: FloatArray, near: float, far: float) -> FloatArray:
    """Colours [H, W, 3] of depths [H, W] in metres, yellow at `near` to violet at `far`."""
    place = (depth - np.float32(near)) * np.float32(255 / max(far - near, 1e-9))
    return _DEPTH_TABLE[np.clip(place, 0, 255).astype(np.uint8)]


def depth_normals(depth: FloatArray, camera: Camera) -> FloatArray:
    """Unit normals [H, W, 3] of a depth map [H, W], camera axes (OpenCV), towards the camera.

    With x = (u - cx) z / fx and y likewise, the cross product of the two tangents is along
    (fx z_u, fy z_v, -(z + (u - cx) z_u + (v - cy) z_v)). Where depth is 0 nothing was drawn;
    differences do not reach across that border.
    """
    K = camera.intrinsics.astype(np.float32)
    slope_u, slope_v = _slope(depth), _slope(depth.T).T
    u = np.arange(camera.width, dtype=np.float32) + np.float32(0.5) - K[0, 2]
    v = np.arange(camera.height, dtype=np.float32)[:, None] + np.float32(0.5) - K[1, 2]
    x, y = K[0, 0] * slope_u, K[1, 1] * slope_v
    z = -(depth + u * slope_u + v * slope_v)
    z[depth <= 0] = -1
    scale = 1 / np.sqrt(x * x + y * y + z * z)
    return np.stack([x * scale, y * scale, z * scale], axis=-1)


def _slope(depth: FloatArray) -> FloatArray:
    """Mean of the differences to the neighbours left and right that were drawn, [H, W]."""
    drawn = depth > 0
    both = drawn[:, 1:] & drawn[:, :-1]
    step = np.where(both, np.diff(depth, axis=1), np.float32(0))
    total, count = np.zeros_like(depth), np.zeros(depth.shape, np.float32)
    total[:, 1:] += step
    total[:, :-1] += step
    count[:, 1:] += both
    count[:, :-1] += both
    return (total / np.maximum(count, 1)).astype(np.float32, copy=False)


def _depth_range(gaussians: Gaussians, camera: Camera) -> tuple[float, float]:
    """Depths around the middle of the cloud, the same from all sides; the rest is clamped."""
    centre = np.median(gaussians.means, axis=0)
    radius = float(np.percentile(np.linalg.norm(gaussians.means - centre, axis=1), 50))
    depth = float(camera.world_to_camera[2, :3] @ centre + camera.world_to_camera[2, 3])
    return depth - radius, depth + radius
