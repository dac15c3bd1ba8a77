"""The views show what they say: depth near to far, normals in camera axes, points as points."""

import numpy as np
import pytest

from inference.head.gaussians import Gaussians
from inference.rendering.camera import HEAD_CENTRE, PORTRAIT_HALF_EXTENT, orbit_camera
from inference.rendering.framing import frame_splats
from inference.rendering.portable.renderer import PortableRenderer
from inference.rendering.view_modes import ViewMode, ViewRenderer, depth_normals

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
    frame = renderer.render(ball, camera)
    v, u = np.nonzero(frame.alpha > 0.99)
    depth = frame.depth[v, u].astype(np.float64)
    pixels = np.stack([u + 0.5, v + 0.5, np.ones(len(u))], axis=1)
    points = (pixels @ np.linalg.inv(camera.intrinsics).T) * depth[:, None]
    pose = camera.world_to_camera
    centre = pose[:3, :3] @ HEAD_CENTRE + pose[:3, 3]
    expected = (points - centre) / np.linalg.norm(points - centre, axis=1, keepdims=True)
    inner = expected[:, 2] < -0.5  # the rim is a matter of pixels
    got = depth_normals(frame.depth, camera)[v, u]
    np.testing.assert_allclose(np.linalg.norm(got, axis=1), 1, atol=1e-5)
    cosine = (got * expected).sum(axis=1)[inner]
    assert np.degrees(np.arccos(np.clip(np.median(cosine), -1, 1))) < 3
    assert np.quantile(cosine, 0.01) > 0.95


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
