"""Pictures of points in space with plain numpy, to look at a template while building it."""

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
ByteArray = NDArray[np.uint8]


def turn(yaw: float) -> FloatArray:
    """Rotation [3, 3] about +y that brings what lies `yaw` degrees to the person's left to +z."""
    c, s = np.cos(np.radians(yaw)), np.sin(np.radians(yaw))
    return np.array([[c, 0, -s], [0, 1, 0], [s, 0, c]])


def splat(
    points: FloatArray,
    colours: FloatArray,
    normals: FloatArray,
    yaw: float = 0.0,
    size: int = 512,
    centre: tuple[float, float, float] = (0.0, -0.02, -0.02),
    span: float = 0.5,
    radius: int = 1,
) -> ByteArray:
    """Draw points as squares with a depth buffer, parallel projection, facing ones only.

    Args:
        points: [N, 3] metres, y up, face along +z.
        colours: [N, 3] RGB 0..1.
        normals: [N, 3] unit; points that look away are not drawn.
        yaw: degrees the viewer walks round to the person's left.
        size: height and width in pixels.
        centre: point of space in the middle of the picture, metres.
        span: width of the picture, metres.
        radius: squares are 2 * radius + 1 pixels wide.

    Returns:
        [size, size, 3] uint8 RGB on white.
    """
    rotation = turn(yaw)
    local = (points - np.array(centre)) @ rotation.T
    facing = (normals @ rotation.T)[:, 2] > 0.02
    local, shades = local[facing], colours[facing]
    scale = size / span
    x = np.floor(size / 2 + local[:, 0] * scale).astype(np.int64)
    y = np.floor(size / 2 - local[:, 1] * scale).astype(np.int64)
    offsets = np.arange(-radius, radius + 1)
    dy, dx = (g.ravel() for g in np.meshgrid(offsets, offsets, indexing="ij"))
    px, py = (x[:, None] + dx).ravel(), (y[:, None] + dy).ravel()
    owner = np.repeat(np.arange(len(local)), len(dx))
    inside = (px >= 0) & (px < size) & (py >= 0) & (py < size)
    pixel, owner = (py * size + px)[inside], owner[inside]
    order = np.argsort(local[owner, 2], kind="stable")  # far to near: the nearest is written last
    image = np.ones((size * size, 3))
    image[pixel[order]] = shades[owner[order]]
    return (image.reshape(size, size, 3) * 255).round().clip(0, 255).astype(np.uint8)


def shade(normals: FloatArray, colours: FloatArray, yaw: float = 0.0) -> FloatArray:
    """Colours [N, 3] under a lamp beside the viewer plus ambient light."""
    lamp = np.array([0.3, 0.45, 0.84]) @ turn(yaw)
    lit = 0.35 + 0.65 * np.clip(normals @ lamp, 0, 1)
    shaded: FloatArray = np.clip(colours * lit[:, None], 0, 1)
    return shaded
