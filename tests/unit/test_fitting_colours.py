"""Colours from the photograph, and what they imply where it sees nothing."""

from dataclasses import dataclass

import numpy as np
import pytest
from scipy.spatial import cKDTree

from inference.fitting.colour.colours import ColourConfig, HeadSides, label_change, solve_colours
from inference.fitting.evidence.kinds import Kinds
from inference.fitting.evidence.neighbourhood import laplacian
from inference.fitting.solvers.blending import blend
from inference.head.gaussians import Gaussians
from inference.progress import CancelToken
from inference.rendering.camera import Camera, orbit_camera

SIZE = 128
COUNT = 9000
SKIN, HAIR = 2, 14


@dataclass(frozen=True)
class Ball:
    """A head-sized ball of splats: hair above and behind, skin elsewhere."""

    gaussians: Gaussians
    labels: np.ndarray
    sides: HeadSides


@pytest.fixture(scope="module")
def ball() -> Ball:
    half = COUNT // 2
    index = np.arange(half) + 0.5
    height = 1 - 2 * index / half
    angle = np.pi * (((1 + 5**0.5) * index) % 1)  # half a sphere: x > 0
    ring = np.sqrt(1 - height**2)
    right = np.stack([ring * np.sin(angle), height, ring * np.cos(angle)], 1)
    normals = np.concatenate([right, right * [-1, 1, 1]])
    mirror = (np.arange(COUNT) + half) % COUNT
    means = normals * [0.08, 0.11, 0.095]
    labels = np.where((normals[:, 1] > 0.5) | (normals[:, 2] < -0.2), HAIR, SKIN)
    base = np.where((labels == HAIR)[:, None], [0.4, 0.4, 0.4], [0.6, 0.6, 0.6])
    gaussians = Gaussians(
        means,
        np.tile([1.0, 0, 0, 0], (COUNT, 1)),
        np.full((COUNT, 3), 0.0022),
        np.full(COUNT, 0.95),
        base,
    )
    neighbours = cKDTree(means).query(means, 9)[1][:, 1:]
    graph = laplacian(neighbours, labels.astype(np.uint8), gaussians.colours)
    patches = cKDTree(means[::16]).query(means)[1]
    kinds = Kinds(labels.astype(np.uint8), labels.astype(np.uint8))
    return Ball(gaussians, labels, HeadSides(kinds, mirror, patches, graph))


def truth(ball: Ball) -> np.ndarray:
    """The person's colours: brown hair, skin with a slow pattern."""
    x, y, _ = ball.gaussians.means.T
    skin = np.stack([0.8 + 0 * x, 0.6 + 0.08 * np.sin(40 * x), 0.5 + 0.08 * np.cos(40 * y)], 1)
    colours = np.where((ball.labels == HAIR)[:, None], [0.35, 0.22, 0.1], skin)
    return colours.astype(np.float32)


def solved(ball: Ball, camera: Camera, background: float = 0.0) -> np.ndarray:
    colours = truth(ball)
    blending = blend(ball.gaussians, camera)
    image = blending.picture(colours) + background * (1 - blending.alpha[..., None])
    view = camera.position - ball.gaussians.means
    view /= np.linalg.norm(view, axis=1, keepdims=True)
    normals = ball.gaussians.means / [0.08, 0.11, 0.095]
    facing = np.clip(((normals * view).sum(1) - 0.25) / 0.3, 0, 1)
    facing = facing.astype(np.float32)
    weight = blending.picture(facing[:, None])[..., 0]
    return solve_colours(
        blending,
        image.astype(np.float32),
        weight,
        facing,
        ball.gaussians.colours,
        ball.sides,
        ColourConfig(),
        CancelToken(),
    )


def test_what_the_photograph_sees_becomes_the_photograph(ball: Ball) -> None:
    camera = orbit_camera(0, size=(SIZE, SIZE))
    colours = solved(ball, camera)
    wanted = truth(ball)
    error = np.abs(colours - wanted).max(1)
    facing = ball.gaussians.means[:, 2] > 0.06
    assert np.median(error[facing]) < 0.01
    assert np.quantile(error[facing], 0.99) < 0.06


def test_the_back_of_the_head_takes_the_hair_of_the_front(ball: Ball) -> None:
    colours = solved(ball, orbit_camera(0, size=(SIZE, SIZE)))
    back = ball.gaussians.means[:, 2] < -0.05
    assert np.abs(colours[back] - [0.35, 0.22, 0.1]).max(1).mean() < 0.04
    assert np.abs(colours[back] - ball.gaussians.colours[back]).max(1).min() > 0.1


@pytest.mark.parametrize("yaw", [0, 50])
def test_no_seam_where_the_photograph_ends(ball: Ball, yaw: int) -> None:
    colours = solved(ball, orbit_camera(yaw, size=(SIZE, SIZE)))
    neighbours = cKDTree(ball.gaussians.means).query(ball.gaussians.means, 5)[1][:, 1:]
    same = ball.labels[neighbours] == ball.labels[:, None]
    step = np.abs(colours[neighbours] - colours[:, None]).max(-1)
    assert np.quantile(step[same], 0.995) < 0.06


def test_the_far_cheek_mirrors_the_near_one(ball: Ball) -> None:
    colours = solved(ball, orbit_camera(60, size=(SIZE, SIZE)))
    x, y, z = ball.gaussians.means.T
    far_cheek = (ball.labels == SKIN) & (x < -0.06) & (z > 0) & (np.abs(y) < 0.05)
    mirrored = colours[ball.sides.mirror]
    assert np.abs(colours - mirrored)[far_cheek].max(1).mean() < 0.04


def test_background_never_gets_onto_the_head(ball: Ball) -> None:
    camera = orbit_camera(0, size=(SIZE, SIZE))
    dark, bright = solved(ball, camera), solved(ball, camera, background=1.0)
    assert np.abs(dark - bright).max() < 0.06
    assert np.abs(dark - bright).mean() < 0.003


def test_a_label_that_nobody_sees_follows_the_whole_head(ball: Ball) -> None:
    colours = np.full((COUNT, 3), 0.5, np.float32)
    change = np.full((COUNT, 3), 0.2, np.float32)
    sure = np.where(ball.labels == SKIN, 1.0, 0.0).astype(np.float32)
    spread = label_change(change, colours, sure, ball.sides, ColourConfig())
    assert np.abs(spread - 0.2).max() < 0.01


def test_nothing_seen_is_no_change(ball: Ball) -> None:
    colours = ball.gaussians.colours
    nothing = np.zeros(COUNT, np.float32)
    change = label_change(0 * colours, colours, nothing, ball.sides, ColourConfig())
    assert np.abs(change).max() < 1e-6
