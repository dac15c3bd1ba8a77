"""Random cameras that see a head as a portrait crop does."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.rendering.camera import HEAD_CENTRE, PORTRAIT_HALF_EXTENT, Camera, look_at


@dataclass(frozen=True)
class CameraPrior:
    """How portrait crops differ (our choice)."""

    extent: tuple[float, float] = (0.92, 1.12)  # factor on the half extent at the head's centre
    target_sd: float = 0.008  # metres, jitter of the point looked at
    roll_sd: float = 4.0  # degrees
    fov: tuple[float, float] = (14.0, 35.0)  # degrees
    front_yaw: float = 25.0  # degrees, the first view lies within
    widest_yaw: float = 80.0  # degrees, the others lie within, denser towards the front
    elevation_sd: float = 10.0  # degrees
    elevation_limit: float = 30.0  # degrees


def _rolled(pose: NDArray[np.float64], degrees: float) -> NDArray[np.float64]:
    angle = np.radians(degrees)
    turn = np.eye(4)
    turn[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    rolled: NDArray[np.float64] = turn @ pose
    return rolled


def sample_cameras(
    rng: np.random.Generator, count: int, size: int, prior: CameraPrior | None = None
) -> list[Camera]:
    """Draw `count` cameras with pictures of `size` pixels; the first sees the face."""
    prior = prior or CameraPrior()
    cameras = []
    for index in range(count):
        if index == 0:
            yaw = float(rng.uniform(-prior.front_yaw, prior.front_yaw))
        else:
            # |yaw| has a density that falls linearly from the front to half at the widest.
            share = 2 - np.sqrt(4 - 3 * rng.random())
            yaw = float(prior.widest_yaw * share * rng.choice([-1, 1]))
        elevation = float(
            np.clip(
                rng.normal(0, prior.elevation_sd), -prior.elevation_limit, prior.elevation_limit
            )
        )
        fov = float(rng.uniform(*prior.fov))
        half = PORTRAIT_HALF_EXTENT * float(rng.uniform(*prior.extent))
        distance = half / float(np.tan(np.radians(fov) / 2))
        target = np.asarray(HEAD_CENTRE) + rng.normal(0, prior.target_sd, 3)
        y, e = np.radians(yaw), np.radians(elevation)
        away = np.array([np.sin(y) * np.cos(e), np.sin(e), np.cos(y) * np.cos(e)])
        pose = look_at(target + distance * away, target, np.array([0.0, 1.0, 0.0]))
        focal = size / (2 * np.tan(np.radians(fov) / 2))
        intrinsics = np.array([[focal, 0, size / 2], [0, focal, size / 2], [0, 0, 1.0]])
        roll = float(rng.normal(0, prior.roll_sd))
        cameras.append(Camera(size, size, intrinsics, _rolled(pose, roll)))
    return cameras
