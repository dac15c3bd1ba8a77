"""OpenGL draws the same head as the portable renderer."""

import os

import numpy as np
import pytest

os.environ.setdefault("PYOPENGL_PLATFORM", "egl")

from inference.head.gaussians import Gaussians
from inference.rendering.camera import orbit_camera
from inference.rendering.portable.renderer import PortableRenderer


@pytest.fixture(scope="module")
def opengl():
    """On whatever EGL has, software included; the application itself would not use that."""
    moderngl = pytest.importorskip("moderngl")
    try:
        context = moderngl.create_standalone_context(backend="egl", require=330)
    except Exception as error:  # noqa: BLE001
        pytest.skip(f"no EGL here: {error}")
    from desktop.viewport.gl_splats import OpenGLSplats

    yield OpenGLSplats()
    context.release()


@pytest.fixture(scope="module")
def head() -> Gaussians:
    generator = np.random.default_rng(3)
    count = 4000
    means = generator.normal(0, 0.05, (count, 3)) + np.array([0, 0.012, -0.025])
    quaternions = generator.normal(size=(count, 4))
    quaternions /= np.linalg.norm(quaternions, axis=1, keepdims=True)
    return Gaussians(
        means.astype(np.float32),
        quaternions.astype(np.float32),
        generator.uniform(0.0005, 0.006, (count, 3)).astype(np.float32),
        generator.uniform(0.01, 0.95, count).astype(np.float32),
        generator.uniform(0, 1, (count, 3)).astype(np.float32),
    )


@pytest.mark.parametrize(("yaw", "size"), [(0, (160, 160)), (75, (200, 120)), (-150, (90, 150))])
def test_colour_alpha_and_depth_agree(opengl, head, yaw, size):
    camera = orbit_camera(yaw, 20, size=size)
    ours, theirs = opengl.render(head, camera), PortableRenderer(1).render(head, camera)
    # Equal depths within 1/65536 of the head may swap; a few pixels see that.
    assert np.abs(ours.colour - theirs.colour).mean() < 2e-3
    assert np.percentile(np.abs(ours.colour - theirs.colour), 99) < 0.02
    assert np.abs(ours.alpha - theirs.alpha).max() < 2e-3
    seen = theirs.alpha > 0.5
    assert np.percentile(np.abs(ours.depth - theirs.depth)[seen], 99) < 2e-3


def test_pictures_for_the_screen_agree(opengl, head):
    camera = orbit_camera(30, size=(128, 128))
    for background in (None, (1.0, 0.0, 0.5)):
        ours = opengl.render_rgba8(head, camera, background).astype(int)
        theirs = PortableRenderer(1).render_rgba8(head, camera, background).astype(int)
        assert np.abs(ours - theirs).mean() < 0.5
    assert (ours[..., 3] == 255).all()


def test_nothing_is_nothing(opengl, head):
    none = Gaussians(
        *(
            getattr(head, name)[:0]
            for name in ("means", "quaternions", "scales", "opacities", "colours")
        )
    )
    assert not opengl.render_rgba8(none, orbit_camera(size=(20, 30)), None).any()
