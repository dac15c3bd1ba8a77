"""Light: an environment of a few directions, its SH for reflections, and one key light."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

Float = NDArray[np.float64]
LUMINANCE = np.array([0.2126, 0.7152, 0.0722])
DIRECTIONS = 22
"""Directions from which ambient light is traced (our choice; cost grows with it)."""


@dataclass(frozen=True)
class Light:
    """What shines on a head. Colours are linear RGB, directions unit vectors to the light.

    Attributes:
        directions: [M, 3].
        irradiance: [M, 3] that each gives to a surface facing it.
        sh: [9, 3] spherical-harmonics coefficients of the environment without the key.
        key_direction: [3].
        key_colour: [3] irradiance of the key light on a surface facing it.
        panorama: [H, W, 3] blurred environment for backgrounds, up is the first row, or None.
        turn: radians by which the panorama is turned about y.
        name: for the record.
    """

    directions: Float
    irradiance: Float
    sh: Float
    key_direction: Float
    key_colour: Float
    panorama: NDArray[np.float32] | None
    turn: float
    name: str


@dataclass(frozen=True)
class Panorama:
    """An environment picture, linear RGB [H, W, 3] in two blurs, and its name."""

    sharp: NDArray[np.float32]
    soft: NDArray[np.float32]
    name: str


def fibonacci_sphere(count: int) -> Float:
    """Evenly spread unit vectors [count, 3]."""
    i = np.arange(count) + 0.5
    y = 1 - 2 * i / count
    turn = np.pi * (1 + 5**0.5) * i
    r = np.sqrt(1 - y * y)
    return np.stack([np.cos(turn) * r, y, np.sin(turn) * r], 1)


def sh_basis(d: Float) -> Float:
    """The nine real spherical harmonics up to band 2 at unit vectors [N, 3], as [N, 9]."""
    x, y, z = d.T
    columns = [
        np.full_like(x, 0.2821),
        *(0.4886 * y, 0.4886 * z, 0.4886 * x),
        *(1.0925 * x * y, 1.0925 * y * z, 0.3154 * (3 * z * z - 1)),
        *(1.0925 * x * z, 0.5463 * (x * x - y * y)),
    ]
    return np.stack(columns, 1)


def _gather(
    d: Float, radiance: Float, solid_angle: Float, key: tuple[Float, Float]
) -> tuple[Float, Float, Float, Float, Float]:
    """Sum dense radiance [N, 3] at directions [N, 3] into few directions and SH."""
    directions: Float = fibonacci_sphere(DIRECTIONS)
    cell: NDArray[np.int64] = cKDTree(directions).query(d)[1]
    power = radiance * solid_angle[:, None]
    irradiance = np.zeros((DIRECTIONS, 3))
    np.add.at(irradiance, cell, power)
    coefficients: Float = sh_basis(d).T @ power
    return directions, irradiance, coefficients, key[0], key[1]


def studio_light(rng: np.random.Generator) -> Light:
    """A soft room with one to three large lamps and mostly a key light."""
    d = fibonacci_sphere(1200)
    radiance = np.ones((len(d), 3)) * rng.uniform(0.10, 0.40) * np.exp(rng.normal(0, 0.08, 3))
    radiance *= 0.7 + 0.6 * np.clip(d[:, 1:2] * 0.5 + 0.5, 0, 1)
    for _ in range(rng.integers(1, 4)):
        centre = rng.normal(size=3) + np.array([0, 0.5, 0.9])
        centre /= np.linalg.norm(centre)
        lobe = np.exp((d @ centre - 1) * rng.uniform(2, 8))[:, None]
        tint = np.array([1, 0.96, 0.9]) * np.exp(rng.normal(0, 0.08, 3))
        radiance += rng.uniform(0.4, 2.0) * lobe * tint
    direction = rng.normal(size=3) * np.array([0.9, 0.4, 0.4]) + np.array([0, 0.6, 0.95])
    direction /= np.linalg.norm(direction)
    colour = np.array([1, 0.95, 0.88]) * np.exp(rng.normal(0, 0.06, 3))
    colour *= rng.choice([0.0, 0.7, 1.4, 2.4], p=[0.15, 0.25, 0.35, 0.25])
    angle = np.full(len(d), 4 * np.pi / len(d))
    parts = _gather(d, radiance, angle, (direction, colour))
    return Light(*parts, panorama=None, turn=0.0, name="studio")


def panorama_light(rng: np.random.Generator, panorama: Panorama) -> Light:
    """Light from an environment picture, turned so that it mostly comes from the front."""
    image = np.asarray(panorama.sharp, np.float64)
    height, width, _ = image.shape
    polar = (np.arange(height) + 0.5) / height * np.pi
    angle = np.broadcast_to(
        (np.sin(polar) * np.pi / height * 2 * np.pi / width)[:, None], (height, width)
    )
    luminance = image @ LUMINANCE
    limit = np.percentile(luminance, 98.5) * 1.5
    share = np.maximum(luminance - limit, 0) / np.maximum(luminance, 1e-6)
    key = image * share[..., None]
    for _ in range(6):
        turn = float(rng.uniform(0, 2 * np.pi))
        azimuth = (np.arange(width) + 0.5) / width * 2 * np.pi + turn
        d = np.stack(
            [
                np.sin(polar)[:, None] * np.sin(azimuth)[None],
                np.broadcast_to(np.cos(polar)[:, None], (height, width)),
                np.sin(polar)[:, None] * np.cos(azimuth)[None],
            ],
            -1,
        )
        direction = (d * (key @ LUMINANCE * angle)[..., None]).sum((0, 1))
        if direction[2] > -0.1 * np.linalg.norm(direction):
            break
    norm = float(np.linalg.norm(direction))
    direction = direction / norm if norm > 1e-6 else np.array([0, 0.7071, 0.7071])
    colour = (key * angle[..., None]).sum((0, 1))
    parts = _gather(
        d.reshape(-1, 3), (image - key).reshape(-1, 3), angle.reshape(-1), (direction, colour)
    )
    return Light(*parts, panorama=panorama.soft, turn=turn, name=panorama.name)


def balanced(light: Light) -> Light:
    """The same light with a neutral enough cast and a key that leaves no black side."""
    ambient = light.irradiance.sum(0) / 4
    total = ambient + 0.6 * light.key_colour
    cast = total / max(float(total @ LUMINANCE), 1e-9)
    balance = np.maximum(cast, 1e-3) ** -0.75
    # Pale sky and lamps: full saturation turns white hair blue.
    grey = (light.irradiance @ LUMINANCE)[:, None] * cast
    irradiance = 0.6 * light.irradiance + 0.4 * grey
    strength = float(light.key_colour @ LUMINANCE)
    # From behind it would outshine a picture exposed for the face.
    ahead = float(np.clip(0.3 + 1.2 * light.key_direction[2], 0.25, 1))
    limit = 2.8 * ahead * float(ambient @ LUMINANCE)
    dim = min(1.0, limit / max(strength, 1e-9))
    return Light(
        light.directions,
        irradiance * balance,
        light.sh * balance,
        light.key_direction,
        light.key_colour * balance * dim,
        light.panorama,
        light.turn,
        light.name,
    )


def load_panoramas(folder: Path) -> list[Panorama]:
    """Environment pictures (.exr, .hdr) of a folder, for example Blender's CC0 studio lights."""
    import cv2

    found = []
    for path in sorted(folder.iterdir()):
        if path.suffix == ".exr":
            image = _read_exr(path)
        elif path.suffix == ".hdr":
            image = np.asarray(cv2.imread(str(path), cv2.IMREAD_UNCHANGED), np.float32)[..., ::-1]
        else:
            continue
        image = np.maximum(np.nan_to_num(image[..., :3]), 0)
        wide = cv2.resize(np.ascontiguousarray(image), (256, 128), interpolation=cv2.INTER_AREA)
        blurred = cv2.GaussianBlur(np.concatenate([wide] * 3, 1), (0, 0), 2.0)[:, 256:512]
        small = cv2.resize(wide, (64, 32), interpolation=cv2.INTER_AREA)
        found.append(
            Panorama(np.asarray(small, np.float32), np.asarray(blurred, np.float32), path.stem)
        )
    return found


def _read_exr(path: Path) -> NDArray[np.float32]:
    import OpenEXR

    with OpenEXR.File(str(path)) as file:
        channels = file.channels()
        if "RGB" in channels:
            return np.asarray(channels["RGB"].pixels, np.float32)
        return np.stack([np.asarray(channels[c].pixels, np.float32) for c in "RGB"], -1)
