"""Draws hairs much thinner than a pixel: sorted front to back, each with its coverage.

OpenGL without many samples either loses such lines or makes them too thick. Here every hair adds
the share of each pixel that it covers, so edges are soft and thin locks let the skin through.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from inference.rendering.camera import Camera

Single = NDArray[np.float32]
_LEVELS = 4096
_BANDS = 4
_NEAR, _BEHIND = 0.05, 0.0015
"""Metres: nothing nearer is drawn; a hair may lie this far behind the skin that hides it."""


@dataclass(frozen=True)
class FibrePicture:
    """What the hairs add to one view.

    Attributes:
        rgb: [S, S, 3] premultiplied colour.
        through: [S, S] share of what is behind that is still seen, 0..1.
        back: [S, S, 4] premultiplied RGBA of hair that solid things hide, where they cover
            their pixel only partly.
        depth: [S, S] metres along the camera's axis where half is covered, else infinite.
    """

    rgb: Single
    through: Single
    back: Single
    depth: Single


@njit(cache=True)
def _order(depth: Single, length: int) -> NDArray[np.int32]:
    """Segments (index of their first point) from near to far, by counting."""
    points = len(depth)
    near, far = np.float32(1e9), np.float32(0)
    for i in range(points):
        near = min(near, depth[i])
        far = max(far, depth[i])
    scale = (_LEVELS - 1) / max(far - near, np.float32(1e-6))
    start = np.zeros(_LEVELS + 1, np.int64)
    for i in range(points):
        if (i + 1) % length != 0:
            start[int((depth[i] - near) * scale) + 1] += 1
    for level in range(_LEVELS):
        start[level + 1] += start[level]
    order = np.empty(start[_LEVELS], np.int32)
    for i in range(points):
        if (i + 1) % length != 0:
            level = int((depth[i] - near) * scale)
            order[start[level]] = i
            start[level] += 1
    return order


@njit(cache=True, fastmath=True, inline="always")
def _cover(
    pixel: tuple[int, int],
    share: float,
    z: float,
    colour: tuple[float, float, float],
    behind: Single,
    partly: NDArray[np.bool_],
    rgb: Single,
    through: Single,
    back: Single,
    depth: Single,
) -> None:
    row, column = pixel
    if z > behind[row, column] + _BEHIND:
        if partly[row, column]:
            rest = (1 - back[row, column, 3]) * share
            for c in range(3):
                back[row, column, c] += rest * colour[c]
            back[row, column, 3] += rest
        return
    left = through[row, column]
    part = left * share
    for c in range(3):
        rgb[row, column, c] += part * colour[c]
    through[row, column] = left - part
    if left > 0.5 and left - part <= 0.5:
        depth[row, column] = z


@njit(parallel=True, cache=True, fastmath=True)
def _draw(
    x: Single,
    y: Single,
    z: Single,
    half: Single,
    colours: Single,
    order: NDArray[np.int32],
    behind: Single,
    partly: NDArray[np.bool_],
    rgb: Single,
    through: Single,
    back: Single,
    depth: Single,
) -> None:
    size = behind.shape[0]
    for band in prange(_BANDS):
        top, bottom = band * size // _BANDS, (band + 1) * size // _BANDS
        for a in order:
            b = a + 1
            wide = 0.5 * (half[a] + half[b])
            reach = max(wide, np.float32(0.5)) * np.float32(1.5) + 1
            if max(y[a], y[b]) + reach < top or min(y[a], y[b]) - reach > bottom:
                continue
            if z[a] < _NEAR or z[b] < _NEAR:
                continue
            dx, dy = x[b] - x[a], y[b] - y[a]
            steep = abs(dy) > abs(dx)
            # u runs along the main axis, v across it.
            u0, u1 = (y[a], y[b]) if steep else (x[a], x[b])
            v0, v1 = (x[a], x[b]) if steep else (y[a], y[b])
            along = u1 - u0
            if abs(along) < 1e-6:
                continue
            slope = (v1 - v0) / along
            extent = max(wide, np.float32(0.5)) * np.sqrt(1 + slope * slope)
            solid = min(np.float32(1), 2 * wide)
            first = int(np.ceil(min(u0, u1) - 0.5))
            last = int(np.ceil(max(u0, u1) - 0.5))
            for u in range(max(first, 0), min(last, size)):
                t = (u + np.float32(0.5) - u0) / along
                v = v0 + slope * (u + np.float32(0.5) - u0)
                if v < -extent or v > size + extent:
                    continue
                depth_here = z[a] + t * (z[b] - z[a])
                colour = (
                    colours[a, 0] + t * (colours[b, 0] - colours[a, 0]),
                    colours[a, 1] + t * (colours[b, 1] - colours[a, 1]),
                    colours[a, 2] + t * (colours[b, 2] - colours[a, 2]),
                )
                low, high = v - extent, v + extent
                for w in range(max(int(np.floor(low)), 0), min(int(np.floor(high)) + 1, size)):
                    share = (min(high, np.float32(w + 1)) - max(low, np.float32(w))) * solid
                    row, column = (u, w) if steep else (w, u)
                    if row < top or row >= bottom or through[row, column] < 0.01:
                        continue
                    _cover(
                        (row, column),
                        min(share, np.float32(1)),
                        depth_here,
                        colour,
                        behind,
                        partly,
                        rgb,
                        through,
                        back,
                        depth,
                    )


def draw_fibres(
    points: Single,
    half_widths: Single,
    colours: Single,
    camera: Camera,
    behind: Single,
    partly: NDArray[np.bool_],
) -> FibrePicture:
    """Draw hairs in front of what is already there.

    Args:
        points: [S, K, 3] metres.
        half_widths: [S, K] metres.
        colours: [S, K, 3] 0..1 sRGB.
        camera: square pictures only.
        behind: [size, size] distance along the camera's axis, metres, of what hides hairs.
        partly: [size, size] where what hides them does not fill its pixel.
    """
    length = points.shape[1]
    pose = camera.world_to_camera.astype(np.float32)
    local = points.reshape(-1, 3) @ pose[:3, :3].T + pose[:3, 3]
    z = np.ascontiguousarray(local[:, 2])
    scale = 1 / np.maximum(z, np.float32(_NEAR))
    k = camera.intrinsics.astype(np.float32)
    x = (k[0, 0] * local[:, 0] + k[0, 1] * local[:, 1]) * scale + k[0, 2]
    y = k[1, 1] * local[:, 1] * scale + k[1, 2]
    half = half_widths.reshape(-1) * scale * k[0, 0]
    size = behind.shape[0]
    rgb = np.zeros((size, size, 3), np.float32)
    through = np.ones((size, size), np.float32)
    back = np.zeros((size, size, 4), np.float32)
    depth = np.full((size, size), np.inf, np.float32)
    order = _order(z, length)
    flat = np.ascontiguousarray(colours.reshape(-1, 3), np.float32)
    _draw(x, y, z, half, flat, order, behind, partly, rgb, through, back, depth)
    return FibrePicture(rgb, through, back, depth)
