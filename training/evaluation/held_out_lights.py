"""The two environments that only held-out heads stand in, drawn here, so that they need no files.

Training must never light a head with them: their names are in training.synthetic.reserved.
"""

import numpy as np
from numpy.typing import NDArray

from training.synthetic.lighting import Panorama

HEIGHT, WIDTH = 64, 128


def held_out_panoramas() -> tuple[Panorama, ...]:
    """A room with one tall window, and a yard under a clouded sky between dark walls."""
    return (
        _panorama("window room", _window_room()),
        _panorama("overcast yard", _overcast_yard()),
    )


def _directions() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Elevation [H, 1] and azimuth [1, W] of the pixels, radians; azimuth 0 is the front."""
    elevation = np.pi / 2 - (np.arange(HEIGHT) + 0.5) / HEIGHT * np.pi
    azimuth = (np.arange(WIDTH) + 0.5) / WIDTH * 2 * np.pi
    azimuth = (azimuth + np.pi) % (2 * np.pi) - np.pi
    return elevation[:, None], azimuth[None, :]


def _window_room() -> NDArray[np.float64]:
    elevation, azimuth = _directions()
    picture = np.empty((HEIGHT, WIDTH, 3))
    picture[:] = np.array([0.30, 0.28, 0.25])  # walls
    picture[elevation[:, 0] > 0.9] = [0.42, 0.41, 0.39]  # ceiling
    picture[elevation[:, 0] < -0.7] = [0.14, 0.10, 0.07]  # wooden floor
    window = (np.abs(azimuth - 0.9) < 0.42) & (elevation > -0.25) & (elevation < 0.75)
    frame = (np.abs(azimuth - 0.9) < 0.03) | (np.abs(elevation - 0.3) < 0.03)
    picture[window & ~frame] = [3.2, 3.5, 4.0]
    lamp = np.hypot(azimuth + 1.5, elevation - 0.15) < 0.13
    picture[lamp] = [3.0, 2.1, 1.2]
    return picture


def _overcast_yard() -> NDArray[np.float64]:
    elevation, azimuth = _directions()
    sky = 1.1 + 0.5 * np.sin(np.clip(elevation, 0, None)) + 0 * azimuth
    picture = sky[..., None] * np.array([0.93, 0.98, 1.06])
    roofs = 0.35 + 0.25 * (np.abs(azimuth) > 1.2) + 0.08 * np.sin(7 * azimuth)
    brick = np.broadcast_to(np.array([0.21, 0.13, 0.10]), picture.shape)
    picture = np.where((elevation < roofs)[..., None], brick, picture)
    return np.where((elevation < -0.12)[..., None] & np.ones(3, bool), 0.24, picture)


def _panorama(name: str, picture: NDArray[np.float64]) -> Panorama:
    single = picture.astype(np.float32)
    return Panorama(sharp=single, soft=single, name=name)
