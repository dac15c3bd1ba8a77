"""What every renderer promises, whatever it draws with."""

from collections.abc import Iterator

import numpy as np
import pytest

from inference.head.gaussians import Gaussians
from inference.rendering.camera import Camera, orbit_camera
from inference.rendering.opengl.context import OpenGLError
from inference.rendering.opengl.renderer import OpenGLRenderer
from inference.rendering.portable.renderer import PortableRenderer
from inference.rendering.protocol import Renderer
from inference.rendering.selection import renderer_options
from inference.rendering.torch_twin import TwinRenderer


def make_gsplat() -> Renderer:
    if not any(option.name == "gsplat" and option.usable for option in renderer_options()):
        pytest.skip("gsplat draws on CUDA only")
    from inference.rendering.gsplat_cuda import GsplatRenderer

    return GsplatRenderer()


def make_opengl() -> Renderer:
    opengl = OpenGLRenderer()  # software OpenGL is too slow to be chosen, but right
    try:
        opengl.name  # noqa: B018 - makes the context
    except OpenGLError:
        opengl.close()
        pytest.skip("no OpenGL without a display here")
    return opengl


RENDERERS = {
    "portable, 1 thread": lambda: PortableRenderer(1),
    "portable, 2 threads": lambda: PortableRenderer(2),
    "twin": TwinRenderer,
    "gsplat": make_gsplat,
    "opengl": make_opengl,
}


@pytest.fixture(scope="module", params=list(RENDERERS))
def renderer(request) -> Iterator[Renderer]:
    made = RENDERERS[request.param]()
    yield made
    if hasattr(made, "close"):
        made.close()


def splats(means, scale=0.02, opacity=1.0, colours=(1.0, 0.5, 0.25)) -> Gaussians:
    means = np.asarray(means, np.float32).reshape(-1, 3)
    n = len(means)
    return Gaussians(
        means=means,
        quaternions=np.tile(np.float32([1, 0, 0, 0]), (n, 1)),
        scales=np.full((n, 3), scale, np.float32),
        opacities=np.full(n, opacity, np.float32),
        colours=np.broadcast_to(np.float32(colours), (n, 3)),
    )


def camera(size=(65, 65)) -> Camera:
    """On the z axis, one metre before the origin, which is in the middle of the picture."""
    return orbit_camera(size=size, distance=1.0, target=(0.0, 0.0, 0.0))


def test_no_gaussians_draw_nothing(renderer):
    frame = renderer.render(splats([]), camera((40, 30)))
    assert frame.colour.shape == (30, 40, 3)
    assert frame.alpha.shape == frame.depth.shape == (30, 40)
    assert not frame.colour.any()
    assert not frame.alpha.any()
    assert not frame.depth.any()
    assert (renderer.render_rgba8(splats([]), camera(), (1, 0, 0)) == [255, 0, 0, 255]).all()
    assert not renderer.render_rgba8(splats([]), camera(), None).any()


def test_an_opaque_gaussian_shows_its_colour_alpha_and_depth(renderer):
    frame = renderer.render(splats([[0, 0, 0]]), camera())
    assert frame.alpha[32, 32] == pytest.approx(0.999, abs=1e-5)
    assert frame.colour[32, 32] == pytest.approx(0.999 * np.array([1, 0.5, 0.25]), abs=1e-5)
    assert frame.depth[32, 32] == pytest.approx(1.0, abs=1e-5)
    assert frame.alpha[0, 0] == 0
    assert frame.depth[0, 0] == 0
    for values in (frame.colour, frame.alpha, frame.depth):
        assert values.dtype == np.float32


def test_alpha_falls_off_as_the_projected_gaussian_does(renderer):
    view = camera((257, 257))
    frame = renderer.render(splats([[0, 0, 0]], opacity=0.8), view)
    sigma2 = (0.02 * view.intrinsics[0, 0]) ** 2 + 0.3
    distance = np.arange(60)
    expected = 0.8 * np.exp(-(distance**2) / (2 * sigma2))
    expected[expected < 1 / 255] = 0
    assert frame.alpha[128, 128:188] == pytest.approx(expected, abs=1e-4)
    assert frame.alpha[128:188, 128] == pytest.approx(expected, abs=1e-4)


def test_positive_x_is_right_and_positive_y_is_up_from_the_front(renderer):
    view = camera()
    row, column = np.unravel_index(
        renderer.render(splats([[0.08, 0.12, 0]]), view).alpha.argmax(), (65, 65)
    )
    assert column > 40
    assert row < 20


def test_the_nearer_one_hides_the_farther_whatever_their_order(renderer):
    for order in ([0, 1], [1, 0]):
        both = splats(
            np.float32([[0, 0, 0.1], [0, 0, -0.1]])[order],
            colours=np.float32([[1, 0, 0], [0, 1, 0]])[order],
        )
        pixel = renderer.render(both, camera()).colour[32, 32]
        # The farther one would leave 1e-6 of the light, under the stop: it is not drawn.
        # OpenGL cannot stop, so that it shows through the 0.001 that are left.
        stop = 1e-3 if "OpenGL" in renderer.name else 1e-5
        assert pixel == pytest.approx([0.999, 0, 0], abs=stop)


def test_translucent_ones_blend_front_to_back(renderer):
    both = splats(
        [[0, 0, 0.1], [0, 0, -0.1]], opacity=0.5, colours=np.float32([[1, 0, 0], [0, 1, 0]])
    )
    frame = renderer.render(both, camera())
    assert frame.colour[32, 32] == pytest.approx([0.5, 0.25, 0], abs=1e-4)
    assert frame.alpha[32, 32] == pytest.approx(0.75, abs=1e-4)
    assert frame.depth[32, 32] == pytest.approx((0.5 * 0.9 + 0.25 * 1.1) / 0.75, abs=1e-4)


@pytest.mark.parametrize("z", [1.0, 0.995, 2.0])
def test_nothing_behind_or_at_the_camera_is_drawn(renderer, z):
    assert not renderer.render(splats([[0, 0, z]], scale=0.5), camera()).alpha.any()


def test_an_almost_transparent_gaussian_is_not_drawn(renderer):
    assert not renderer.render(splats([[0, 0, 0]], opacity=1 / 256), camera()).alpha.any()
    assert renderer.render(splats([[0, 0, 0]], opacity=1 / 250), camera()).alpha.any()


@pytest.mark.parametrize("size", [(1, 1), (1, 70), (70, 1), (33, 97), (31, 64)])
def test_any_shape_of_picture_is_the_same_view(renderer, size):
    frame = renderer.render(splats([[0, 0, 0]], scale=0.3), camera(size))
    assert frame.alpha.shape == size[::-1]
    assert frame.alpha[size[1] // 2, size[0] // 2] > 0.5
    assert renderer.render_rgba8(splats([[0, 0, 0]]), camera(size)).shape == (*size[::-1], 4)


@pytest.mark.parametrize("background", [None, (1.0, 1.0, 1.0), (0.2, 0.4, 0.9)])
def test_the_eight_bit_picture_is_the_frame_quantised(renderer, background):
    rng = np.random.default_rng(0)
    scene = splats(rng.normal(0, 0.1, (60, 3)), opacity=0.6, colours=rng.random((60, 3)))
    frame = renderer.render(scene, camera())
    picture = renderer.render_rgba8(scene, camera(), background)
    assert picture.dtype == np.uint8
    assert picture.shape == (65, 65, 4)
    rgb = frame.colour if background is None else frame.over(background)
    alpha = frame.alpha if background is None else np.ones((65, 65))
    expected = np.concatenate([rgb, alpha[..., None]], axis=-1) * 255
    assert np.abs(picture - expected).max() <= 0.51


def test_the_inputs_are_left_alone(renderer):
    scene = splats(np.random.default_rng(1).normal(0, 0.1, (9, 3)))
    before = [getattr(scene, name).copy() for name in ("means", "quaternions", "scales")]
    renderer.render(scene, camera())
    after = [scene.means, scene.quaternions, scene.scales]
    assert all(np.array_equal(x, y) for x, y in zip(before, after, strict=True))


def test_a_frame_is_not_overwritten_by_the_next(renderer):
    first = renderer.render(splats([[0, 0, 0]]), camera())
    kept = first.alpha.copy()
    renderer.render(splats([[0.1, 0.1, 0]]), camera())
    assert np.array_equal(first.alpha, kept)


@pytest.mark.parametrize("value", [1e-30, 1e8, 1e18, 3e38])
def test_extreme_values_neither_crash_nor_poison_the_picture(renderer, value):
    rng = np.random.default_rng(2)
    good = splats(rng.normal(0, 0.1, (20, 3)))
    for attribute in ("means", "scales"):
        values = np.array(getattr(good, attribute))
        values[::3] = value
        scene = Gaussians(
            **{
                name: values if name == attribute else getattr(good, name)
                for name in ("means", "quaternions", "scales", "opacities", "colours")
            }
        )
        frame = renderer.render(scene, camera())
        assert np.isfinite(frame.colour).all()
        assert frame.alpha.min() >= 0
        assert frame.alpha.max() <= 1


def test_the_name_says_what_draws(renderer):
    assert any(word in renderer.name for word in ("portable", "twin", "gsplat", "OpenGL"))
