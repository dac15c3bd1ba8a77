"""Gradients of the portable renderer and of the twin that judges it."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.rendering.camera import orbit_camera
from inference.rendering.differentiable import rasterize
from inference.rendering.portable.rasterizer import Rasterizer
from inference.rendering.portable.renderer import PortableRenderer
from inference.rendering.portable.team import WorkerTeam
from inference.rendering.portable.workspace import Splats

ATTRIBUTES = ("means", "quaternions", "scales", "opacities", "colours")
ONE, TWO = PortableRenderer(1), PortableRenderer(2)


def attributes(seed, n, dtype=torch.float64, spread=0.06, size=0.02):
    rng = np.random.default_rng(seed)
    values = (
        rng.normal(0, spread, (n, 3)),
        rng.normal(size=(n, 4)),
        size * rng.lognormal(0, 0.5, (n, 3)),
        rng.uniform(0.05, 0.95, n),
        rng.random((n, 3)),
    )
    # Both backends start from the very same numbers.
    return [torch.tensor(v.astype(np.float32), dtype=dtype, requires_grad=True) for v in values]


def gradients(seed, n, camera, backend, outputs=(True, True, True), renderer=None, **kind):
    dtype = torch.float64 if backend == "twin" else torch.float32
    inputs = attributes(seed, n, dtype, **kind)
    drawn = rasterize(*inputs, camera, backend, renderer)
    generator = torch.Generator().manual_seed(seed)
    loss = torch.zeros((), dtype=torch.float64)
    for value, used in zip(drawn, outputs, strict=True):
        weight = torch.randn(value.shape, generator=generator, dtype=torch.float64)
        if value is drawn[2]:  # it jumps where the first Gaussian touches a pixel
            weight = weight * (drawn[1].detach() > 0.05)
        loss = loss + used * (weight * value.double()).sum()
    if not loss.requires_grad:  # the twin, when nothing is on the picture
        return [torch.zeros_like(x) for x in inputs]
    loss.backward()
    return [x.grad.double() for x in inputs]


def assert_close(got, expected, cosine, relative):
    for name, x, y in zip(ATTRIBUTES, got, expected, strict=True):
        if not y.any():
            assert not x.any(), name
            continue
        assert float((x * y).sum() / x.norm() / y.norm()) >= cosine, name
        assert float((x - y).norm() / y.norm()) <= relative, name


def test_the_twins_gradient_is_that_of_finite_differences():
    camera = orbit_camera(20, 10, size=(7, 5), distance=1.0)
    inputs = attributes(0, 3, size=0.1)

    def smooth(*values):
        colour, alpha, depth = rasterize(*values, camera, "twin")
        return colour, alpha, depth * alpha

    torch.autograd.gradcheck(smooth, inputs, eps=1e-7, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("outputs", [(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 1)])
def test_each_output_has_the_twins_gradient(outputs):
    camera = orbit_camera(-30, 15, size=(96, 64))
    got = gradients(1, 400, camera, "portable", outputs)
    expected = gradients(1, 400, camera, "twin", outputs)
    assert_close(got, expected, cosine=0.999999, relative=1e-3)


@settings(max_examples=20, deadline=None, derandomize=True)
@given(
    seed=st.integers(0, 2**31),
    n=st.integers(1, 60),
    width=st.integers(1, 70),
    height=st.integers(1, 70),
    size=st.sampled_from([1e-4, 0.02, 0.2]),
    spread=st.sampled_from([0.05, 0.4]),
    distance=st.sampled_from([0.5, 1.0]),
)
def test_small_scenes_have_the_twins_gradient(seed, n, width, height, size, spread, distance):
    camera = orbit_camera(seed % 360, 5, size=(width, height), distance=distance)
    kind = {"size": size, "spread": spread}
    got = gradients(seed, n, camera, "portable", (1, 1, 0), **kind)
    expected = gradients(seed, n, camera, "twin", (1, 1, 0), **kind)
    assert_close(got, expected, cosine=0.999, relative=0.05)


def test_two_threads_and_bands_give_the_same_bits():
    camera = orbit_camera(size=(128, 128))
    one = gradients(2, 3000, camera, "portable", renderer=ONE)
    two = gradients(2, 3000, camera, "portable", renderer=TWO)
    assert all(torch.equal(x, y) for x, y in zip(one, two, strict=True))

    splats = Splats(*(x.detach().numpy() for x in attributes(2, 3000, torch.float32)))
    by_colour = np.random.default_rng(0).normal(size=(128, 128, 3)).astype(np.float32)
    results = []
    for max_entries in (1 << 20, 500):
        rasterizer = Rasterizer(WorkerTeam(1), max_entries)
        tape = rasterizer.record(splats, camera)
        results.append(rasterizer.gradients(tape, by_colour, by_colour[..., 0].copy(), None))
    for whole, banded in zip(*results, strict=True):
        assert np.allclose(whole, banded, rtol=1e-4, atol=1e-4 * np.abs(whole).max())


def test_what_is_not_drawn_has_no_gradient():
    camera = orbit_camera(size=(64, 64))
    inputs = attributes(3, 10, torch.float32)
    with torch.no_grad():
        inputs[0][:5, 2] = 5.0  # behind the camera
        inputs[3][5] = 0.001  # too transparent
    rasterize(*inputs, camera)[0].sum().backward()
    for name, x in zip(ATTRIBUTES, inputs, strict=True):
        assert torch.isfinite(x.grad).all(), name
        assert not x.grad[:6].any(), name
        assert x.grad[6:].any() or name == "quaternions"


def test_pictures_may_wait_for_their_gradient_while_others_are_drawn():
    cameras = [orbit_camera(yaw, size=(64, 64)) for yaw in (0, 60, 120)]
    together = attributes(4, 200, torch.float32)
    sum(rasterize(*together, camera)[0].sum() for camera in cameras).backward()
    apart = attributes(4, 200, torch.float32)
    for camera in cameras:
        rasterize(*apart, camera)[0].sum().backward()
    for x, y in zip(together, apart, strict=True):
        assert torch.allclose(x.grad, y.grad, rtol=1e-4, atol=1e-5)


def test_changing_an_input_before_the_gradient_is_noticed():
    inputs = attributes(5, 10, torch.float32)
    loss = rasterize(*inputs, orbit_camera(size=(32, 32)))[0].sum()
    with torch.no_grad():
        inputs[0].add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


def test_no_gaussians_draw_nothing_and_have_empty_gradients():
    inputs = attributes(6, 0, torch.float32)
    colour, alpha, depth = rasterize(*inputs, orbit_camera(size=(32, 16)))
    assert colour.shape == (16, 32, 3)
    (colour.sum() + alpha.sum() + depth.sum()).backward()
    assert inputs[0].grad.shape == (0, 3)


def test_gradient_descent_recovers_a_colour_and_a_place():
    camera = orbit_camera(size=(48, 48), distance=1.0, target=(0.0, 0.0, 0.0))
    target = attributes(7, 1, torch.float32, spread=0.0, size=0.05)
    wanted = rasterize(*target, camera)[0].detach()
    fitted = [x.detach().clone().requires_grad_() for x in target]
    with torch.no_grad():
        fitted[0][0, 0] += 0.02
        fitted[4][:] = 0.5
    optimizer = torch.optim.Adam([fitted[0], fitted[4]], lr=0.01)
    for _ in range(80):
        optimizer.zero_grad()
        ((rasterize(*fitted, camera)[0] - wanted) ** 2).mean().backward()
        optimizer.step()
    assert torch.allclose(fitted[0][0, :2], target[0][0, :2], atol=2e-3)
    assert torch.allclose(fitted[4], target[4], atol=0.02)


def test_an_unknown_backend_is_refused():
    with pytest.raises(ValueError, match="backend"):
        rasterize(*attributes(8, 1), orbit_camera(size=(4, 4)), "opengl")
