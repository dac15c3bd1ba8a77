"""Log shapes name an ellipsoid once, whichever quaternion and order of axes it had."""

import numpy as np
import torch
from scipy.spatial.transform import Rotation

from training.anchors.data import HeadTargets
from training.anchors.log_shape import LOG_SIZE, MIRRORED, ellipsoids, log_shape
from training.anchors.mean_splat import mean_splat


def _random(count: int) -> tuple[Rotation, np.ndarray]:
    rng = np.random.default_rng(0)
    turns = Rotation.random(count, rng=rng)
    return turns, np.sort(rng.uniform(1e-4, 5e-3, (count, 3)), axis=1)


def _six(turns: Rotation, scales: np.ndarray) -> np.ndarray:
    quaternions = np.roll(turns.as_quat(), 1, axis=1)
    return log_shape(torch.from_numpy(quaternions), torch.from_numpy(scales)).numpy()


def test_they_lead_back_to_the_same_ellipsoids():
    turns, scales = _random(50)
    quaternions, logs = ellipsoids(_six(turns, scales))
    np.testing.assert_allclose(np.exp(logs), scales, rtol=1e-9)
    found = Rotation.from_quat(np.roll(quaternions, -1, axis=1)).as_matrix()
    np.testing.assert_allclose(np.abs((found * turns.as_matrix()).sum(1)), 1, atol=1e-9)


def test_other_names_of_an_ellipsoid_give_the_same_numbers():
    turns, scales = _random(50)
    swapped = Rotation.from_matrix(turns.as_matrix()[:, :, [1, 2, 0]])
    np.testing.assert_allclose(_six(swapped, scales[:, [1, 2, 0]]), _six(turns, scales), atol=1e-9)


def test_distances_are_those_of_the_matrices():
    turns, scales = _random(2)
    matrices = turns.as_matrix() @ (np.log(scales)[..., None] * turns.inv().as_matrix())
    six = _six(turns, scales)
    np.testing.assert_allclose(
        np.linalg.norm(six[0] - six[1]), np.linalg.norm(matrices[0] - matrices[1])
    )


def test_size_and_mirror_are_what_they_say():
    turns, scales = _random(5)
    six = _six(turns, scales)
    np.testing.assert_allclose(_six(turns, 2 * scales), six + np.log(2) * LOG_SIZE, atol=1e-6)
    flip = np.diag([-1.0, 1, 1])
    mirrored = Rotation.from_matrix(flip @ turns.as_matrix() @ flip)
    np.testing.assert_allclose(_six(mirrored, scales), six * MIRRORED, atol=1e-9)


def test_the_mean_of_equal_heads_is_that_head_over_its_spacing():
    turns, scales = _random(32)
    grid = np.stack(np.meshgrid(*[np.arange(4)] * 3), -1).reshape(-1, 3)[:32] * 0.002
    head = HeadTargets(
        grid.astype(np.float16),
        np.zeros((32, 3), np.uint8),
        np.zeros(32, np.uint8),
        shapes=_six(turns, scales).astype(np.float16),
    )
    mean = mean_splat([head, head], 16)
    patches = grid.reshape(2, 16, 3)
    near = [np.sort(np.linalg.norm(p[:, None] - p, axis=2), 1)[:, 1:4].mean(1) for p in patches]
    spacing = np.concatenate(near)[:, None]
    np.testing.assert_allclose(np.exp(mean.scales) * spacing, scales, rtol=2e-2)
