"""What is behind the head: the blurred environment, a plain wall, a gradient or soft shapes."""

import numpy as np
from numpy.typing import NDArray

from inference.rendering.camera import Camera
from training.synthetic.lighting import LUMINANCE, Light

Single = NDArray[np.float32]


def _environment(light: Light, camera: Camera) -> Single:
    panorama = light.panorama
    assert panorama is not None
    height, width, _ = panorama.shape
    focal = camera.intrinsics[0, 0] / 2.0  # wider than the head's own view, as out of focus
    v, u = np.mgrid[0 : camera.height, 0 : camera.width]
    local = np.stack(
        [
            (u + 0.5 - camera.width / 2) / focal,
            (v + 0.5 - camera.height / 2) / focal,
            np.ones(u.shape),
        ],
        -1,
    )
    d = local @ camera.world_to_camera[:3, :3]
    d /= np.linalg.norm(d, axis=-1, keepdims=True)
    row = np.arccos(np.clip(d[..., 1], -1, 1)) / np.pi * height - 0.5
    column = ((np.arctan2(d[..., 0], d[..., 2]) - light.turn) / (2 * np.pi) % 1) * width - 0.5
    import cv2

    padded = np.concatenate([panorama[:, -1:], panorama, panorama[:, :1]], 1)
    seen = cv2.remap(
        padded,
        (column + 1).astype(np.float32),
        row.astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    scale = 0.35 / max(float(np.median(panorama @ LUMINANCE.astype(np.float32))), 1e-4)
    scale = min(scale, 3.0 / max(float(panorama.mean()), 1e-4))
    developed: Single = (1 - np.exp(-1.5 * seen * scale)) ** (1 / 2.2)
    return developed


def _colour(rng: np.random.Generator) -> Single:
    grey = rng.uniform(0.05, 0.97)
    return np.clip(grey + rng.normal(0, 0.12, 3), 0, 1).astype(np.float32)


def sample_background(rng: np.random.Generator, light: Light, camera: Camera) -> Single:
    """A picture [H, W, 3] 0..1 for one view."""
    import cv2

    shape = (camera.height, camera.width, 3)
    if light.panorama is not None and rng.random() < 0.6:
        return _environment(light, camera)
    kind = rng.choice(["plain", "gradient", "shapes"], p=[0.35, 0.35, 0.3])
    if kind == "plain":
        return np.broadcast_to(_colour(rng), shape).astype(np.float32)
    if kind == "gradient":
        first, second = _colour(rng), _colour(rng)
        angle = rng.uniform(0, np.pi)
        y, x = np.mgrid[0 : 1 : shape[0] * 1j, 0 : 1 : shape[1] * 1j] - 0.5
        t = np.clip(0.5 + (x * np.cos(angle) + y * np.sin(angle)), 0, 1)[..., None]
        return (first * (1 - t) + second * t).astype(np.float32)
    base = _colour(rng)
    cells = int(rng.integers(3, 9))
    patches = base + rng.normal(0, 0.18, (cells, cells, 1)) + rng.normal(0, 0.05, (cells, cells, 3))
    smooth = cv2.resize(patches.astype(np.float32), shape[1::-1], interpolation=cv2.INTER_CUBIC)
    return np.clip(smooth, 0, 1)
