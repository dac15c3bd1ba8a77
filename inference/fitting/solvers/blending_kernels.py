"""The compiled inner loops of blending.py."""

import math

import numpy as np
from numpy.typing import NDArray

from inference.head.gaussians import FloatArray
from inference.rendering.ewa import (
    ALPHA_MAX,
    ALPHA_MIN,
    BLUR_EPS,
    FRUSTUM_MARGIN,
    NEAR_PLANE,
    TRANSMITTANCE_MIN,
)
from inference.rendering.portable.jit import kernel


@kernel
def project_kernel(
    means: FloatArray,  # [N, 3]
    quaternions: FloatArray,  # [N, 4]
    scales: FloatArray,  # [N, 3]
    opacities: FloatArray,  # [N]
    pose: FloatArray,  # [4, 4]
    intrinsics: FloatArray,  # [3, 3]
    width: int,
    height: int,
    ellipses: FloatArray,  # [N, 8] out
    depth: FloatArray,  # [N] out, stays infinite where nothing is seen
) -> None:
    """Project Gaussians to ellipses on the screen (EWA)."""
    fx, fy = intrinsics[0, 0], intrinsics[1, 1]
    cx, cy = intrinsics[0, 2], intrinsics[1, 2]
    margin_x, margin_y = FRUSTUM_MARGIN * width / fx, FRUSTUM_MARGIN * height / fy
    for i in range(len(means)):
        x, y, z = means[i]
        tx = pose[0, 0] * x + pose[0, 1] * y + pose[0, 2] * z + pose[0, 3]
        ty = pose[1, 0] * x + pose[1, 1] * y + pose[1, 2] * z + pose[1, 3]
        tz = pose[2, 0] * x + pose[2, 1] * y + pose[2, 2] * z + pose[2, 3]
        opacity = opacities[i]
        if tz < NEAR_PLANE or opacity < ALPHA_MIN:
            continue
        # The slope is limited as in gsplat, or the affine approximation explodes off screen.
        ux = min(max(tx / tz, -(cx / fx + margin_x)), (width - cx) / fx + margin_x)
        uy = min(max(ty / tz, -(cy / fy + margin_y)), (height - cy) / fy + margin_y)
        w, qx, qy, qz = quaternions[i]
        axes = (
            (1 - 2 * (qy * qy + qz * qz), 2 * (qx * qy + w * qz), 2 * (qx * qz - w * qy)),
            (2 * (qx * qy - w * qz), 1 - 2 * (qx * qx + qz * qz), 2 * (qy * qz + w * qx)),
            (2 * (qx * qz + w * qy), 2 * (qy * qz - w * qx), 1 - 2 * (qx * qx + qy * qy)),
        )
        cov_xx = BLUR_EPS
        cov_xy = 0.0
        cov_yy = BLUR_EPS
        for k in range(3):
            vx, vy, vz = axes[k]
            lx = pose[0, 0] * vx + pose[0, 1] * vy + pose[0, 2] * vz
            ly = pose[1, 0] * vx + pose[1, 1] * vy + pose[1, 2] * vz
            lz = pose[2, 0] * vx + pose[2, 1] * vy + pose[2, 2] * vz
            px = fx / tz * (lx - ux * lz) * scales[i, k]
            py = fy / tz * (ly - uy * lz) * scales[i, k]
            cov_xx += px * px
            cov_xy += px * py
            cov_yy += py * py
        det = cov_xx * cov_yy - cov_xy * cov_xy
        if det <= 0:
            continue
        reach = 2 * math.log(opacity / ALPHA_MIN)
        rx, ry = math.sqrt(reach * cov_xx), math.sqrt(reach * cov_yy)
        mx, my = fx * tx / tz + cx, fy * ty / tz + cy
        if mx + rx <= 0 or mx - rx >= width or my + ry <= 0 or my - ry >= height:
            continue
        ellipses[i, 0], ellipses[i, 1] = mx, my
        ellipses[i, 2], ellipses[i, 3], ellipses[i, 4] = cov_yy / det, -cov_xy / det, cov_xx / det
        ellipses[i, 5], ellipses[i, 6], ellipses[i, 7] = opacity, rx, ry
        depth[i] = tz


@kernel
def band_kernel(
    ellipses: FloatArray,  # [N, 8]
    order: NDArray[np.int32],  # [M]
    top: int,  # first row
    bottom: int,  # one past the last row
    width: int,
    filled: NDArray[np.int32],  # [H, W] out: entries per pixel
    indices: NDArray[np.int32],  # [nnz] out
    weights: FloatArray,  # [nnz] out
    starts: NDArray[np.int32],  # [H * W + 1]
    only_count: bool,
) -> None:
    """Composite a band of rows front to back; count the entries or write them down."""
    transmittance = np.ones((bottom - top, width), np.float32)
    for k in range(len(order)):
        i = order[k]
        my, ry = ellipses[i, 1], ellipses[i, 7]
        y0 = max(top, math.floor(my - ry))
        y1 = min(bottom, math.ceil(my + ry) + 1)
        if y0 >= y1:
            continue
        mx, rx = ellipses[i, 0], ellipses[i, 6]
        x0 = max(0, math.floor(mx - rx))
        x1 = min(width, math.ceil(mx + rx) + 1)
        a, b, c = ellipses[i, 2], ellipses[i, 3], ellipses[i, 4]
        opacity = ellipses[i, 5]
        reach = math.log(opacity / np.float32(ALPHA_MIN))
        for y in range(y0, y1):
            dy = np.float32(y + 0.5) - my
            for x in range(x0, x1):
                left = transmittance[y - top, x]
                if left < 0:
                    continue
                dx = np.float32(x + 0.5) - mx
                power = np.float32(0.5) * (a * dx * dx + c * dy * dy) + b * dx * dy
                if power < 0 or power > reach:
                    continue
                alpha = min(np.float32(ALPHA_MAX), opacity * math.exp(-power))
                rest = left * (np.float32(1) - alpha)
                if rest <= TRANSMITTANCE_MIN:
                    transmittance[y - top, x] = np.float32(-1)  # finished, as the renderer stops
                    continue
                transmittance[y - top, x] = rest
                if not only_count:
                    at = starts[y * width + x] + filled[y, x]
                    indices[at] = i
                    weights[at] = left * alpha
                filled[y, x] += 1
