"""Projection of Gaussians to the screen, eight at a time.

EWA splatting (Zwicker et al. 2002) with gsplat 1.5.3's clamps (inference/rendering/ewa.py).
"""

import math
from typing import Any

import numpy as np

from inference.rendering.ewa import ALPHA_MIN, BLUR_EPS, NEAR_PLANE
from inference.rendering.portable.intrinsics import claim
from inference.rendering.portable.jit import inlined, kernel
from inference.rendering.portable.layout import CULLED, LOG2_255, LOG2_E, RECORD, TILE
from inference.rendering.portable.memory import (
    load,
    load_3_columns,
    load_4_columns,
    store,
    store_pairs,
    store_rows,
)
from inference.rendering.portable.simd import (
    LANES,
    bits_of,
    ceil,
    floor,
    int_and,
    int_or,
    int_xor,
    log2,
    maximum,
    minimum,
    select,
    shift_left,
    shift_right,
    splat,
    sqrt,
    truncate,
)

F = np.float32
I32 = np.int32

BLOCK = 1024
"""Gaussians in one unit of work; a multiple of LANES."""

_NEAR = F(NEAR_PLANE)
_BLUR = F(BLUR_EPS)
_OPACITY_MIN = F(ALPHA_MIN)
_HUGE = F(1e30)
_REACH_PER_OCTAVE = F(2 * math.log(2))
_LOG2_255 = F(LOG2_255)
_LOG2_E = F(LOG2_E)
_HALF_LOG2_E = F(LOG2_E / 2)
_TILE_INVERSE = F(1 / TILE)
# ordered_bits turns these bits, a negative quiet NaN, into CULLED.
_CULLED_AS_FLOAT = np.array([CULLED ^ 0x7FFFFFFF], np.int32).view(np.float32)[0]


@inlined
def rotation_columns(qw: Any, qx: Any, qy: Any, qz: Any) -> Any:
    """The nine entries, row by row, of the rotation of a unit quaternion (Float8s)."""
    one, two = F(1), F(2)
    return (
        one - two * (qy * qy + qz * qz),
        two * (qx * qy - qw * qz),
        two * (qx * qz + qw * qy),
        two * (qx * qy + qw * qz),
        one - two * (qx * qx + qz * qz),
        two * (qy * qz - qw * qx),
        two * (qx * qz - qw * qy),
        two * (qy * qz + qw * qx),
        one - two * (qx * qx + qy * qy),
    )


@inlined
def ordered_bits(x: Any) -> Any:
    """Int8 that order like the floats: the bits, negative ones turned upside down."""
    bits = bits_of(x)
    return int_xor(bits, int_and(shift_right(bits, I32(31)), I32(0x7FFFFFFF)))


@inlined
def pixel_range(centre: Any, reach: Any, size: Any) -> Any:
    """First pixel with its centre within reach, and one past the last (Float8s)."""
    first = minimum(maximum(ceil(centre - reach - F(0.5)), splat(F(0))), splat(size))
    end = minimum(maximum(floor(centre + reach + F(0.5)), splat(F(0))), splat(size))
    return first, end


@inlined
def tile_range(first: Any, end: Any) -> Any:
    """First tile and one past the last of a range of pixels, as Int8: first | end << 16."""
    low = truncate(first * _TILE_INVERSE)
    high = truncate((end + F(TILE - 1)) * _TILE_INVERSE)
    return int_or(low, shift_left(high, I32(16)))


@kernel
def project(
    worker: int,
    counter: Any,  # [1] int64: next block
    means: Any,  # [N * 3] metres, as all inputs flat float32; N is 0 or at least LANES
    quaternions: Any,  # [N * 4] wxyz
    scales: Any,  # [N * 3] metres
    opacities: Any,  # [N]
    colours: Any,  # [N * 3]
    camera: Any,  # [22], see layout.pack_camera
    records: Any,  # out: [N * RECORD]
    keys: Any,  # out: [N] int32 that order like depths, or CULLED
    depths: Any,  # out: [N] float32 camera-space z, 0 where culled
    tiles: Any,  # out: [N * 2] int32 tile columns as first | (one past the last) << 16, and rows
    # In and out: [workers, tile rows + 1, tile columns + 1] int32, what sums up along both axes
    # to the number of Gaussians that touch each tile.
    corners: Any,
) -> None:
    """Project blocks of Gaussians until none is left."""
    n = len(opacities)
    r0, r1, r2, r3, r4, r5, r6, r7, r8 = (
        camera[0], camera[1], camera[2], camera[3], camera[4], camera[5], camera[6], camera[7],
        camera[8],
    )  # fmt: skip
    t0, t1, t2 = camera[9], camera[10], camera[11]
    fx, fy, cx, cy = camera[12], camera[13], camera[14], camera[15]
    width, height = camera[16], camera[17]
    lowest = splat(_CULLED_AS_FLOAT)
    zero = splat(F(0))
    while True:
        start = claim(counter) * BLOCK
        if start >= n:
            break
        stop = min(start + BLOCK, n)
        for row in range(start, stop, LANES):
            i = min(row, n - LANES)  # the last eight may be done twice, alike
            x, y, z = load_3_columns(means, i)
            local_x = x * r0 + y * r1 + z * r2 + t0
            local_y = x * r3 + y * r4 + z * r5 + t1
            # Sorted by depth without the camera's distance, which would cost bits.
            level = x * r6 + y * r7 + z * r8
            depth = level + t2
            opacity = load(opacities, i)
            visible = (depth >= _NEAR) & (opacity >= _OPACITY_MIN)

            inverse = F(1) / select(visible, depth, splat(F(1)))
            slope_x, slope_y = local_x * inverse, local_y * inverse
            centre_x, centre_y = slope_x * fx + cx, slope_y * fy + cy
            slope_x = minimum(maximum(slope_x, splat(camera[18])), splat(camera[19]))
            slope_y = minimum(maximum(slope_y, splat(camera[20])), splat(camera[21]))
            # Rows a and b of the Jacobian times the camera's rotation, [2, 3].
            fx_z, fy_z = inverse * fx, inverse * fy
            a0, a1, a2 = (
                fx_z * (r0 - slope_x * r6), fx_z * (r1 - slope_x * r7), fx_z * (r2 - slope_x * r8)
            )  # fmt: skip
            b0, b1, b2 = (
                fy_z * (r3 - slope_y * r6), fy_z * (r4 - slope_y * r7), fy_z * (r5 - slope_y * r8)
            )  # fmt: skip

            qw, qx, qy, qz = load_4_columns(quaternions, i)
            shorten = F(1) / sqrt(qw * qw + qx * qx + qy * qy + qz * qz)
            m = rotation_columns(qw * shorten, qx * shorten, qy * shorten, qz * shorten)
            s0, s1, s2 = load_3_columns(scales, i)
            p0 = (a0 * m[0] + a1 * m[3] + a2 * m[6]) * s0
            p1 = (a0 * m[1] + a1 * m[4] + a2 * m[7]) * s1
            p2 = (a0 * m[2] + a1 * m[5] + a2 * m[8]) * s2
            q0 = (b0 * m[0] + b1 * m[3] + b2 * m[6]) * s0
            q1 = (b0 * m[1] + b1 * m[4] + b2 * m[7]) * s1
            q2 = (b0 * m[2] + b1 * m[5] + b2 * m[8]) * s2
            # Covariance [[pp, pq], [pq, qq]] + blur; its determinant as a sum of squares
            # (Lagrange's identity), because pp qq - pq pq cancels for thin Gaussians.
            pp = p0 * p0 + p1 * p1 + p2 * p2
            qq = q0 * q0 + q1 * q1 + q2 * q2
            pq = p0 * q0 + p1 * q1 + p2 * q2
            n0, n1, n2 = p1 * q2 - p2 * q1, p2 * q0 - p0 * q2, p0 * q1 - p1 * q0
            determinant = n0 * n0 + n1 * n1 + n2 * n2 + (pp + qq) * _BLUR + _BLUR * _BLUR
            xx, yy = pp + _BLUR, qq + _BLUR
            sharpness = F(1) / determinant
            peak = log2(maximum(opacity, splat(_OPACITY_MIN)))
            reach = maximum((peak + _LOG2_255) * _REACH_PER_OCTAVE, zero)
            reach_x, reach_y = sqrt(reach * xx), sqrt(reach * yy)

            left, right = pixel_range(centre_x, reach_x, width)
            top, bottom = pixel_range(centre_y, reach_y, height)
            visible = visible & (left < right) & (top < bottom) & (determinant < _HUGE)
            top, bottom = select(visible, top, zero), select(visible, bottom, zero)
            red, green, blue = load_3_columns(colours, i)
            store_rows(
                records, i * RECORD, RECORD, centre_x, centre_y, yy * sharpness * _HALF_LOG2_E,
                -(pq * sharpness * _LOG2_E), xx * sharpness * _HALF_LOG2_E, peak,
                red, green
            )  # fmt: skip
            store_rows(
                records, i * RECORD + 8, RECORD, blue,
                depth, left, right, top, bottom, zero, zero
            )  # fmt: skip
            store(keys, i, ordered_bits(select(visible, level, lowest)))
            store(depths, i, select(visible, depth, zero))
            store_pairs(tiles, 2 * i, tile_range(left, right), tile_range(top, bottom))
        for i in range(start, stop):
            columns, rows = tiles[2 * i], tiles[2 * i + 1]
            x0, x1, y0, y1 = columns & 0xFFFF, columns >> 16, rows & 0xFFFF, rows >> 16
            corners[worker, y0, x0] += 1
            corners[worker, y0, x1] -= 1
            corners[worker, y1, x0] -= 1
            corners[worker, y1, x1] += 1
