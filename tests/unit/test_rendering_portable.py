"""The portable renderer against the float64 twin, and its own promises."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.head.gaussians import Gaussians
from inference.rendering.camera import Camera, orbit_camera
from inference.rendering.portable.rasterizer import Rasterizer
from inference.rendering.portable.renderer import PortableRenderer
from inference.rendering.portable.team import WorkerTeam
from inference.rendering.portable.workspace import Splats
from inference.rendering.torch_twin import TwinRenderer

ONE, TWO, TWIN = PortableRenderer(1), PortableRenderer(2), TwinRenderer()


def random_gaussians(rng, n, spread=0.1, size=0.02, opacity=(0.0, 1.0)) -> Gaussians:
    quaternions = rng.normal(size=(n, 4))
    return Gaussians(
        means=rng.normal(0, spread, (n, 3)),
        quaternions=quaternions / np.linalg.norm(quaternions, axis=1, keepdims=True),
        scales=size * rng.lognormal(0, 1, (n, 3)),
        opacities=rng.uniform(*opacity, n),
        colours=rng.random((n, 3)),
    )


KINDS = {
    "usual": {},
    "behind the camera": {"spread": 1.0},
    "huge": {"size": 0.5},
    "tiny": {"size": 1e-5, "spread": 0.05},
    "off screen": {"spread": 0.5},
    "opaque stack": {"spread": 0.01, "opacity": (0.99, 1.0)},
    "nearly transparent": {"opacity": (0.0, 0.02)},
}


@st.composite
def scenes(draw) -> tuple[Gaussians, Camera]:
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    kind = draw(st.sampled_from(sorted(KINDS)))
    gaussians = random_gaussians(rng, draw(st.integers(0, 70)), **KINDS[kind])
    camera = orbit_camera(
        draw(st.floats(-180, 180)),
        draw(st.floats(-80, 80)),
        distance=draw(st.floats(0.3, 3)),
        fov_degrees=draw(st.floats(5, 90)),
        size=(draw(st.integers(1, 80)), draw(st.integers(1, 80))),
        target=(0.0, 0.0, 0.0),
    )
    return gaussians, camera


@settings(max_examples=60, deadline=None, derandomize=True)
@given(scenes())
def test_it_agrees_with_the_float64_twin(scene):
    gaussians, camera = scene
    truth, frame = TWIN.render(gaussians, camera), ONE.render(gaussians, camera)
    for name in ("colour", "alpha"):
        error = np.abs(getattr(frame, name) - getattr(truth, name))
        # One Gaussian that just does or does not reach 1/255 is the most it may be off.
        assert error.max() <= 0.01
        assert error.mean() <= 2e-4
    reliable = (truth.alpha > 0.2) & (frame.alpha > 0.2)
    assert np.abs(frame.depth - truth.depth)[reliable].max(initial=0) <= 0.02 * 3


@settings(max_examples=30, deadline=None, derandomize=True)
@given(scenes())
def test_two_threads_draw_the_same_bits_as_one(scene):
    gaussians, camera = scene
    one, two = ONE.render(gaussians, camera), TWO.render(gaussians, camera)
    assert np.array_equal(one.colour, two.colour)
    assert np.array_equal(one.alpha, two.alpha)
    assert np.array_equal(one.depth, two.depth)
    assert np.array_equal(ONE.render_rgba8(gaussians, camera), TWO.render_rgba8(gaussians, camera))


def test_the_figures_of_accuracy_hold_on_a_crowded_picture():
    rng = np.random.default_rng(3)
    gaussians = random_gaussians(rng, 10_000, spread=0.07, size=0.002)
    camera = orbit_camera(size=(128, 128), target=(0.0, 0.0, 0.0))
    truth, frame = TWIN.render(gaussians, camera), TWO.render(gaussians, camera)
    error = np.abs(frame.colour.astype(np.float64) - truth.colour)
    assert error.mean() <= 1e-6
    assert np.quantile(error, 0.9999) <= 2e-4
    assert error.max() <= 1e-2


def test_a_frame_too_long_for_one_list_is_drawn_in_bands_without_a_seam():
    gaussians = random_gaussians(np.random.default_rng(4), 500)
    camera = orbit_camera(size=(200, 300))
    whole = ONE.render(gaussians, camera)
    team = WorkerTeam(1)
    banded = Rasterizer(team, max_entries=100)
    colour, alpha, _ = banded.frame(Splats.of(gaussians), camera)
    assert np.array_equal(colour, whole.colour)
    assert np.array_equal(alpha, whole.alpha)


def test_long_thin_gaussians_keep_their_width():
    """The determinant of their covariance must not be lost to rounding."""
    rng = np.random.default_rng(5)
    gaussians = random_gaussians(rng, 40, spread=0.05, opacity=(0.5, 1.0))
    scales = np.tile(np.float32([2.0, 1e-5, 1e-5]), (40, 1))
    needles = Gaussians(
        gaussians.means, gaussians.quaternions, scales, gaussians.opacities, gaussians.colours
    )
    camera = orbit_camera(size=(128, 128), distance=3.5)
    error = np.abs(ONE.render(needles, camera).alpha - TWIN.render(needles, camera).alpha)
    assert error.mean() <= 1e-3


def test_many_threads_may_ask_at_once():
    rng = np.random.default_rng(6)
    camera = orbit_camera(size=(96, 96))
    heads = [random_gaussians(rng, 300) for _ in range(4)]
    expected = [ONE.render_rgba8(head, camera) for head in heads]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(5):
            pictures = list(pool.map(lambda head: TWO.render_rgba8(head, camera), heads))
            assert all(np.array_equal(x, y) for x, y in zip(pictures, expected, strict=True))


def test_more_threads_than_work_is_fine():
    gaussians = random_gaussians(np.random.default_rng(7), 3)
    camera = orbit_camera(size=(8, 8))
    crowd = PortableRenderer(7)
    assert np.array_equal(
        crowd.render_rgba8(gaussians, camera), ONE.render_rgba8(gaussians, camera)
    )
    crowd.close()


def test_closing_ends_the_threads_and_drawing_starts_them_again():
    renderer = PortableRenderer(3)
    gaussians = random_gaussians(np.random.default_rng(8), 3000)
    before = threading.active_count()
    renderer.render(gaussians, orbit_camera())
    assert threading.active_count() > before
    renderer.close()
    assert threading.active_count() == before
    assert renderer.render(gaussians, orbit_camera()).alpha.any()
    renderer.close()


def test_a_team_needs_a_member():
    with pytest.raises(ValueError, match="thread"):
        WorkerTeam(0)
