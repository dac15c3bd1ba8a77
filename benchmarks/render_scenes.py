"""The two test scenes of the render benchmark: heads of Gaussians with known statistics.

At 512 pixels `head` has a mean 3-sigma radius of 3.4 px and `head_large` of 8.1 px, with a
heavy tail and more transparent Gaussians.
"""

import numpy as np
from numpy.typing import NDArray

from inference.head.gaussians import NUM_GAUSSIANS, Gaussians
from inference.rendering.camera import Camera, look_at

Array = NDArray[np.float64]

SCENES = ("head", "head_large")


def bench_camera(size: int, yaw_degrees: float = 0.0) -> Camera:
    """A square picture of the whole head, seen from slightly above."""
    yaw, elevation, distance, fov = np.radians(yaw_degrees), np.radians(5.0), 7.0, np.radians(20)
    direction = np.array(
        [np.sin(yaw) * np.cos(elevation), np.sin(elevation), np.cos(yaw) * np.cos(elevation)]
    )
    focal = size / (2 * np.tan(fov / 2))
    K = np.array([[focal, 0, size / 2], [0, focal, size / 2], [0, 0, 1]])
    pose = look_at(distance * direction, np.zeros(3), np.array([0.0, 1.0, 0.0]))
    return Camera(size, size, K, pose)


def _bump(u: Array, v: Array, at: tuple[float, float], width: tuple[float, float]) -> Array:
    """A Gaussian bump on the (azimuth, elevation) chart."""
    return np.exp(-(((u - at[0]) / width[0]) ** 2) - ((v - at[1]) / width[1]) ** 2)


def _surface(u: Array, v: Array) -> Array:
    """Points [N, 3] of a head about two units tall; u azimuth (0 in front), v elevation."""
    x = 0.74 * np.cos(v) * np.sin(u) * (1 - 0.28 * np.clip(-np.sin(v), 0, 1) ** 1.5)
    y = np.sin(v)
    z = 0.90 * np.cos(v) * np.cos(u)
    z += 0.20 * _bump(u, v, (0, -0.08), (0.13, 0.20))  # nose
    z += 0.06 * _bump(u, v, (0, 0.28), (0.5, 0.1))  # brow
    z += 0.06 * _bump(u, v, (0, -0.75), (0.25, 0.15))  # chin
    for side in (-1, 1):
        z -= 0.06 * _bump(u, v, (side * 0.33, 0.12), (0.16, 0.10))  # eye socket
        x += side * 0.16 * _bump(u, v, (side * np.pi / 2, -0.02), (0.10, 0.22))  # ear
    return np.stack([x, y, z], axis=-1)


def _is_hair(u: Array, v: Array) -> NDArray[np.bool_]:
    return (v > 0.55 + 0.15 * np.cos(u)) | ((np.abs(u) > 1.75) & (v > -0.75))


def _colours(u: Array, v: Array, hair: NDArray[np.bool_], rng: np.random.Generator) -> Array:
    """Skin, lips, eyes and hair, [N, 3]."""
    colours = np.tile([0.84, 0.63, 0.52], (len(u), 1))
    colours *= 1 + 0.06 * (np.sin(9 * u) * np.cos(7 * v))[:, None]
    features = [((0.0, -0.42), (0.20, 0.045), (0.70, 0.30, 0.30))]
    for side in (-1, 1):
        features += [
            ((side * 0.33, 0.12), (0.11, 0.05), (0.93, 0.93, 0.95)),
            ((side * 0.33, 0.12), (0.04, 0.04), (0.12, 0.22, 0.30)),
        ]
    for at, width, colour in features:
        share = np.clip(1.6 * _bump(u, v, at, width), 0, 1)[:, None]
        colours = colours * (1 - share) + np.array(colour) * share
    strands = np.array([0.24, 0.14, 0.10]) * (0.75 + 0.5 * rng.random((len(u), 1)))
    colours = np.where(hair[:, None], strands, colours)
    return np.clip(colours + rng.normal(0, 0.02, colours.shape), 0, 1)


def _quaternions(axes: Array) -> Array:
    """Unit quaternions [N, 4] wxyz of rotation matrices [N, 3, 3]."""
    from scipy.spatial.transform import Rotation

    return Rotation.from_matrix(axes).as_quat(scalar_first=True)


def make_scene(name: str, seed: int = 0) -> Gaussians:
    """65,536 Gaussians on a head, twice as dense on the face as on the back."""
    if name not in SCENES:
        raise ValueError(f"unknown scene {name}")
    rng = np.random.default_rng(seed)
    side = int(np.sqrt(NUM_GAUSSIANS))
    cells = (np.arange(side) + 0.5) / side
    across, up = (2 * axis.ravel() - 1 for axis in np.meshgrid(cells, cells))
    u = np.pi * (0.72 * across + 0.28 * across**3) + rng.normal(0, 0.5 * np.pi / side, across.size)
    v = np.arcsin(0.995 * up) + rng.normal(0, 0.5 / side, up.size)
    step = 1e-3
    along_u = (_surface(u + step, v) - _surface(u - step, v)) / (2 * step)
    along_v = (_surface(u, v + step) - _surface(u, v - step)) / (2 * step)
    normal = np.cross(along_u, along_v)
    area = np.linalg.norm(normal, axis=-1)
    normal /= area[:, None]
    # Spacing of the samples: area of a cell of the chart on the surface.
    cell_u = np.pi * (0.72 + 0.84 * across**2) * 2 / side
    cell_v = 2 / side / np.sqrt(np.clip(1 - 0.99 * up**2, 0.01, None))
    spacing = np.sqrt(area * cell_u * cell_v)

    hair = _is_hair(u, v)
    scales = spacing[:, None] * np.array([0.42, 0.42, 0.10]) * rng.lognormal(0, 0.35, (u.size, 3))
    scales[hair] *= [0.7, 2.2, 1.0]
    opacities = 0.3 + 0.69 * rng.beta(2.0, 1.2, u.size)
    if name == "head_large":
        scales *= 2.4 * rng.lognormal(0, 0.45, (u.size, 1))
        opacities = 0.3 + 0.69 * rng.beta(1.2, 2.0, u.size)

    first = along_u / np.linalg.norm(along_u, axis=-1, keepdims=True)
    second = np.cross(normal, first)
    twist = np.where(hair, rng.normal(0, 0.25, u.size), rng.uniform(0, np.pi, u.size))[:, None]
    axes = np.stack(
        [
            first * np.cos(twist) + second * np.sin(twist),
            second * np.cos(twist) - first * np.sin(twist),
            normal,
        ],
        axis=-1,
    )
    off_surface = rng.normal(0, 0.004, u.size) + hair * np.abs(rng.normal(0, 0.03, u.size))
    means = _surface(u, v) + normal * off_surface[:, None]
    shuffled = rng.permutation(u.size)  # trained heads are not in spatial order
    return Gaussians(
        means=means[shuffled],
        quaternions=_quaternions(axes)[shuffled],
        scales=scales[shuffled],
        opacities=opacities[shuffled],
        colours=_colours(u, v, hair, rng)[shuffled],
    )
