"""Gradients through the projection, eight Gaussians at a time.

Names follow projection.py: a and b are the rows of Jacobian times rotation, p and q those times
the Gaussian's own axes, m the rotation of its quaternion. `by_x` is the gradient of the loss by x.
"""

from typing import Any

import numpy as np

from inference.rendering.ewa import BLUR_EPS, NEAR_PLANE
from inference.rendering.portable.intrinsics import claim
from inference.rendering.portable.jit import kernel
from inference.rendering.portable.memory import (
    load,
    load_3_columns,
    load_4_columns,
    load_10_columns,
    store_strided,
)
from inference.rendering.portable.projection import BLOCK, rotation_columns
from inference.rendering.portable.simd import LANES, maximum, minimum, select, splat, sqrt

F = np.float32

_NEAR = F(NEAR_PLANE)
_BLUR = F(BLUR_EPS)


@kernel
def project_gradients(
    worker: int,
    counter: Any,  # [1] int64: next block
    means: Any,  # as in projection.project
    quaternions: Any,
    scales: Any,
    opacities: Any,
    camera: Any,
    depths: Any,  # [N] float32 camera-space z, 0 where culled
    sums: Any,  # [N * PARTIALS], see blend_backward.PARTIALS; anything where culled
    by_means: Any,  # out: [N * 3], as all outputs flat float32
    by_quaternions: Any,  # out: [N * 4]
    by_scales: Any,  # out: [N * 3]
    by_opacities: Any,  # out: [N]
    by_colours: Any,  # out: [N * 3]
) -> None:
    """Turn sums over pixels into gradients of the five attributes."""
    n = len(opacities)
    r0, r1, r2, r3, r4, r5, r6, r7, r8 = (
        camera[0], camera[1], camera[2], camera[3], camera[4], camera[5], camera[6], camera[7],
        camera[8],
    )  # fmt: skip
    t0, t1 = camera[9], camera[10]
    fx, fy = camera[12], camera[13]
    zero, two = splat(F(0)), F(2)
    while True:
        start = claim(counter) * BLOCK
        if start >= n:
            break
        for row in range(start, min(start + BLOCK, n), LANES):
            i = min(row, n - LANES)  # as in projection.project
            depth = load(depths, i)
            visible = depth >= _NEAR
            depth = select(visible, depth, splat(F(1)))
            inverse = F(1) / depth
            x, y, z = load_3_columns(means, i)
            ratio_x = (x * r0 + y * r1 + z * r2 + t0) * inverse
            ratio_y = (x * r3 + y * r4 + z * r5 + t1) * inverse
            slope_x = minimum(maximum(ratio_x, splat(camera[18])), splat(camera[19]))
            slope_y = minimum(maximum(ratio_y, splat(camera[20])), splat(camera[21]))
            u0, u1, u2 = r0 - slope_x * r6, r1 - slope_x * r7, r2 - slope_x * r8
            v0, v1, v2 = r3 - slope_y * r6, r4 - slope_y * r7, r5 - slope_y * r8
            fx_z, fy_z = inverse * fx, inverse * fy
            a0, a1, a2 = fx_z * u0, fx_z * u1, fx_z * u2
            b0, b1, b2 = fy_z * v0, fy_z * v1, fy_z * v2

            qw, qx, qy, qz = load_4_columns(quaternions, i)
            shorten = F(1) / sqrt(qw * qw + qx * qx + qy * qy + qz * qz)
            qw, qx, qy, qz = qw * shorten, qx * shorten, qy * shorten, qz * shorten
            m = rotation_columns(qw, qx, qy, qz)
            s0, s1, s2 = load_3_columns(scales, i)
            am0 = a0 * m[0] + a1 * m[3] + a2 * m[6]
            am1 = a0 * m[1] + a1 * m[4] + a2 * m[7]
            am2 = a0 * m[2] + a1 * m[5] + a2 * m[8]
            bm0 = b0 * m[0] + b1 * m[3] + b2 * m[6]
            bm1 = b0 * m[1] + b1 * m[4] + b2 * m[7]
            bm2 = b0 * m[2] + b1 * m[5] + b2 * m[8]
            p0, p1, p2 = am0 * s0, am1 * s1, am2 * s2
            q0, q1, q2 = bm0 * s0, bm1 * s1, bm2 * s2
            pp = p0 * p0 + p1 * p1 + p2 * p2
            qq = q0 * q0 + q1 * q1 + q2 * q2
            pq = p0 * q0 + p1 * q1 + p2 * q2
            n0, n1, n2 = p1 * q2 - p2 * q1, p2 * q0 - p0 * q2, p0 * q1 - p1 * q0
            determinant = n0 * n0 + n1 * n1 + n2 * n2 + (pp + qq) * _BLUR + _BLUR * _BLUR
            sharpness = F(1) / determinant
            ca, cb, cc = (qq + _BLUR) * sharpness, -(pq * sharpness), (pp + _BLUR) * sharpness

            # The exponent sigma = (ca dx dx + cc dy dy) / 2 + cb dx dy.
            sum_r, sum_g, sum_b, s, s_x, s_y, s_xx, s_xy, s_yy, sum_z = load_10_columns(sums, i)
            by_centre_x = -(ca * s_x + cb * s_y)
            by_centre_y = -(cb * s_x + cc * s_y)
            # By the conic half s_xx, s_xy, half s_yy; by the covariance -conic (that) conic.
            h, k, w = s_xx * F(0.5), s_xy * F(0.5), s_yy * F(0.5)
            l0, l1, l2, l3 = ca * h + cb * k, ca * k + cb * w, cb * h + cc * k, cb * k + cc * w
            by_xx = -(l0 * ca + l1 * cb)
            by_xy = -(l0 * cb + l1 * cc)
            by_yy = -(l2 * cb + l3 * cc)
            by_p0 = two * (by_xx * p0 + by_xy * q0)
            by_p1 = two * (by_xx * p1 + by_xy * q1)
            by_p2 = two * (by_xx * p2 + by_xy * q2)
            by_q0 = two * (by_xy * p0 + by_yy * q0)
            by_q1 = two * (by_xy * p1 + by_yy * q1)
            by_q2 = two * (by_xy * p2 + by_yy * q2)

            # p = (a m) s, q = (b m) s.
            store_strided(by_scales, 3 * i, 3, select(visible, by_p0 * am0 + by_q0 * bm0, zero))
            store_strided(by_scales, 3 * i + 1, 3, select(visible, by_p1 * am1 + by_q1 * bm1, zero))
            store_strided(by_scales, 3 * i + 2, 3, select(visible, by_p2 * am2 + by_q2 * bm2, zero))
            by_p0, by_p1, by_p2 = by_p0 * s0, by_p1 * s1, by_p2 * s2
            by_q0, by_q1, by_q2 = by_q0 * s0, by_q1 * s1, by_q2 * s2
            m0, m1, m2 = a0 * by_p0 + b0 * by_q0, a0 * by_p1 + b0 * by_q1, a0 * by_p2 + b0 * by_q2
            m3, m4, m5 = a1 * by_p0 + b1 * by_q0, a1 * by_p1 + b1 * by_q1, a1 * by_p2 + b1 * by_q2
            m6, m7, m8 = a2 * by_p0 + b2 * by_q0, a2 * by_p1 + b2 * by_q1, a2 * by_p2 + b2 * by_q2
            by_w = two * (qx * (m7 - m5) + qy * (m2 - m6) + qz * (m3 - m1))
            by_x = two * (qw * (m7 - m5) - two * qx * (m4 + m8) + qy * (m1 + m3) + qz * (m2 + m6))
            by_y = two * (qw * (m2 - m6) + qx * (m1 + m3) - two * qy * (m0 + m8) + qz * (m5 + m7))
            by_z = two * (qw * (m3 - m1) + qx * (m2 + m6) + qy * (m5 + m7) - two * qz * (m0 + m4))
            # Through the normalisation: only what is across the quaternion counts.
            along = by_w * qw + by_x * qx + by_y * qy + by_z * qz
            by_w, by_x = (by_w - along * qw) * shorten, (by_x - along * qx) * shorten
            by_y, by_z = (by_y - along * qy) * shorten, (by_z - along * qz) * shorten
            store_strided(by_quaternions, 4 * i, 4, select(visible, by_w, zero))
            store_strided(by_quaternions, 4 * i + 1, 4, select(visible, by_x, zero))
            store_strided(by_quaternions, 4 * i + 2, 4, select(visible, by_y, zero))
            store_strided(by_quaternions, 4 * i + 3, 4, select(visible, by_z, zero))

            # a = fx / depth (r_0 - slope_x r_2), and b likewise; slopes held at their limits.
            by_a0 = by_p0 * m[0] + by_p1 * m[1] + by_p2 * m[2]
            by_a1 = by_p0 * m[3] + by_p1 * m[4] + by_p2 * m[5]
            by_a2 = by_p0 * m[6] + by_p1 * m[7] + by_p2 * m[8]
            by_b0 = by_q0 * m[0] + by_q1 * m[1] + by_q2 * m[2]
            by_b1 = by_q0 * m[3] + by_q1 * m[4] + by_q2 * m[5]
            by_b2 = by_q0 * m[6] + by_q1 * m[7] + by_q2 * m[8]
            by_slope_x = -(fx_z * (by_a0 * r6 + by_a1 * r7 + by_a2 * r8))
            by_slope_y = -(fy_z * (by_b0 * r6 + by_b1 * r7 + by_b2 * r8))
            by_slope_x = select(
                slope_x <= ratio_x, select(slope_x >= ratio_x, by_slope_x, zero), zero
            )
            by_slope_y = select(
                slope_y <= ratio_y, select(slope_y >= ratio_y, by_slope_y, zero), zero
            )
            by_slope_x = by_slope_x + by_centre_x * fx
            by_slope_y = by_slope_y + by_centre_y * fy
            local_x, local_y = by_slope_x * inverse, by_slope_y * inverse
            local_z = -(local_x * ratio_x + local_y * ratio_y)
            local_z = local_z - (by_a0 * a0 + by_a1 * a1 + by_a2 * a2) * inverse
            local_z = local_z - (by_b0 * b0 + by_b1 * b1 + by_b2 * b2) * inverse
            local_z = local_z + sum_z
            world_x = local_x * r0 + local_y * r3 + local_z * r6
            world_y = local_x * r1 + local_y * r4 + local_z * r7
            world_z = local_x * r2 + local_y * r5 + local_z * r8
            store_strided(by_means, 3 * i, 3, select(visible, world_x, zero))
            store_strided(by_means, 3 * i + 1, 3, select(visible, world_y, zero))
            store_strided(by_means, 3 * i + 2, 3, select(visible, world_z, zero))

            opacity = select(visible, load(opacities, i), splat(F(1)))
            by_opacity = -(s / opacity)
            store_strided(by_opacities, i, 1, select(visible, by_opacity, zero))
            store_strided(by_colours, 3 * i, 3, select(visible, sum_r, zero))
            store_strided(by_colours, 3 * i + 1, 3, select(visible, sum_g, zero))
            store_strided(by_colours, 3 * i + 2, 3, select(visible, sum_b, zero))
