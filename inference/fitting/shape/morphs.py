"""Identity and expression morphs of the rig that bring the landmarks onto the photograph's.

A 3D morphable model fit (Blanz and Vetter 1999, section 4) with landmarks only: Gauss-Newton
over the pose and the morphs' weights together, the latter under a normal prior. Unlike a
smooth field it can open a mouth or an eye without dragging what is near along.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

from inference.fitting.evidence.landmark_groups import BROWS, FACE_OVAL
from inference.fitting.shape.camera import facing_weight
from inference.head.gaussians import FloatArray
from inference.head.rig import Rig
from inference.head.template import LANDMARKS, HeadTemplate
from inference.portrait.types import FaceLandmarks
from inference.rendering.camera import Camera

STIFF = ("jawForward", "jawLeft", "jawRight", "eyeLook", "tongue")
"""Expressions that hardly occur in portraits, or that the mesh does not show."""


@dataclass(frozen=True)
class MorphConfig:
    """How far morphs may go; all values are our choice.

    Attributes:
        expression_sigma: prior of an expression's weight.
        stiff_sigma: the same for the jaw's side and forward moves, gaze and tongue.
        mouth_sigma: prior of the weight of a morph of the mouth; expressions go first.
        local_sigma: the same for another region.
        global_sigma: prior of the weight of a morph of sex, age, origin or build.
        noise: of a landmark, as a share of the face's size in the picture.
        oval_trust: trust of the face's rim, which is no fixed place on the skin.
        depth_noise: metres; how firmly depth stays as it is where the picture is silent.
        least_move: components that move landmarks less than this (metres, RMS at one
            standard deviation) are left out.
        iterations: of Gauss-Newton.
    """

    expression_sigma: float = 0.3
    stiff_sigma: float = 0.05
    mouth_sigma: float = 0.1
    local_sigma: float = 0.15
    global_sigma: float = 0.12
    noise: float = 0.01
    oval_trust: float = 0.3
    depth_noise: float = 0.005
    least_move: float = 3e-5
    iterations: int = 4

    def sigma(self, name: str) -> float:
        """Prior of the weight of a morph of the rig."""
        if name.split("/")[-1].startswith(STIFF):
            return self.stiff_sigma
        special = {
            "expression": self.expression_sigma,
            "mouth": self.mouth_sigma,
            "macro": self.global_sigma,
            "build": self.global_sigma,
        }
        return special.get(name.split("/")[0], self.local_sigma)


@dataclass(frozen=True)
class Morphs:
    """The rig's morphs as the fit needs them: the principal ways in which landmarks move.

    Attributes:
        rig: all morphs.
        anchors: [N, 3] the template's anchors.
        at_landmarks: [K, 468, 3] metres that each component moves the landmark anchors at
            one standard deviation, without what a similarity transform (the camera's task)
            explains.
        weights: [K, M] morph weights of each component.
        similarities: [K, 7] the similarity transforms left out, see similarity_fields.
    """

    rig: Rig
    anchors: FloatArray
    at_landmarks: NDArray[np.float64]
    weights: NDArray[np.float64]
    similarities: NDArray[np.float64]

    @classmethod
    def of(cls, rig: Rig, template: HeadTemplate, config: MorphConfig) -> "Morphs":
        """Prepare a rig; it must move the template's own points."""
        sigmas = np.array([config.sigma(name) for name in rig.names])
        rows = rig.matrix[template.landmark_anchors]
        vertices = np.flatnonzero(np.diff(rows.tocsc().indptr))
        deltas = rig.deltas[:, vertices] * (rig.scales * sigmas)[:, None, None]
        moves = rows[:, vertices] @ deltas.transpose(1, 2, 0).reshape(len(vertices), -1)
        flat = moves.reshape(-1, len(rig.names)).astype(np.float64)
        fields = similarity_fields(template.anchors[template.landmark_anchors])
        fields = fields.reshape(len(fields), -1).T
        similarities = np.linalg.lstsq(fields, flat, rcond=None)[0]
        rest = flat - fields @ similarities
        variances, components = np.linalg.eigh(rest.T @ rest)
        kept = variances > LANDMARKS * config.least_move**2
        mixing = components[:, kept].T
        return cls(
            rig,
            template.anchors,
            (mixing @ rest.T).reshape(len(mixing), LANDMARKS, 3),
            mixing * sigmas,
            mixing @ similarities.T,
        )

    def moves(self, deviations: NDArray[np.float64]) -> FloatArray:
        """How far every anchor moves at standard deviations [K], [N, 3] metres."""
        step = ((deviations @ self.weights) * self.rig.scales).astype(np.float32)
        vertices = np.zeros((self.rig.deltas.shape[1], 3), np.float32)
        for weight, delta in zip(step, self.rig.deltas, strict=True):
            vertices += weight * delta
        similar = np.tensordot(deviations @ self.similarities, similarity_fields(self.anchors), 1)
        return np.asarray(self.rig.matrix @ vertices - similar, np.float32)


def similarity_fields(points: FloatArray) -> NDArray[np.float64]:
    """Moves [7, N, 3] of points [N, 3] under shifts, turns and growth about the mid-eye."""
    centred = points.astype(np.float64) - [0.0, 0.03, 0.05]
    shifts = np.broadcast_to(np.eye(3)[:, None], (3, *centred.shape))
    turns = np.stack([np.cross(axis, centred) for axis in np.eye(3)])
    return np.concatenate([shifts, turns, centred[None]])


def fit_morphs(
    landmarks: FaceLandmarks,
    means: FloatArray,  # [468, 3]
    camera: Camera,
    morphs: Morphs,
    config: MorphConfig,
) -> tuple[Camera, NDArray[np.float64]]:
    """The camera, moved a little, and the components' deviations [K] that explain the landmarks.

    Args:
        landmarks: pixels at the camera's size.
        means: the head's Gaussians at the landmark anchors, metres.
        camera: a good start.
        morphs: what may move.
        config: priors.
    """
    deviations = np.zeros(len(morphs.at_landmarks))
    start = means.astype(np.float64)
    noise = config.noise * float(np.ptp(landmarks.points, axis=0).max())
    trust = np.ones(len(start))
    trust[list(FACE_OVAL)] = config.oval_trust
    trust[list(BROWS)] = 0.5
    for _ in range(config.iterations):
        points = start + np.tensordot(deviations, morphs.at_landmarks, 1)
        local = points @ camera.world_to_camera[:3, :3].T + camera.world_to_camera[:3, 3]
        focal = camera.intrinsics[0, 0]
        flat = local[:, :2] / local[:, 2:]
        error = landmarks.points - camera.intrinsics[:2, 2] - focal * flat
        huber = np.minimum(1, 2.5 * noise / np.maximum(np.linalg.norm(error, axis=1), 1e-9))
        root = np.sqrt(trust * facing_weight(points, camera) * huber)[:, None] / noise

        def seen(
            moved: NDArray[np.float64], flat: NDArray[np.float64] = flat, z: float = 1.0
        ) -> NDArray[np.float64]:
            """Pixels [..., 468, 2] by which camera-space moves [..., 468, 3] shift points."""
            depth = local[:, 2:]  # noqa: B023 - called within this turn only
            return focal / depth * (moved[..., :2] - flat * moved[..., 2:])  # noqa: B023

        turn = np.stack([np.cross(axis, local) for axis in np.eye(3)])
        shift = np.broadcast_to(np.eye(3)[:, None], (3, *local.shape))
        morph = morphs.at_landmarks @ camera.world_to_camera[:3, :3].T
        jacobian = np.concatenate([seen(turn), seen(shift), seen(morph)]) * root
        matrix = jacobian.reshape(len(jacobian), -1)
        deep = morph[..., 2] / config.depth_noise  # [K, 468]
        normal = matrix @ matrix.T
        normal[np.diag_indices_from(normal)] += np.r_[np.full(6, 1e-9), np.ones(len(deviations))]
        right = matrix @ (error * root).ravel()
        normal[6:, 6:] += deep @ deep.T
        right[6:] -= deviations + deep @ (deep.T @ deviations)
        step = cho_solve(cho_factor(normal), right)
        deviations = deviations + step[6:]
        pose = np.eye(4)
        pose[:3, :3] = cv2.Rodrigues(step[:3])[0]
        pose[:3, 3] = step[3:6]
        camera = replace(camera, world_to_camera=pose @ camera.world_to_camera)
    return camera, deviations
