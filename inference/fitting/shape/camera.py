"""The photograph's own camera, from face landmarks and the head's landmark anchors.

Perspective-n-point as robust nonlinear least squares: pose, a focal length held near that of
a head crop, and two nuisance scales (width and depth of the face) that keep an unusually
wide or flat face from being read as a turned one.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.fitting.evidence.landmark_groups import landmark_trust
from inference.fitting.solvers.robust_least_squares import minimise
from inference.head.gaussians import FloatArray
from inference.portrait.types import FaceLandmarks
from inference.rendering.camera import (
    HEAD_CENTRE,
    PORTRAIT_FOV_DEGREES,
    Camera,
    orbit_camera,
)

Points = NDArray[np.float64]

START_YAWS = (0.0, 45.0, -45.0)
"""Where the search starts, degrees; the best end wins (our choice)."""

FOCAL_SIGMA = 0.06
"""Prior of the focal length's logarithm around the crop's lens (our choice)."""

SHAPE_SIGMA = 0.05
"""Prior of the face's relative width and depth against the head's (our choice)."""

ROUNDS = 3
"""How often occlusion weights are renewed (our choice)."""


@dataclass(frozen=True)
class CameraFit:
    """The photograph's camera.

    Attributes:
        camera: at the size of the crop.
        residual_px: weighted median distance of landmarks from the projected anchors,
            pixels of the crop; 0 without landmarks.
        yaw: degrees, as orbit_camera: positive sees the person's left side.
    """

    camera: Camera
    residual_px: float
    yaw: float


def frontal_camera(size: int) -> CameraFit:
    """The camera of a head crop whose face nobody found: straight from the front."""
    return CameraFit(orbit_camera(size=(size, size)), 0.0, 0.0)


def fit_camera(landmarks: FaceLandmarks | None, means: FloatArray, size: int) -> CameraFit:
    """Find the camera that puts the landmark anchors onto the landmarks.

    Args:
        landmarks: in pixels of the crop, or None.
        means: [468, 3] the head's Gaussians at the landmark anchors, metres.
        size: edge of the crop in pixels.
    """
    if landmarks is None:
        return frontal_camera(size)
    pixels = np.asarray(landmarks.points, np.float64)
    points = np.asarray(means, np.float64)
    trust = landmark_trust()
    fits = [_solve(pixels, points, trust, size, yaw) for yaw in START_YAWS]
    solution, _ = min(fits, key=lambda fit: fit[1])
    camera = _camera(solution, size)
    errors = np.linalg.norm(camera.project(_shaped(points, solution))[0] - pixels, axis=1)
    order = np.argsort(errors)
    weight = (trust * facing_weight(points, camera))[order].cumsum()
    median = errors[order][np.searchsorted(weight, weight[-1] / 2)]
    return CameraFit(camera, float(median), camera_yaw(camera))


def camera_yaw(camera: Camera) -> float:
    """Yaw of a camera around the head in degrees, as orbit_camera counts it."""
    x, _, z = camera.position - np.asarray(HEAD_CENTRE)
    return float(np.degrees(np.arctan2(x, z)))


def facing_weight(points: Points, camera: Camera) -> Points:
    """0..1, how surely each landmark is not hidden by the face itself, [468].

    The face is taken for a ball around a point behind it, which is enough to tell the far
    cheek from the near one.
    """
    centre = points.mean(0) - np.array([0.0, 0.0, 0.045])
    normals = points - centre
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    view = camera.position - points
    view /= np.linalg.norm(view, axis=1, keepdims=True)
    ramp = np.clip(((normals * view).sum(1) + 0.05) / 0.4, 0, 1)
    return ramp * ramp * (3 - 2 * ramp)


def _camera(parameters: Points, size: int) -> Camera:
    """Camera of [rotation vector 3, translation 3, log focal offset, ...]."""
    focal = size / (2 * np.tan(np.radians(PORTRAIT_FOV_DEGREES) / 2)) * np.exp(parameters[6])
    intrinsics = np.array([[focal, 0, size / 2], [0, focal, size / 2], [0, 0, 1.0]])
    pose = np.eye(4)
    pose[:3, :3] = cv2.Rodrigues(parameters[:3])[0]
    pose[:3, 3] = parameters[3:6]
    return Camera(size, size, intrinsics, pose)


def _shaped(points: Points, parameters: Points) -> Points:
    """The points with the nuisance scales of width and depth applied, [468, 3]."""
    centre = points.mean(0)
    return (points - centre) * (1 + np.array([parameters[7], 0.0, parameters[8]])) + centre


def _start(pixels: Points, points: Points, size: int, yaw: float) -> Points:
    """A start at a yaw whose picture of the face has the landmarks' place and height."""
    camera = orbit_camera(yaw, size=(size, size))
    pose = camera.world_to_camera.copy()
    local = points @ pose[:3, :3].T + pose[:3, 3]
    centre = local.mean(0)
    focal = camera.intrinsics[0, 0]
    depth = focal * np.ptp(local[:, 1]) / max(float(np.ptp(pixels[:, 1])), 1.0)
    middle = (pixels.mean(0) - size / 2) * depth / focal
    pose[:3, 3] += np.append(middle, depth) - centre
    start = np.zeros(9)
    start[:3] = cv2.Rodrigues(pose[:3, :3])[0][:, 0]
    start[3:6] = pose[:3, 3]
    return start


def _solve(
    pixels: Points, points: Points, trust: Points, size: int, yaw: float
) -> tuple[Points, float]:
    """The robust solution from one start, and its cost (with its final weights)."""
    parameters = _start(pixels, points, size, yaw)
    face = float(np.ptp(pixels, axis=0).max())
    cost = np.inf
    for _ in range(ROUNDS):
        weight = np.sqrt(trust * facing_weight(points, _camera(parameters, size)))

        def residuals(x: Points, weight: Points = weight) -> Points:
            projected, _ = _camera(x, size).project(_shaped(points, x))
            errors = (projected - pixels) / (0.01 * face) * weight[:, None]
            priors = np.array(
                [x[6] / FOCAL_SIGMA, x[7] / SHAPE_SIGMA, x[8] / SHAPE_SIGMA]
            ) * np.sqrt(len(points) / 10)
            return np.concatenate([errors.ravel(), priors])

        parameters, cost = minimise(residuals, parameters)
        cost /= float((weight**2).sum())
    return parameters, cost
