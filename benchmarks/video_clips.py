"""Clips made from one photograph: a person who stands still, or moves, before a real camera.

The camera trembles, has sensor noise and compresses; `clean` is the same movement without.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.float32]


@dataclass(frozen=True)
class Camera:
    """What a camera adds to the picture.

    Attributes:
        tremble: standard deviation of its place, pixels a frame.
        noise: of each pixel, 0..1.
        quality: of the JPEG that each frame goes through; None compresses nothing.
    """

    tremble: float = 0.7
    noise: float = 0.02
    quality: int | None = 70


CLEAN = Camera(0.0, 0.0, None)

MOUTH = (0.015, 0.16)
"""Of the middle of the mouth below the middle of the crop, and its reach, in edges of the crop,
for resources/samples/astronaut.png."""


@dataclass(frozen=True)
class Movement:
    """How the person moves.

    Attributes:
        roll: degrees to either side.
        way: to either side, in edges of the head crop.
        mouth: by how much the lower lip goes down, in edges of the crop.
        hertz: how often.
    """

    roll: float = 0.0
    way: float = 0.0
    mouth: float = 0.0
    hertz: float = 0.8


STILL = Movement()
MOVING = Movement(roll=10.0, way=0.15, mouth=0.03)


def frame_at(
    photograph: Picture,  # [H, W, C]; the first three channels are RGB 0..1
    crop: tuple[float, float, float],
    movement: Movement,
    camera: Camera,
    seconds: float,
    rng: np.random.Generator,
) -> Picture:
    """The photograph as the camera sees it at a time, the same shape.

    Args:
        photograph: the person; further channels, say a matte, are only moved.
        crop: centre x, centre y and edge of the head crop in it, pixels.
        movement: of the person.
        camera: what it adds.
        seconds: the time.
        rng: the camera's.
    """
    height, width = photograph.shape[:2]
    x, y, side = crop
    swing = np.sin(2 * np.pi * movement.hertz * seconds)
    turn = cv2.getRotationMatrix2D((x, y + side / 4), movement.roll * swing, 1.0)
    turn[:, 2] += rng.normal(0, camera.tremble, 2) if camera.tremble else 0
    turn[0, 2] += movement.way * side * swing
    back = cv2.invertAffineTransform(turn)
    columns, rows = np.meshgrid(np.arange(width), np.arange(height))
    map_x, map_y = np.einsum("ij,jhw->ihw", back, np.stack([columns, rows, np.ones_like(rows)]))
    down, reach = MOUTH
    away = np.hypot(map_x - x, (map_y - y - (0.1 + down) * side) * 1.3) / (reach * side / 2)
    opened = (1 - np.cos(4 * np.pi * movement.hertz * seconds)) / 2
    lip = np.exp(-(away**2)) * np.clip((map_y - y - 0.1 * side) / (0.03 * side), 0, 1)
    map_y = map_y - movement.mouth * side * opened * lip
    moved = cv2.remap(
        photograph,
        map_x.astype(np.float32),
        map_y.astype(np.float32),
        cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REPLICATE,
    )
    moved[..., :3] = _seen(moved[..., :3], camera, rng)
    return moved.clip(0, 1)


def _seen(rgb: Picture, camera: Camera, rng: np.random.Generator) -> Picture:
    """With the camera's noise and compression."""
    if camera.noise:
        rgb = rgb + rng.normal(0, camera.noise, rgb.shape).astype(np.float32)
    if camera.quality is None:
        return rgb
    eight = (rgb.clip(0, 1)[..., ::-1] * 255 + 0.5).astype(np.uint8)
    _, packed = cv2.imencode(".jpg", eight, [cv2.IMWRITE_JPEG_QUALITY, camera.quality])
    return cv2.imdecode(packed, cv2.IMREAD_COLOR)[..., ::-1].astype(np.float32) / 255


def lag_in_frames(
    signal: NDArray[np.floating],  # [N, C]
    response: NDArray[np.floating],  # [N, C]
    skip: int = 4,
) -> float:
    """By how many frames the response comes later: where both agree best, to 1/20 frame."""
    frames = np.arange(len(signal))
    later = (response - response.mean(0))[skip:]

    def agreement(shift: float) -> float:
        places = np.clip(frames - shift, 0, len(signal) - 1)
        low = np.minimum(places.astype(int), len(signal) - 2)
        part = (places - low)[:, None]
        shifted = (signal[low] * (1 - part) + signal[low + 1] * part)[skip:]
        shifted = shifted - shifted.mean(0)
        size = np.linalg.norm(shifted) * np.linalg.norm(later)
        return float((shifted * later).sum() / max(size, 1e-12))

    shifts = np.arange(-1, skip, 0.05)
    return float(shifts[np.argmax([agreement(shift) for shift in shifts])])
