"""Pinhole cameras in OpenCV axes (x right, y down, z forward), and the orbit they ride on."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]

HEAD_CENTRE = (0.0, 0.012, -0.025)
"""Where orbits look at, in the world frame in metres: the middle of the head."""

PORTRAIT_HALF_EXTENT = 0.205
"""Half of the side, in metres at the head's centre, that a head crop shows (our choice)."""

PORTRAIT_FOV_DEGREES = 22.0
"""Field of view of a head crop (our choice: a portrait lens at about one metre)."""


@dataclass(frozen=True)
class Camera:
    """A pinhole camera.

    Attributes:
        width: picture width in pixels.
        height: picture height in pixels.
        intrinsics: K [3, 3] in pixels of the stated size; the centre of the top-left
            pixel is at (0.5, 0.5).
        world_to_camera: [4, 4] rigid transform, OpenCV axes, metres.
    """

    width: int
    height: int
    intrinsics: Matrix
    world_to_camera: Matrix

    def __post_init__(self) -> None:
        if self.width < 1 or self.height < 1:
            raise ValueError("a camera needs at least one pixel")
        for name, shape in (("intrinsics", (3, 3)), ("world_to_camera", (4, 4))):
            array = np.array(getattr(self, name), dtype=np.float64)
            if array.shape != shape or not np.isfinite(array).all():
                raise ValueError(f"{name} must be a finite {shape} matrix")
            object.__setattr__(self, name, array)

    @property
    def position(self) -> Matrix:
        """Centre of projection in the world frame, [3] metres."""
        rotation = self.world_to_camera[:3, :3]
        return -rotation.T @ self.world_to_camera[:3, 3]

    @property
    def fov_degrees(self) -> float:
        """Vertical field of view."""
        return float(np.degrees(2 * np.arctan(self.height / (2 * self.intrinsics[1, 1]))))

    @property
    def pixels_per_metre(self) -> float:
        """Across the picture, as far away as the world's origin, which lies in the head."""
        return float(self.intrinsics[0, 0] / np.linalg.norm(self.position))

    def resized(self, width: int, height: int) -> "Camera":
        """The same view drawn at another size; both axes are scaled on their own."""
        scale = np.diag([width / self.width, height / self.height, 1.0])
        return Camera(width, height, scale @ self.intrinsics, self.world_to_camera)

    def project(self, points: Matrix) -> tuple[Matrix, Matrix]:
        """Project world points [N, 3] to pixels [N, 2] and camera-space depth [N]."""
        local = points @ self.world_to_camera[:3, :3].T + self.world_to_camera[:3, 3]
        image = local @ self.intrinsics.T
        return image[:, :2] / image[:, 2:], local[:, 2]


def look_at(eye: Matrix, target: Matrix, up: Matrix) -> Matrix:
    """World-to-camera [4, 4] in OpenCV axes for an eye that looks at a target (all [3])."""
    forward = np.asarray(target, np.float64) - eye
    forward /= np.linalg.norm(forward)
    right = np.cross(forward, up)
    norm = np.linalg.norm(right)
    # Straight up or down: any horizontal right axis does; take the world's x.
    right = right / norm if norm > 1e-9 else np.array([1.0, 0.0, 0.0])
    down = np.cross(forward, right)
    transform = np.eye(4)
    transform[:3, :3] = np.stack([right, down, forward])
    transform[:3, 3] = -transform[:3, :3] @ eye
    return transform


def orbit_angles(
    position: NDArray[np.float64],  # [3] metres
) -> tuple[float, float]:
    """Yaw and elevation in degrees of a place around the head, as orbit_camera counts them."""
    x, y, z = position - np.asarray(HEAD_CENTRE)
    return float(np.degrees(np.arctan2(x, z))), float(np.degrees(np.arctan2(y, np.hypot(x, z))))


def roll_angle(
    world_to_camera: NDArray[np.float64],  # [4, 4]
) -> float:
    """Radians by which an upright head is tilted clockwise in a camera's picture."""
    up = world_to_camera[:3, 1]
    return float(np.arctan2(up[0], -up[1]))


def orbit_camera(
    yaw_degrees: float = 0.0,
    elevation_degrees: float = 0.0,
    *,
    distance: float | None = None,
    fov_degrees: float = PORTRAIT_FOV_DEGREES,
    size: tuple[int, int] = (512, 512),
    target: tuple[float, float, float] = HEAD_CENTRE,
) -> Camera:
    """A camera on a sphere around the head.

    Args:
        yaw_degrees: 0 is the front; positive moves the camera to world +x, so it sees
            the person's left side.
        elevation_degrees: positive looks down from above; limited to +-89.9.
        distance: metres from the target; by default the head fills the view as in a crop.
        fov_degrees: vertical field of view.
        size: (width, height) in pixels.
        target: the point looked at, metres.
    """
    half = np.radians(fov_degrees) / 2
    if distance is None:
        distance = PORTRAIT_HALF_EXTENT / float(np.tan(half))
    yaw = np.radians(yaw_degrees)
    elevation = np.radians(np.clip(elevation_degrees, -89.9, 89.9))
    direction = np.array(
        [np.sin(yaw) * np.cos(elevation), np.sin(elevation), np.cos(yaw) * np.cos(elevation)]
    )
    centre = np.asarray(target, np.float64)
    width, height = size
    focal = height / (2 * float(np.tan(half)))
    intrinsics = np.array([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1.0]])
    pose = look_at(centre + distance * direction, centre, np.array([0.0, 1.0, 0.0]))
    return Camera(width, height, intrinsics, pose)
