"""Heads of the template's own points, for tests of the fit."""

import numpy as np

from inference.fitting.evidence.trust import View
from inference.fitting.solvers.blending import blend
from inference.head.gaussians import NUM_GAUSSIANS, Gaussians
from inference.head.template import HeadTemplate
from inference.rendering.camera import Camera


def round_head(template: HeadTemplate, means: np.ndarray) -> Gaussians:
    """Grey balls at [N, 3] metres, as large as the template's points are apart."""
    near = template.anchors[template.neighbours] - template.anchors[:, None]
    spacing = np.linalg.norm(near, axis=-1).mean(1)
    return Gaussians(
        means=means.astype(np.float32),
        quaternions=np.tile(np.array([1, 0, 0, 0], np.float32), (NUM_GAUSSIANS, 1)),
        scales=np.repeat(0.5 * spacing[:, None], 3, 1).astype(np.float32),
        opacities=np.full(NUM_GAUSSIANS, 0.95, np.float32),
        colours=np.full((NUM_GAUSSIANS, 3), 0.5, np.float32),
    )


def lying(template: HeadTemplate) -> np.ndarray:
    """Quaternions [N, 4] wxyz that turn the first axis along the template's normals."""
    turn = np.cross([1.0, 0.0, 0.0], template.normals)
    quaternions = np.concatenate([1 + template.normals[:, :1], turn], 1)
    quaternions /= np.maximum(np.linalg.norm(quaternions, axis=1, keepdims=True), 1e-6)
    return quaternions.astype(np.float32)


def shown(
    gaussians: Gaussians, template: HeadTemplate, labels: tuple[int, ...], camera: Camera
) -> np.ndarray:
    """[H, W] how much of each pixel anchors of such labels make."""
    own = np.isin(template.labels, labels).astype(np.float32)
    return blend(gaussians, camera).picture(own[:, None])[..., 0]


def view_of(gaussians: Gaussians, template: HeadTemplate, camera: Camera) -> View:
    """How a head lies in a photograph, all of it well inside the foreground."""
    ray = camera.position - gaussians.means
    cosine = (template.normals * ray).sum(1) / np.linalg.norm(ray, axis=1)
    return View(cosine.astype(np.float32), np.full(len(cosine), 30, np.float32))
