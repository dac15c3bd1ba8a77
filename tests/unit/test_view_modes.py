"""The views show what they say: depth near to far, normals in camera axes, points as points."""

import numpy as np
import pytest

from inference.head.gaussians import Gaussians
from inference.rendering.camera import HEAD_CENTRE, PORTRAIT_HALF_EXTENT, orbit_camera
from inference.rendering.framing import frame_splats
from inference.rendering.normals import surface_normals
from inference.rendering.portable.renderer import PortableRenderer
from inference.rendering.view_modes import ViewMode, ViewRenderer

RADIUS = 0.12


@pytest.fixture(scope="module")
def renderer() -> PortableRenderer:
    return PortableRenderer(2)


@pytest.fixture(scope="module")
def ball() -> Gaussians:
    index = np.arange(20_000) + 0.5  # a Fibonacci sphere
    z = 1 - 2 * index / len(index)
    angle = np.pi * (1 + 5**0.5) * index
    ring = np.sqrt(1 - z * z)
    out = np.stack([ring * np.cos(angle), ring * np.sin(angle), z], axis=1)
    return Gaussians(
        means=out * RADIUS + HEAD_CENTRE,
        quaternions=np.tile([1.0, 0, 0, 0], (len(out), 1)),
        scales=np.full((len(out), 3), 0.0015),
        opacities=np.full(len(out), 0.95),
        colours=np.full((len(out), 3), 0.5),
    )


@pytest.mark.parametrize("yaw", [0, 75])
def test_normals_of_a_ball_are_those_of_a_ball(renderer, ball, yaw: float) -> None:
    camera = orbit_camera(yaw, 20, size=(128, 128))
    frame = ViewRenderer(renderer, ViewMode.NORMALS).render(ball, camera)
    v, u = np.nonzero(frame.alpha > 0.99)
    depth = frame.depth[v, u].astype(np.float64)
    pixels = np.stack([u + 0.5, v + 0.5, np.ones(len(u))], axis=1)
    points = (pixels @ np.linalg.inv(camera.intrinsics).T) * depth[:, None]
    pose = camera.world_to_camera
    centre = pose[:3, :3] @ HEAD_CENTRE + pose[:3, 3]
    expected = (points - centre) / np.linalg.norm(points - centre, axis=1, keepdims=True)
    inner = expected[:, 2] < -0.5  # the rim is a matter of pixels
    got = (2 * frame.colour[v, u] / frame.alpha[v, u, None] - 1) * [1, -1, -1]
    np.testing.assert_allclose(np.linalg.norm(got, axis=1), 1, atol=1e-4)
    cosine = (got * expected).sum(axis=1)[inner]
    assert np.degrees(np.arccos(np.clip(np.median(cosine), -1, 1))) < 3
    assert np.quantile(cosine, 0.01) > 0.95


def _tilted(degrees: float) -> Gaussians:
    """A square of 12 cm, as dense as a neck, turned away from the front camera."""
    place = (np.arange(80) - 39.5) * 0.0015
    x, y = (each.ravel() for each in np.meshgrid(place, place))
    angle = np.radians(degrees)
    means = np.stack([x, y * np.cos(angle), y * np.sin(angle)], axis=1) + HEAD_CENTRE
    return Gaussians(
        means=means,
        quaternions=np.tile([1.0, 0, 0, 0], (len(means), 1)),
        scales=np.full((len(means), 3), 0.001),
        opacities=np.full(len(means), 0.95),
        colours=np.full((len(means), 3), 0.5),
    )


@pytest.mark.parametrize("degrees", [-75, 20, 75])
def test_a_plane_has_one_colour_however_it_is_turned(renderer, degrees: float) -> None:
    camera = orbit_camera(size=(256, 256))
    frame = ViewRenderer(renderer, ViewMode.NORMALS).render(_tilted(degrees), camera)
    inside = frame.alpha > 0.5
    colours = frame.colour[inside] / frame.alpha[inside][:, None]
    angle = np.radians(degrees)
    expected = [0.5, 0.5 - 0.5 * np.sin(angle), 0.5 + 0.5 * np.cos(angle)]
    np.testing.assert_allclose(np.median(colours, axis=0), expected, atol=0.03)
    assert colours.std(axis=0).max() < 0.02


def test_two_balls_and_the_middle_of_a_torus_look_outward() -> None:
    rng = np.random.default_rng(3)
    a, b = rng.uniform(0, 2 * np.pi, (2, 6000))
    tube = np.stack([np.cos(a) * np.cos(b), np.sin(a) * np.cos(b), np.sin(b)], axis=1)
    ring = np.stack([np.cos(a), np.sin(a), np.zeros_like(a)], axis=1)
    torus = ring + 0.4 * tube
    sphere = rng.normal(size=(3000, 3))
    sphere /= np.linalg.norm(sphere, axis=1, keepdims=True)
    means = np.concatenate([torus, 0.5 * sphere + [4, 0, 0], 0.5 * sphere - [4, 0, 0]])
    cosine = (surface_normals(means) * np.concatenate([tube, sphere, sphere])).sum(axis=1)
    assert (cosine > 0.8).mean() > 0.99
    assert cosine.min() > 0


@pytest.mark.parametrize("count", [0, 1, 2, 3, 20])
def test_few_or_coincident_points_have_some_unit_normal(count: int) -> None:
    normals = surface_normals(np.ones((count, 3), np.float32))
    assert normals.shape == (count, 3)
    np.testing.assert_allclose(np.linalg.norm(normals, axis=1), 1, atol=1e-5)


def test_normal_colours_say_right_up_and_towards_the_viewer(renderer, ball) -> None:
    camera = orbit_camera(40, size=(128, 128))
    picture = ViewRenderer(renderer, ViewMode.NORMALS).render_rgba8(ball, camera)

    def around(row: int, column: int) -> np.ndarray:  # single pixels see single splats
        return picture[row - 4 : row + 4, column - 4 : column + 4].mean(axis=(0, 1))

    middle, right, top = around(64, 64), around(64, 90), around(38, 64)
    assert middle[2] > 245
    assert abs(int(middle[0]) - 128) < 12
    assert right[0] > 190
    assert top[1] > 190


def test_depth_goes_from_yellow_to_violet_and_does_not_flicker(renderer, ball) -> None:
    view = ViewRenderer(renderer, ViewMode.DEPTH)
    pictures = [
        view.render_rgba8(ball, orbit_camera(yaw, size=(96, 96)), (0, 0, 0)).astype(int)
        for yaw in (0, 45)
    ]
    near = pictures[0][51, 48]
    assert near[0] > near[2] + 50
    rim = pictures[0][51, 22]
    assert near[:3].sum() > rim[:3].sum()
    assert np.abs(pictures[0] - pictures[1]).mean() < 2  # a ball is the same from everywhere


def test_points_leave_gaps_that_splats_do_not(renderer, ball) -> None:
    camera = orbit_camera(size=(256, 256))
    splats = renderer.render(ball, camera)
    points = ViewRenderer(renderer, ViewMode.POINTS).render(ball, camera)
    inside = splats.alpha > 0.99
    assert points.alpha[inside].mean() < 0.9
    assert points.alpha[inside].mean() > 0.05


def test_splats_are_what_the_renderer_draws(renderer, ball) -> None:
    camera = orbit_camera(size=(64, 64))
    view = ViewRenderer(renderer, ViewMode.SPLATS)
    for background in ((1.0, 1.0, 1.0), None):
        np.testing.assert_array_equal(
            view.render_rgba8(ball, camera, background),
            renderer.render_rgba8(ball, camera, background),
        )


@pytest.mark.parametrize("mode", list(ViewMode))
def test_transparency_is_premultiplied_in_every_view(renderer, ball, mode: ViewMode) -> None:
    picture = ViewRenderer(renderer, mode).render_rgba8(ball, orbit_camera(size=(64, 64)), None)
    assert picture[0, 0].tolist() == [0, 0, 0, 0]
    assert (picture[..., :3] <= picture[..., 3:].astype(int) + 1).all()


def test_a_head_is_framed_as_a_crop_and_anything_else_as_a_whole(ball) -> None:
    assert frame_splats(ball).half_extent == PORTRAIT_HALF_EXTENT
    assert frame_splats(ball).target == HEAD_CENTRE
    far = Gaussians(
        ball.means * 50 + np.float32([3, 4, 5]),
        ball.quaternions,
        ball.scales,
        ball.opacities,
        ball.colours,
    )
    framing = frame_splats(far)
    np.testing.assert_allclose(framing.target, far.means.mean(axis=0), atol=0.1)
    assert framing.half_extent > 50 * RADIUS
