"""The OpenGL renderer against the float64 twin, its threads, and when it is chosen.

Software OpenGL is never chosen, but it draws the same pictures, so the tests draw with it.
"""

import sys
import threading
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import pytest

from inference.head.gaussians import Gaussians
from inference.rendering.camera import Camera, orbit_camera
from inference.rendering.fallback import FallbackRenderer
from inference.rendering.opengl import probe as opengl_probe
from inference.rendering.opengl.context import OpenGLError, device_name, open_context
from inference.rendering.opengl.depth_order import DepthOrders, far_to_near
from inference.rendering.opengl.painter import TILE
from inference.rendering.opengl.renderer import OpenGLRenderer
from inference.rendering.opengl_probe import is_software
from inference.rendering.portable.renderer import PortableRenderer
from inference.rendering.selection import choose_renderer, renderer_options
from inference.rendering.torch_twin import TwinRenderer

TOLERANCE = 0.01
"""Of colour and alpha, where no Gaussian is more opaque than 0.99."""

TWIN = TwinRenderer()


def opengl_device() -> str:
    """GL_RENDERER, or empty where there is no OpenGL."""

    def ask() -> str:
        context = open_context()
        name = device_name(context)
        context.release()
        return name

    try:
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(ask).result()
    except OpenGLError:
        return ""


DEVICE = opengl_device()
needs_opengl = pytest.mark.skipif(not DEVICE, reason="no OpenGL without a display here")


@pytest.fixture(scope="module")
def renderer():
    if not DEVICE:
        pytest.skip("no OpenGL without a display here")
    renderer = OpenGLRenderer()
    yield renderer
    renderer.close()


def cloud(seed=0, n=120, spread=0.1, size=0.02, opacity=(0.0, 0.99)) -> Gaussians:
    rng = np.random.default_rng(seed)
    quaternions = rng.normal(size=(n, 4))
    return Gaussians(
        means=rng.normal(0, spread, (n, 3)),
        quaternions=quaternions / np.linalg.norm(quaternions, axis=1, keepdims=True),
        scales=size * rng.lognormal(0, 1, (n, 3)),
        opacities=rng.uniform(*opacity, n),
        colours=rng.random((n, 3)),
    )


def view(yaw=0.0, size=(64, 64), distance=1.0, fov=30.0) -> Camera:
    return orbit_camera(
        yaw, 10.0, distance=distance, fov_degrees=fov, size=size, target=(0.0, 0.0, 0.0)
    )


def assert_agrees(frame, truth) -> None:
    assert np.abs(frame.colour - truth.colour).max() < TOLERANCE
    assert np.abs(frame.alpha - truth.alpha).max() < TOLERANCE
    assert np.abs(frame.colour - truth.colour).mean() < 1e-3
    seen = truth.alpha > 0.5
    assert np.abs(frame.depth - truth.depth)[seen].max(initial=0) < 0.01 * truth.depth.max()


@pytest.mark.parametrize(
    ("scene", "camera"),
    [
        (cloud(), view()),
        (cloud(1), view(130, (40, 71))),
        (cloud(2), view(-70, (71, 40), fov=80.0)),
        (cloud(3, spread=1.0), view(20)),  # many behind the camera
        (cloud(4, n=30, size=0.5), view(size=(40, 40))),  # huge
        (cloud(5, size=1e-5, spread=0.05), view()),  # smaller than a pixel
        (cloud(6, spread=0.5), view(distance=0.4)),  # many off the screen
        (cloud(7, opacity=(0.0, 0.02)), view()),  # at the limit of what is drawn
        (cloud(8, spread=0.01, opacity=(0.8, 0.9)), view()),  # a stack with nothing left behind
        (cloud(9, n=1), view(size=(1, 1))),
        (cloud(10, n=2500, size=0.003), view(45, (40, 40))),  # more than a row of the texture
    ],
)
def test_it_agrees_with_the_float64_twin(renderer, scene, camera):
    assert_agrees(renderer.render(scene, camera), TWIN.render(scene, camera))


def test_without_the_stop_a_pixel_is_right_to_what_the_last_gaussian_would_leave(renderer):
    """Two opaque ones: gsplat skips the second, that would leave 1e-3 * 1e-3 of the light."""
    for opacity in (0.9, 0.99, 0.999):
        scene = cloud(11, n=30, spread=0.02, opacity=(opacity, opacity))
        frame, truth = renderer.render(scene, view()), TWIN.render(scene, view())
        limit = 1e-4 / (1 - opacity) + 0.004  # and a Gaussian's edge, alpha 1/255
        assert np.abs(frame.alpha - truth.alpha).max() < limit


def test_a_picture_in_tiles_is_the_same_picture(renderer):
    scene, camera = cloud(12, n=50), view(size=(TILE + 70, 24))
    assert_agrees(renderer.render(scene, camera), TWIN.render(scene, camera))
    exact = renderer.render(scene, camera)
    picture = renderer.render_rgba8(scene, camera, None)
    assert np.abs(picture[..., :3] / 255 - exact.colour.clip(0, 1)).max() < 0.51 / 255


def test_a_small_picture_after_a_large_one_shows_nothing_of_it(renderer):
    renderer.render(cloud(4, n=30, size=0.5), view(size=(300, 300)))
    nothing = cloud(0, n=0)
    assert not renderer.render(nothing, view(size=(20, 30))).alpha.any()
    assert not renderer.preview_rgba8(nothing, view(size=(20, 30)), None).any()


@pytest.mark.parametrize("background", [None, (0.2, 0.4, 0.9)])
def test_the_moving_picture_is_right_in_half_precision(renderer, background):
    scene = cloud(13)
    moving = renderer.preview_rgba8(scene, view(3), background)
    still = renderer.render_rgba8(scene, view(3), background)
    assert np.abs(moving.astype(int) - still).max() <= 255 * TOLERANCE


def test_another_cloud_and_the_first_one_again(renderer):
    first, second = cloud(14), cloud(15, n=1500)
    before = renderer.render_rgba8(first, view())
    assert not np.array_equal(renderer.render_rgba8(second, view()), before)
    assert np.array_equal(renderer.render_rgba8(first, view()), before)


def test_any_thread_may_draw(renderer):
    scenes = [cloud(16), cloud(17)]
    cameras = [view(yaw, (50 + yaw, 60)) for yaw in range(0, 40, 5)]
    expected = [[renderer.render_rgba8(s, c) for c in cameras] for s in scenes]
    with ThreadPoolExecutor(2) as threads:
        drawn = [
            threads.submit(lambda s=s: [renderer.render_rgba8(s, c) for c in cameras])
            for s in scenes
        ]
        for pictures, right in zip(drawn, expected, strict=True):
            assert all(map(np.array_equal, pictures.result(), right))


@needs_opengl
def test_closing_ends_its_threads_and_only_its_own_context(renderer):
    before = threading.active_count()
    other = OpenGLRenderer()
    expected = renderer.render_rgba8(cloud(), view())
    assert np.array_equal(other.render_rgba8(cloud(), view()), expected)
    assert threading.active_count() > before
    other.close()
    other.close()
    assert threading.active_count() == before
    assert np.array_equal(renderer.render_rgba8(cloud(), view()), expected)
    assert np.array_equal(other.render_rgba8(cloud(), view()), expected)
    other.close()


@pytest.mark.parametrize("direction", [[0, 0, 1], [-0.6, 0.8, 0]])
@pytest.mark.parametrize("n", [0, 1, 1000])
def test_far_to_near(direction, n):
    means = np.random.default_rng(n).normal(0, 1, (n, 3)).astype(np.float32)
    order = far_to_near(means, np.array(direction, np.float64))
    assert sorted(order) == list(range(n))
    depths = means @ np.float32(direction)
    assert (np.diff(depths[order]) <= 0).all()


def test_a_moving_camera_draws_a_large_cloud_in_the_order_of_the_view_before():
    means = np.random.default_rng(0).normal(0, 1, (5000, 3)).astype(np.float32)
    first, near_by, far_away = (view(yaw).world_to_camera[2, :3] for yaw in (0, 1, 20))
    with ThreadPoolExecutor(1) as worker:
        orders = DepthOrders(means, worker)
        assert orders.recent(first, 0) is orders.exact(first)
        hold: Future[None] = Future()
        worker.submit(hold.result)  # as if the sort took long
        assert np.array_equal(orders.recent(near_by, 0).direction, first)
        hold.set_result(None)
        assert np.array_equal(orders.exact(near_by).direction, near_by)
        assert np.array_equal(orders.recent(near_by, 0).direction, near_by)
        assert np.array_equal(orders.recent(far_away, 0).direction, far_away)


class RecordingWorker(ThreadPoolExecutor):
    """Remembers what it was asked to do."""

    def __init__(self) -> None:
        super().__init__(1)
        self.jobs: list[Future] = []

    def submit(self, *arguments) -> Future:
        self.jobs.append(super().submit(*arguments))
        return self.jobs[-1]


def test_only_the_newest_view_is_sorted_when_many_were_asked_for():
    means = np.random.default_rng(0).normal(0, 1, (1000, 3)).astype(np.float32)
    first, *others = (view(yaw / 10).world_to_camera[2, :3] for yaw in range(12))
    with RecordingWorker() as worker:
        orders = DepthOrders(means, worker)
        orders.exact(first)
        hold: Future[None] = Future()
        worker.submit(hold.result)  # as if a sort took long
        for direction in others:
            assert np.array_equal(orders.recent(direction, 0).direction, first)
        hold.set_result(None)
        newest = orders.exact(others[-1])
        assert np.array_equal(newest.direction, others[-1])
    sorts = [job for job in worker.jobs[2:] if not job.cancelled()]
    assert [job.result() for job in sorts] == [newest]


@pytest.mark.parametrize(
    ("name", "software"),
    [
        ("llvmpipe (LLVM 15.0.7, 256 bits)", True),
        ("softpipe", True),
        ("Software Rasterizer", True),
        ("ANGLE (Google, Vulkan 1.3.0 (SwiftShader Device (Subzero)), SwiftShader driver)", True),
        ("D3D12 (Microsoft Basic Render Driver)", True),
        ("GDI Generic", True),
        ("Apple Software Renderer", True),
        ("zink Vulkan 1.3(llvmpipe (LLVM 17.0.6, 256 bits) (MESA_LLVMPIPE))", True),
        ("NVIDIA GeForce RTX 3060/PCIe/SSE2", False),
        ("Mesa Intel(R) UHD Graphics 620 (KBL GT2)", False),
        ("AMD Radeon RX 6600 (radeonsi, navi23, LLVM 17.0.6, DRM 3.57)", False),
        ("Apple M2", False),
    ],
)
def test_software_is_recognised_by_its_name(name, software):
    assert is_software(name) is software


@needs_opengl
def test_the_probe_draws_right_before_it_says_yes():
    assert opengl_probe.draws_right()


def test_opengl_is_chosen_only_where_hardware_draws_it():
    option = next(option for option in renderer_options() if option.name == "OpenGL")
    chosen = choose_renderer().name
    if option.usable:
        assert not is_software(DEVICE)
        assert chosen.startswith(("gsplat", "OpenGL"))
        assert option.reason.startswith("draws on ")
    else:
        assert not chosen.startswith("OpenGL")
        assert option.reason
    if is_software(DEVICE):
        assert not option.usable
        assert DEVICE in option.reason


@pytest.mark.parametrize(
    "code",
    [
        "raise SystemExit(3)",
        "import os; os.abort()",
        "pass",  # ends without an answer
        "import pathlib, sys; pathlib.Path(sys.argv[-1]).write_text('{')",
    ],
)
def test_a_driver_that_ends_the_process_is_a_reason_and_no_crash(tmp_path, monkeypatch, code):
    broken = tmp_path / "broken.py"
    broken.write_text(code)
    monkeypatch.setattr(
        opengl_probe, "_command", lambda answer: [sys.executable, str(broken), str(answer)]
    )
    usable, reason = opengl_probe.probe.__wrapped__()
    assert not usable
    assert "OpenGL ended the process that tried it" in reason
    assert str(tmp_path) not in reason
    assert "\n" not in reason


def test_a_driver_that_hangs_is_given_up(tmp_path, monkeypatch):
    stuck = tmp_path / "stuck.py"
    stuck.write_text("import time; time.sleep(60)")
    monkeypatch.setattr(opengl_probe, "_command", lambda answer: [sys.executable, str(stuck)])
    monkeypatch.setattr(opengl_probe, "_TIMEOUT_SECONDS", 0.5)
    assert opengl_probe.probe.__wrapped__() == (False, "OpenGL did not answer within 0.5 seconds")


needs_egl = pytest.mark.skipif(
    sys.platform in ("win32", "darwin") or not DEVICE, reason="made to fail by way of EGL"
)


@needs_egl
@pytest.mark.parametrize(
    ("name", "value"),
    [("GLCONTEXT_LINUX_LIBEGL", "libnothing.so"), ("MESA_GL_VERSION_OVERRIDE", "2.1")],
)
def test_no_opengl_or_an_old_one_is_a_reason(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    usable, reason = opengl_probe.probe.__wrapped__()
    assert not usable
    if is_software(DEVICE):  # Mesa's variable means nothing to other drivers
        assert reason.startswith("no OpenGL 3.3")


@needs_egl
def test_opengl_that_fails_later_hands_over_to_the_portable_renderer(monkeypatch, caplog):
    opengl = OpenGLRenderer()
    renderer = FallbackRenderer(opengl, lambda: PortableRenderer(1))
    scene, camera = cloud(18), view()
    assert renderer.name.startswith("OpenGL")
    before = renderer.render(scene, camera)
    opengl.close()  # the next call wants a new context, and gets none
    monkeypatch.setenv("GLCONTEXT_LINUX_LIBEGL", "libnothing.so")
    assert_agrees(renderer.render(scene, camera), before)
    assert renderer.name.startswith("portable")
    assert "is not used any more" in caplog.text
    assert renderer.preview_rgba8(scene, camera).shape == (camera.height, camera.width, 4)
    renderer.close()
