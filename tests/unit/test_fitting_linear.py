"""The picture as a linear map, its least-squares colours, and smooth moves."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from inference.fitting.solvers.blending import blend
from inference.fitting.solvers.conjugate_gradients import solve
from inference.fitting.solvers.smooth_field import Kernel, fit_field
from inference.fitting.solvers.sparse_product import SMALL, times
from inference.head.gaussians import Gaussians
from inference.progress import Cancelled, CancelToken
from inference.rendering.camera import orbit_camera
from inference.rendering.torch_twin import rasterize_twin


def random_gaussians(count: int, seed: int) -> Gaussians:
    rng = np.random.default_rng(seed)
    quaternions = rng.normal(size=(count, 4))
    return Gaussians(
        rng.normal(0, 0.07, (count, 3)),
        quaternions / np.linalg.norm(quaternions, axis=1, keepdims=True),
        np.exp(rng.normal(-5, 0.5, (count, 3))),
        rng.uniform(0.05, 1, count),
        rng.uniform(0, 1, (count, 3)),
    )


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 1000), yaw=st.integers(-180, 180))
def test_picture_is_what_the_renderers_draw(seed: int, yaw: int) -> None:
    gaussians = random_gaussians(600, seed)
    camera = orbit_camera(yaw, 10, size=(72, 56))
    blending = blend(gaussians, camera)
    tensors = [
        torch.from_numpy(getattr(gaussians, name)).double()
        for name in ("means", "quaternions", "scales", "opacities", "colours")
    ]
    colour, alpha, _ = rasterize_twin(*tensors, camera)
    error = np.abs(blending.picture(gaussians.colours) - colour.numpy())
    assert error.mean() < 1e-5
    assert np.quantile(error, 0.999) < 2e-3
    assert np.abs(blending.alpha - alpha.numpy()).mean() < 1e-5


def test_two_pictures_do_not_disturb_each_other() -> None:
    first, second = random_gaussians(400, 1), random_gaussians(400, 2)
    camera = orbit_camera(0, 0, size=(64, 64))
    before = blend(first, camera).picture(first.colours)
    blend(second, camera)
    assert np.array_equal(before, blend(first, camera).picture(first.colours))


def test_conjugate_gradients_solve_each_column() -> None:
    rng = np.random.default_rng(0)
    root = rng.normal(size=(40, 40))
    matrix = (root @ root.T + 5 * np.eye(40)).astype(np.float32)
    truth = rng.normal(size=(40, 3)).astype(np.float32)
    truth[:, 1] = 0
    found = solve(
        lambda x: matrix @ x,
        matrix @ truth,
        np.zeros_like(truth),
        np.diagonal(matrix),
        100,
        CancelToken(),
    )
    assert np.abs(found - truth).max() < 1e-3


def test_conjugate_gradients_stop_when_asked() -> None:
    token = CancelToken()
    token.cancel()
    ones = np.ones((4, 3), np.float32)
    with pytest.raises(Cancelled):
        solve(lambda x: 2 * x, ones, 0 * ones, 2 * ones[:, 0], 10, token)


def test_field_meets_its_points_and_is_smooth() -> None:
    rng = np.random.default_rng(3)
    points = rng.uniform(-0.08, 0.08, (60, 3))
    wanted = 0.01 * np.stack([np.sin(20 * points[:, 1]), points[:, 0] * 5, points[:, 2] * 0], 1)
    kernel = Kernel((0.16, 0.05), (0.7, 0.3))
    field = fit_field(points, wanted, np.ones(60), kernel, 1e-3)
    assert np.abs(field.at(points.astype(np.float32)) - wanted).max() < 1e-3
    somewhere = rng.uniform(-0.08, 0.08, (500, 3)).astype(np.float32)
    beside = somewhere + rng.normal(0, 0.0015 / np.sqrt(3), (500, 3)).astype(np.float32)
    tear = np.linalg.norm(field.at(somewhere) - field.at(beside), axis=1)
    assert tear.max() < 0.0015  # neighbours 1.5 mm apart stay neighbours
    far = np.array([[0, 0, 1.0]], np.float32)
    assert np.abs(field.at(far)).max() == 0


def test_untrusted_points_are_not_followed() -> None:
    points = np.array([[0, 0, 0], [0.01, 0, 0]], np.float64)
    wanted = np.array([[0.005, 0, 0], [-0.05, 0, 0]])
    field = fit_field(points, wanted, np.array([1.0, 1e-4]), Kernel((0.1,), (1.0,)), 0.01)
    assert np.abs(field.at(points.astype(np.float32))[0] - wanted[0]).max() < 1e-3


@pytest.mark.parametrize("shape", [(7, 5), (40_000, 900)])
def test_products_are_scipys(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(5)
    rows, columns = shape
    entries = 30 * rows  # the larger one is shared out to threads
    places = rng.integers(0, rows // 2, entries), rng.integers(0, columns, entries)
    weights = rng.normal(size=entries).astype(np.float32)
    matrix = csr_matrix((weights, places), shape=shape)  # the second half of the rows is empty
    values = rng.normal(size=(columns, 3)).astype(np.float32)
    assert (matrix.nnz > SMALL) == (rows > 7)
    assert np.abs(times(matrix, values) - matrix @ values).max() < 1e-3


def test_products_refuse_what_does_not_fit() -> None:
    with pytest.raises(ValueError, match="does not go with"):
        times(csr_matrix((4, 5), dtype=np.float32), np.zeros((4, 3), np.float32))
