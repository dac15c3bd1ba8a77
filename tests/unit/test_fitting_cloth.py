"""Shoulders that the fit moves stay a closed, smooth surface."""

import numpy as np

from inference.fitting.evidence.kinds import NECK
from inference.fitting.fit import fit_head
from inference.fitting.shape.geometry import ShapeConfig, without_holes
from inference.fitting.solvers.blending import blend
from inference.head.gaussians import NUM_GAUSSIANS, Gaussians
from inference.head.template import HeadTemplate
from inference.portrait.types import CropBox, FaceLandmarks, PreparedPortrait
from inference.rendering.camera import orbit_camera
from tests.unit.template_heads import lying


def discs(template: HeadTemplate, anchors: np.ndarray) -> Gaussians:
    """A head of flat discs that lie in the template's surface."""
    near = anchors[template.neighbours] - anchors[:, None]
    wide = 0.5 * np.linalg.norm(near, axis=-1).mean(1)
    return Gaussians(
        means=anchors.astype(np.float32),
        quaternions=lying(template),
        scales=np.stack([0.1 * wide, wide, wide], 1).astype(np.float32),
        opacities=np.full(NUM_GAUSSIANS, 0.9, np.float32),
        colours=np.full((NUM_GAUSSIANS, 3), 0.5, np.float32),
    )


def thin_axes(gaussians: Gaussians) -> np.ndarray:
    """[N, 3] the first axis of each, which is the thin one."""
    w, x, y, z = gaussians.quaternions.T
    return np.stack([1 - 2 * (y * y + z * z), 2 * (x * y + w * z), 2 * (x * z - w * y)], 1)


def surface_normals(points: np.ndarray, template: HeadTemplate) -> np.ndarray:
    """[N, 3] of planes through points and their neighbours."""
    near = np.concatenate([points[:, None], points[template.neighbours]], 1)
    near = near - near.mean(1, keepdims=True)
    return np.linalg.eigh(np.einsum("nki,nkj->nij", near, near))[1][..., 0]


def test_discs_of_shoulders_turn_with_them(template: HeadTemplate) -> None:
    size = 192
    camera = orbit_camera(size=(size, size))
    slope = 0.5 * np.clip(np.abs(template.anchors[:, :1]) - 0.05, 0, None)
    dressed = template.labels == NECK
    drop = np.where(dressed[:, None], slope * [0.0, -1.0, 0.0], 0)
    drawn = blend(discs(template, template.anchors + drop), camera)  # sloping shoulders
    points, _ = camera.project(template.anchors[template.landmark_anchors].astype(np.float64))
    portrait = PreparedPortrait(
        np.full((size, size, 3), 0.5, np.float32),
        drawn.alpha,
        FaceLandmarks(points, 1.0),
        CropBox(size / 2, size / 2, size),
    )
    before = discs(template, template.anchors)
    fitted = fit_head(before, portrait, template).gaussians
    moved = dressed & (np.linalg.norm(fitted.means - before.means, axis=1) > 0.008)
    assert moved.sum() > 300
    normals = surface_normals(fitted.means, template)

    def tilt(gaussians: Gaussians) -> float:
        cosine = np.abs((thin_axes(gaussians) * normals).sum(1))[moved]
        return float(np.degrees(np.arccos(np.clip(cosine, 0, 1))).mean())

    assert tilt(fitted) < 0.7 * tilt(before)


def test_cloth_has_no_gaps_however_far_it_is_stretched(template: HeadTemplate) -> None:
    config = ShapeConfig()
    dressed = template.labels == NECK
    before = discs(template, template.anchors)
    wide = discs(template, template.anchors * np.float32(6))
    stretched = Gaussians(
        wide.means, before.quaternions, before.scales, before.opacities, before.colours
    )
    result = without_holes(stretched, before.means, template.neighbours, dressed, config)
    near = wide.means[template.neighbours] - wide.means[:, None]
    spacing = np.sqrt((np.linalg.norm(near, axis=-1) ** 2).mean(1))
    share = np.median(result.scales, axis=1) / spacing
    assert share[dressed].min() > 0.99 * config.cloth_coverage
    hair = template.labels == 14
    assert np.median(share[hair]) < config.cloth_coverage
