"""Light inside hair: a coarse volume of hair through which each light is followed once.

A hair is lit by what the hair around it lets through. The volume is swept plane by plane away
from each light (every voxel takes what its neighbour towards the light passed on), which is
exact enough for voxels of 8 mm and needs no rays.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from training.synthetic.lighting import Light

Single = NDArray[np.float32]
Float = NDArray[np.float64]

VOXEL = 0.008  # metres
_LOW = np.array([-0.24, -0.34, -0.30])
_SHAPE = (60, 73, 58)
_ABSORPTION = 0.17  # of the hairs' cross-section: the rest is scattered on (our choice)
_SOLID = 400.0  # 1/m inside the head


@dataclass(frozen=True)
class HairVolume:
    """How much of each light arrives in each voxel of the hair.

    Attributes:
        passed: [X, Y, Z, M + 1] share 0..1 that arrives from each ambient direction and, in
            the last channel, from the key light.
        field: [X, Y, Z, 10] for hairs: isotropic irradiance RGB, the symmetric tensor of its
            luminance xx, yy, zz, xy, yz, zx, and the key's share.
    """

    passed: Single
    field: Single


@njit(cache=True)
def _deposit(points: Single, half_widths: Single, low: Single, density: Single) -> None:
    """Add the cross-section of hairs per volume, 1/m, at points [S, K, 3]."""
    strands, length, _ = points.shape
    volume = VOXEL**3
    for i in range(strands):
        for k in range(length - 1):
            d = points[i, k + 1] - points[i, k]
            area = np.sqrt((d * d).sum()) * 2 * half_widths[i, k]
            at = (0.5 * (points[i, k + 1] + points[i, k]) - low) / VOXEL
            x, y, z = int(at[0]), int(at[1]), int(at[2])
            inside = 0 <= x < density.shape[0] and 0 <= y < density.shape[1]
            if inside and 0 <= z < density.shape[2]:
                density[x, y, z] += area / volume


@njit(cache=True, fastmath=True)
def _sweep(density: Single, slope_b: float, slope_c: float, step: float, out: Single) -> None:
    """Follow a light through planes [A, B, C]; it shines from the last plane to the first.

    Args:
        density: 1/m.
        slope_b: voxels that the ray to the light moves along B per plane.
        slope_c: the same along C.
        step: metres of the ray per plane.
        out: [A, B, C] share that arrives.
    """
    planes, rows, columns = density.shape
    for b in range(rows):
        for c in range(columns):
            out[planes - 1, b, c] = 1
    base_b, base_c = int(np.floor(slope_b)), int(np.floor(slope_c))
    fb, fc = np.float32(slope_b - base_b), np.float32(slope_c - base_c)
    for a in range(planes - 2, -1, -1):
        for b in range(rows):
            b0, b1 = b + base_b, b + base_b + 1
            for c in range(columns):
                c0, c1 = c + base_c, c + base_c + 1
                if b0 < 0 or c0 < 0 or b1 >= rows or c1 >= columns:
                    out[a, b, c] = 1
                    continue
                light = (1 - fb) * ((1 - fc) * out[a + 1, b0, c0] + fc * out[a + 1, b0, c1]) + (
                    fb * ((1 - fc) * out[a + 1, b1, c0] + fc * out[a + 1, b1, c1])
                )
                if light < 1e-4:
                    out[a, b, c] = 0
                    continue
                there = (1 - fb) * ((1 - fc) * density[a + 1, b0, c0]
                    + fc * density[a + 1, b0, c1]) + (
                    fb * ((1 - fc) * density[a + 1, b1, c0] + fc * density[a + 1, b1, c1])
                )  # fmt: skip
                out[a, b, c] = light * np.exp(-0.5 * (there + density[a, b, c]) * step)


def _passed(density: Single, direction: Float) -> Single:
    """Share [X, Y, Z] of a light from `direction` [3] that arrives."""
    main = int(np.argmax(np.abs(direction)))
    axes = [main, *(i for i in range(3) if i != main)]
    turned = np.transpose(density, axes)
    if direction[main] < 0:
        turned = turned[::-1]
    turned = np.ascontiguousarray(turned)
    along = abs(float(direction[main]))
    out = np.empty_like(turned)
    slopes = direction[axes[1:]] / along
    _sweep(turned, float(slopes[0]), float(slopes[1]), VOXEL / along, out)
    if direction[main] < 0:
        out = out[::-1]
    back: Single = np.transpose(out, np.argsort(axes))
    return back


def solid_head(rest: Float) -> NDArray[np.bool_]:
    """Voxels [X, Y, Z] deep inside the average head, from its surface points [N, 3]."""
    from scipy.spatial import cKDTree

    grid = np.stack(np.meshgrid(*(np.arange(n) for n in _SHAPE), indexing="ij"), -1)
    centres = (_LOW + (grid + 0.5) * VOXEL).reshape(-1, 3)
    axis = np.stack(
        [0 * centres[:, 0], np.clip(centres[:, 1], -0.3, 0.03), 0 * centres[:, 0] - 0.03], 1
    )
    _, nearest = cKDTree(rest).query(centres)
    own = np.linalg.norm(centres - axis, axis=1)
    there = np.linalg.norm(rest[nearest] - axis, axis=1)
    return (own < there - 0.010).reshape(_SHAPE)


def no_hair(lights: int) -> HairVolume:
    """A single voxel through which everything passes."""
    return HairVolume(
        np.ones((1, 1, 1, lights + 1), np.float32), np.ones((1, 1, 1, 10), np.float32)
    )


def fill_volume(
    points: Single, half_widths: Single, tone: float, light: Light, solid: NDArray[np.bool_]
) -> HairVolume:
    """Follow all lights of a head through its hair.

    Args:
        points: [S, K, 3] metres.
        half_widths: [S, K] metres.
        tone: mean linear colour of the hair; fair hair passes more light on.
        light: what shines.
        solid: [X, Y, Z] from solid_head.
    """
    import cv2

    density = np.zeros(_SHAPE, np.float32)
    _deposit(points, half_widths, _LOW.astype(np.float32), density)
    # A voxel is no wall: spread over the neighbours, first in (y, z), then in x.
    for plane in density:
        plane[:] = cv2.blur(plane, (3, 3))
    density = np.ascontiguousarray(cv2.blur(density.reshape(_SHAPE[0], -1), (1, 3)))
    density = density.reshape(_SHAPE) * np.float32(_ABSORPTION * (1 - 0.7 * min(tone, 0.6) / 0.6))
    density[solid] = _SOLID
    count = len(light.directions)
    passed = np.empty((*_SHAPE, count + 1), np.float32)
    for j, direction in enumerate(light.directions):
        passed[..., j] = _passed(density, direction)
    passed[..., count] = _passed(density, light.key_direction)
    d = light.directions
    luminance = light.irradiance @ np.array([0.2126, 0.7152, 0.0722])
    pairs = ((0, 0), (1, 1), (2, 2), (0, 1), (1, 2), (2, 0))
    tensor = np.stack([luminance * d[:, a] * d[:, b] for a, b in pairs], 1)
    mix = np.concatenate([light.irradiance, tensor], 1).astype(np.float32)
    field = np.empty((*_SHAPE, 10), np.float32)
    field[..., :9] = passed[..., :count] @ mix
    field[..., 9] = passed[..., count]
    return HairVolume(passed, field)


@njit(parallel=True, cache=True, fastmath=True)
def _interpolate(points: Single, low: Single, field: Single) -> Single:
    count, channels = len(points), field.shape[3]
    result = np.zeros((count, channels), np.float32)
    for i in prange(count):
        at = (points[i] - low) / np.float32(VOXEL) - np.float32(0.5)
        for corner in range(8):
            weight = np.float32(1)
            index = np.zeros(3, np.int64)
            for axis in range(3):
                p = min(max(at[axis], np.float32(0)), np.float32(field.shape[axis] - 1.001))
                cell = int(p)
                upper = (corner >> axis) & 1
                weight *= p - cell if upper else 1 - (p - cell)
                index[axis] = cell + upper
            for c in range(channels):
                result[i, c] += weight * field[index[0], index[1], index[2], c]
    return result


def sample_volume(points: Single, values: Single) -> Single:
    """Trilinear values [N, C] of a volume [X, Y, Z, C] at points [N, 3] metres."""
    result: Single = _interpolate(
        np.ascontiguousarray(points, np.float32), _LOW.astype(np.float32), values
    )
    return result
