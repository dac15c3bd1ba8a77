"""Cutting squares out of pictures without aliasing."""

import cv2
import numpy as np

from inference.head.gaussians import FloatArray


def cut_square(
    image: FloatArray,  # [H, W] or [H, W, C] float32
    centre: tuple[float, float],
    side: float,
    size: int,
    *,
    angle: float = 0.0,
    outside: float = 0.0,
) -> FloatArray:
    """Resample a square of a picture.

    Where the square is larger than what it is drawn to, the picture is blurred first by the
    Gaussian that matches the sampling step; where it is smaller, it is interpolated by cubics.

    Args:
        image: the picture; pixel centres are at half-integers.
        centre: of the square (x, y), pixels of the picture.
        side: length of its edge, pixels of the picture.
        size: edge of the result in pixels.
        angle: radians by which the square is turned clockwise as seen on screen.
        outside: value beyond the picture.

    Returns:
        [size, size] or [size, size, C] float32, not clipped.
    """
    region, left, top = _region(image, centre, side, angle)
    if region.size == 0:
        return np.full((size, size, *image.shape[2:]), outside, np.float32)
    x, y = centre[0] - left, centre[1] - top
    step = side / size
    shrink = int(step / 2)
    if shrink >= 2:  # a first exact reduction makes the blur cheap
        height, width = region.shape[:2]
        target = max(1, round(width / shrink)), max(1, round(height / shrink))
        region = np.asarray(cv2.resize(region, target, interpolation=cv2.INTER_AREA), np.float32)
        scale_x, scale_y = target[0] / width, target[1] / height
    else:
        scale_x = scale_y = 1.0
    step_here = step * min(scale_x, scale_y)
    if step_here > 1:
        sigma = 0.5 * float(np.sqrt(step_here**2 - 0.75))
        blurred = cv2.GaussianBlur(region, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
        region = np.asarray(blurred, np.float32)
    cos, sin = np.cos(angle) * step, np.sin(angle) * step
    # From pixels of the result to pixels of the region, both counted at pixel centres.
    rows = np.array([[cos, -sin], [sin, cos]]) * np.array([[scale_x], [scale_y]])
    shift = np.array([x * scale_x, y * scale_y]) - rows @ np.full(2, (size - 1) / 2) - 0.5
    result = cv2.warpAffine(
        region,
        np.column_stack([rows, shift]),
        (size, size),
        flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(outside,) * 4,
    )
    return np.asarray(result, np.float32)


def _region(
    image: FloatArray, centre: tuple[float, float], side: float, angle: float
) -> tuple[FloatArray, int, int]:
    """The part of the picture that the square and its blur touch, and its left and top."""
    height, width = image.shape[:2]
    reach = side / 2 * (abs(np.cos(angle)) + abs(np.sin(angle))) + 3 * side / 100 + 4
    left, right = np.clip([centre[0] - reach, centre[0] + reach + 1], 0, width).astype(int)
    top, bottom = np.clip([centre[1] - reach, centre[1] + reach + 1], 0, height).astype(int)
    return image[top:bottom, left:right], int(left), int(top)
