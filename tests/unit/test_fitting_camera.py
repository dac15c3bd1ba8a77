"""The photograph's camera is found from landmarks, also of turned heads and bad landmarks."""

import numpy as np
import pytest

from inference.fitting.evidence.landmark_groups import FACE_OVAL, LIPS
from inference.fitting.shape.camera import camera_yaw, fit_camera
from inference.portrait.types import FaceLandmarks
from inference.rendering.camera import orbit_camera

SIZE = 512


def face_points(seed: int = 0) -> np.ndarray:
    """468 points on a half ellipsoid the size of a face, nose and all."""
    rng = np.random.default_rng(seed)
    angle = rng.uniform(-1.25, 1.25, 468)
    height = rng.uniform(-0.07, 0.06, 468)
    rim = np.sqrt(1 - (height / 0.11) ** 2)
    points = np.stack(
        [0.075 * rim * np.sin(angle), height, 0.09 * rim * np.cos(angle) - 0.03], axis=1
    )
    nose = np.exp(-(points[:, 0] ** 2 + points[:, 1] ** 2) / (2 * 0.012**2))
    points[:, 2] += 0.025 * nose
    return points


@pytest.mark.parametrize("yaw", [-60, -35, 0, 20, 60])
def test_exact_landmarks_give_the_camera(yaw: int) -> None:
    points = face_points()
    truth = orbit_camera(yaw, 8, size=(SIZE, SIZE))
    fit = fit_camera(FaceLandmarks(truth.project(points)[0], 1.0), points, SIZE)
    assert abs(fit.yaw - yaw) < 0.5
    assert fit.residual_px < 0.3
    error = fit.camera.project(points)[0] - truth.project(points)[0]
    assert np.abs(error).max() < 1.0


@pytest.mark.parametrize("yaw", [-60, 0, 40, 60])
def test_wrong_landmarks_and_another_shape_cost_only_few_degrees(yaw: int) -> None:
    rng = np.random.default_rng(yaw + 100)
    points = face_points()
    truth = orbit_camera(yaw, 5, size=(SIZE, SIZE))
    person = points * [1.06, 1.0, 0.95] + rng.normal(0, 0.0015, points.shape)
    pixels = truth.project(person)[0]
    pixels[list(LIPS)] += [0, 9]  # an open mouth
    pixels[list(FACE_OVAL)] += rng.normal(0, 6, (len(FACE_OVAL), 2))
    bad = rng.choice(468, 30, replace=False)
    pixels[bad] += rng.normal(0, 60, (30, 2))
    fit = fit_camera(FaceLandmarks(pixels, 1.0), points, SIZE)
    assert abs(fit.yaw - yaw) < 4
    pitch = np.degrees(np.arcsin((fit.camera.position - truth.position)[1] / 1.05))
    assert abs(pitch) < 4


def test_another_lens_is_followed_only_a_little() -> None:
    points = face_points()
    truth = orbit_camera(15, 0, fov_degrees=30, size=(SIZE, SIZE))
    fit = fit_camera(FaceLandmarks(truth.project(points)[0], 1.0), points, SIZE)
    assert abs(fit.yaw - 15) < 3
    assert 20 < fit.camera.fov_degrees < 30


def test_without_landmarks_it_is_the_frontal_portrait_camera() -> None:
    fit = fit_camera(None, face_points(), 256)
    assert fit.camera.width == 256
    assert camera_yaw(fit.camera) == pytest.approx(0)
    assert np.allclose(fit.camera.world_to_camera, orbit_camera(size=(256, 256)).world_to_camera)
