"""Bringing a data set's cameras into the head template's world.

Each data set has a world and a unit of its own. Face landmarks seen by several calibrated cameras
are triangulated; the similarity that lays them onto the template's landmark anchors moves the
cameras. The face so gets the template's size, as the application assumes of every photograph.
Minimising the distances in the pictures instead was tried: it bends scale to hide that people
are not shaped like the template.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.fitting.evidence.landmark_groups import landmark_trust
from inference.fitting.shape.camera import facing_weight
from inference.rendering.camera import Camera
from training.data.errors import BrokenSampleError

Points = NDArray[np.float64]

MIN_ANGLE = 10.0
"""Degrees between the directions of two cameras, at least, for depth to be trusted (our choice)."""

EXPECTED_ERROR = 0.015
"""Of a landmark, as a share of the face's size in the picture (our choice)."""

MAX_RESIDUAL = 0.055
"""Median over the views of how far landmarks lie from the template's, as a share of the face's
size, above which the calibration is not believed (our choice: 0.02 to 0.035 where it is right,
because people differ from the template; 0.08 and more where cameras were swapped)."""

ROUNDS = 8
"""How often the weights of doubtful observations are renewed (our choice)."""


@dataclass(frozen=True)
class Similarity:
    """x -> scale * rotation @ x + shift.

    Attributes:
        scale: template metres per unit of the data set's world.
        rotation: [3, 3].
        shift: [3] metres.
    """

    scale: float
    rotation: Points
    shift: Points

    def apply(self, points: Points) -> Points:
        """Points [N, 3] in the new world."""
        return self.scale * points @ self.rotation.T + self.shift

    def move(self, camera: Camera) -> Camera:
        """The camera that sees the moved points where the given one saw the old ones."""
        pose = np.eye(4)
        turn = camera.world_to_camera[:3, :3] @ self.rotation.T
        pose[:3, :3] = turn
        pose[:3, 3] = self.scale * camera.world_to_camera[:3, 3] - turn @ self.shift
        return Camera(camera.width, camera.height, camera.intrinsics, pose)


@dataclass(frozen=True)
class Observation:
    """One calibrated camera's landmarks.

    Attributes:
        camera: in the data set's world.
        landmarks: [468, 2] pixels of the camera's picture.
    """

    camera: Camera
    landmarks: Points

    @property
    def face_size(self) -> float:
        """Longer side of the landmarks' box in pixels."""
        return max(float(np.ptp(self.landmarks, axis=0).max()), 1.0)


def align_to_template(observations: Sequence[Observation], anchors: Points) -> Similarity:
    """From the data set's world to the template's.

    Args:
        observations: what the cameras saw; those without a face are left out.
        anchors: [468, 3] the template's landmark anchors, metres.

    Raises:
        BrokenSampleError: too few cameras saw the face, or the calibration contradicts them.
    """
    if len(observations) < 2 or _widest_angle(observations) < MIN_ANGLE:
        raise BrokenSampleError(
            f"{len(observations)} calibrated views from nearly the same side show a face: "
            "two different ones are needed."
            if observations
            else "No view shows a face."
        )
    points, weights = triangulate(observations)
    similarity = fit_similarity(points, anchors, weights * landmark_trust())
    residual = float(np.median([_residual(similarity, seen, anchors) for seen in observations]))
    if not residual <= MAX_RESIDUAL:
        raise BrokenSampleError(
            f"The calibration contradicts the faces (by {residual:.2f} of their size)."
        )
    return similarity


def triangulate(observations: Sequence[Observation]) -> tuple[Points, Points]:
    """Landmarks in the data set's world by robust linear triangulation.

    Hartley and Zisserman, "Multiple View Geometry", section 12.2, with observations that
    disagree reweighted down: landmarks on the far side of a face are guesses.

    Returns:
        Points [468, 3], and how well their observations agree, 0..1, [468].
    """
    centre, unit = _camera_frame([seen.camera for seen in observations])
    rows, sizes, rays = [], [], []
    for seen in observations:
        pose = seen.camera.world_to_camera
        # The world in the cameras' own frame, so that the equations are well conditioned.
        projection = np.column_stack([pose[:3, :3], (pose[:3, :3] @ centre + pose[:3, 3]) / unit])
        ones = np.ones((len(seen.landmarks), 1))
        ray = np.hstack([seen.landmarks, ones]) @ np.linalg.inv(seen.camera.intrinsics).T
        ray = ray[:, :2] / ray[:, 2:]
        rows.append(ray[..., None] * projection[2] - projection[:2])  # [468, 2, 4]
        rays.append((projection, ray))
        sizes.append(seen.face_size / float(np.sqrt(abs(np.linalg.det(seen.camera.intrinsics)))))
    equations = np.stack(rows, 1)  # [468, V, 2, 4]
    scale = np.array(sizes) * EXPECTED_ERROR
    weights = np.ones(equations.shape[:2])
    for _ in range(ROUNDS):
        weighted = equations * (weights / scale)[..., None, None]
        found = np.linalg.svd(weighted.reshape(len(equations), -1, 4))[2][:, -1]
        points = found[:, :3] / np.where(np.abs(found[:, 3:]) < 1e-12, 1e-12, found[:, 3:])
        errors = np.stack([np.linalg.norm(_seen_at(points, p) - ray, axis=1) for p, ray in rays], 1)
        weights = 1 / (1 + (errors / scale) ** 2)  # Cauchy's, as square root weights
    best = np.sort(weights, axis=1)[:, -2:].mean(1)
    return points * unit + centre, best


def fit_similarity(source: Points, target: Points, weights: Points) -> Similarity:
    """The similarity that moves points [N, 3] onto others best, outliers weighted down.

    Umeyama, "Least-Squares Estimation of Transformation Parameters Between Two Point
    Patterns", 1991.
    """
    robust = np.ones(len(source))
    for _ in range(ROUNDS):
        w = weights * robust
        w = w / w.sum()
        from_centre, to_centre = w @ source, w @ target
        a, b = source - from_centre, target - to_centre
        u, singular, vt = np.linalg.svd((b * w[:, None]).T @ a)
        sign = np.array([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
        rotation = (u * sign) @ vt
        scale = float((singular * sign).sum() / max(float((w @ (a * a)).sum()), 1e-30))
        found = Similarity(scale, rotation, to_centre - scale * rotation @ from_centre)
        errors = np.linalg.norm(found.apply(source) - target, axis=1)
        robust = 1 / (1 + (errors / max(float(np.median(errors)), 1e-9) / 2) ** 2)
    return found


def _residual(similarity: Similarity, seen: Observation, anchors: Points) -> float:
    """Weighted median distance of a view's landmarks, as a share of the face's size."""
    camera = similarity.move(seen.camera)
    pixels, depth = camera.project(anchors)
    if depth.min() <= 0:
        return float("inf")
    weight = landmark_trust() * facing_weight(anchors, camera)
    errors = np.linalg.norm(pixels - seen.landmarks, axis=1)
    order = np.argsort(errors)
    total = weight[order].cumsum()
    return float(errors[order][np.searchsorted(total, total[-1] / 2)]) / seen.face_size


def _widest_angle(observations: Sequence[Observation]) -> float:
    """Degrees between the two most different directions from which the face is seen."""
    rays = []
    for seen in observations:
        pixel = np.append(seen.landmarks.mean(0), 1.0)
        ray = seen.camera.world_to_camera[:3, :3].T @ np.linalg.solve(seen.camera.intrinsics, pixel)
        rays.append(ray / np.linalg.norm(ray))
    cosines = np.array(rays) @ np.array(rays).T
    return float(np.degrees(np.arccos(cosines.min().clip(-1, 1))))


def _camera_frame(cameras: Sequence[Camera]) -> tuple[Points, float]:
    """Middle of the cameras, and a length of the order of their distances."""
    positions = np.stack([camera.position for camera in cameras])
    centre = positions.mean(0)
    return centre, max(float(np.linalg.norm(positions - centre, axis=1).max()), 1e-12)


def _seen_at(points: Points, projection: Points) -> Points:
    """Points [N, 3] on the plane at depth 1 of a camera [3, 4], [N, 2]."""
    local = points @ projection[:, :3].T + projection[:, 3]
    depth = np.where(np.abs(local[:, 2:]) < 1e-9, 1e-9, local[:, 2:])
    return local[:, :2] / depth
