"""Hair rises from the face; where the photograph shows a forehead, the scalp is one."""

from dataclasses import replace

import numpy as np
import pytest

from inference.fitting.evidence.kinds import FACE, HAIR_LABELS, Kinds, skin_on
from inference.fitting.hair.hairline import bare_scalp, lay_down
from inference.head.gaussians import NUM_GAUSSIANS, Gaussians
from inference.head.template import HeadTemplate
from inference.rendering.camera import orbit_camera
from tests.unit.template_heads import lying

LIFT = 0.01
CAMERA = orbit_camera(size=(64, 64))
ALL_HAIR = np.ones((64, 64), np.float32)


@pytest.fixture(scope="module")
def shell(template: HeadTemplate) -> Gaussians:
    """A head whose hair stands 1 cm above its scalp, of flat Gaussians along the surface."""
    hair = np.isin(template.labels, HAIR_LABELS)
    up = np.where(hair[:, None], LIFT * template.normals, 0).astype(np.float32)
    return Gaussians(
        means=template.anchors + up,
        quaternions=lying(template),
        scales=np.tile(np.array([1e-4, 2e-3, 2e-3], np.float32), (NUM_GAUSSIANS, 1)),
        opacities=np.full(NUM_GAUSSIANS, 0.9, np.float32),
        colours=np.full((NUM_GAUSSIANS, 3), 0.5, np.float32),
    )


def lifts(gaussians: Gaussians, template: HeadTemplate) -> np.ndarray:
    return ((gaussians.means - template.anchors) * template.normals).sum(1)


def hairline(template: HeadTemplate) -> np.ndarray:
    """Anchors of the hair beside the face."""
    hair = np.isin(template.labels, HAIR_LABELS) & (template.anchors[:, 2] > 0.03)
    return hair & (template.labels[template.neighbours] == FACE).any(1)


@pytest.mark.parametrize("hair", [None, ALL_HAIR])
def test_hair_begins_on_the_face_and_keeps_its_volume_behind(
    shell: Gaussians, template: HeadTemplate, hair: np.ndarray | None
) -> None:
    lift = lifts(lay_down(shell, template, CAMERA, hair), template)
    scalp = np.isin(template.labels, HAIR_LABELS)
    assert np.abs(lift[hairline(template)]).max() < 0.2 * LIFT
    assert np.allclose(lift[scalp & (template.anchors[:, 2] < -0.03)], LIFT, atol=1e-5)
    assert np.allclose(lift[~scalp], 0, atol=1e-6)


def test_no_step_is_left_between_neighbours(shell: Gaussians, template: HeadTemplate) -> None:
    front = template.anchors[:, 2] > 0.03

    def steepest(gaussians: Gaussians) -> float:
        lift = lifts(gaussians, template)
        return float(np.abs(lift[template.neighbours] - lift[:, None])[front].max())

    after = steepest(lay_down(shell, template, CAMERA, ALL_HAIR))
    assert after < 0.5 * steepest(shell)


def test_scalp_that_shows_skin_lies_on_the_skin(shell: Gaussians, template: HeadTemplate) -> None:
    edge = template.anchors[hairline(template)]
    high = edge[:, 1].max() + 0.015
    pixels, _ = CAMERA.project(np.array([[0.0, high, 0.05]]))
    forehead = ALL_HAIR.copy()
    forehead[int(pixels[0, 1]) :] = 0
    scalp = np.isin(template.labels, HAIR_LABELS) & (np.abs(template.anchors[:, 0]) < 0.02)
    bare = scalp & (template.anchors[:, 2] > 0.04) & (template.anchors[:, 1] < high - 0.006)
    assert bare.sum() > 20
    before, after = (
        lifts(lay_down(shell, template, CAMERA, hair), template)[bare]
        for hair in (ALL_HAIR, forehead)
    )
    assert np.abs(after).max() < 0.2 * LIFT < np.abs(before).max()


def test_flat_gaussians_lie_along_the_new_slope(shell: Gaussians, template: HeadTemplate) -> None:
    laid = lay_down(shell, template, CAMERA, None)
    w, x, y, z = laid.quaternions.T
    thin = np.stack([1 - 2 * (y * y + z * z), 2 * (x * y + w * z), 2 * (x * z - w * y)], 1)
    slope = hairline(template)
    beside = template.neighbours[slope]
    around = laid.means[beside] - laid.means[slope][:, None]

    def height(axes: np.ndarray) -> float:
        """RMS of the neighbours' distances from the planes of Gaussians."""
        return float(np.sqrt(((around * axes[slope][:, None]).sum(2) ** 2).mean()))

    assert height(thin) < 0.7 * height(template.normals)


def test_a_head_without_a_step_stays(shell: Gaussians, template: HeadTemplate) -> None:
    smooth = replace(shell, means=template.anchors)
    laid = lay_down(smooth, template, CAMERA, None)
    assert np.allclose(laid.means, smooth.means, atol=1e-6)
    alike = np.abs((laid.quaternions * smooth.quaternions).sum(1))
    assert (alike > 0.99).mean() > 0.99


def map_of_hair(from_height: float) -> np.ndarray:
    """A face map with hair below a height alone."""
    row = int(CAMERA.project(np.array([[0, from_height, 0.05]]))[0][0, 1])
    hair = np.zeros((64, 64), np.float32)
    hair[row:] = 1
    return hair


def test_bare_on_top_and_hair_at_the_sides(shell: Gaussians, template: HeadTemplate) -> None:
    bare = bare_scalp(shell, template, CAMERA, map_of_hair(0.08))
    scalp = np.isin(template.labels, HAIR_LABELS)
    x, y, z = template.anchors.T
    assert bare[scalp & (y > 0.11) & (z > 0.03)].mean() > 0.95
    assert bare[scalp & (y < 0.05) & (x < -0.05) & (z > 0.0)].mean() < 0.1
    assert not bare[scalp & (z < -0.05)].any()  # the back is not seen, and has hair
    assert not bare[~scalp].any()


def test_who_has_no_hair_in_sight_has_none(shell: Gaussians, template: HeadTemplate) -> None:
    bare = bare_scalp(shell, template, CAMERA, 0 * ALL_HAIR)
    assert np.array_equal(bare, np.isin(template.labels, HAIR_LABELS))
    assert not bare_scalp(shell, template, CAMERA, ALL_HAIR).any()


def test_a_bald_scalp_is_skin(template: HeadTemplate) -> None:
    scalp = np.isin(template.labels, HAIR_LABELS)
    colours = np.where(scalp[:, None], [0.1, 0.1, 0.1], [0.8, 0.6, 0.5]).astype(np.float32)
    bald = scalp & (template.anchors[:, 1] > 0.1)
    kinds = Kinds.of(template, colours, bald=bald)
    assert (kinds.labels[bald] == FACE).all()
    assert (kinds.labels[scalp & ~bald] == template.labels[scalp & ~bald]).all()
    shown = skin_on(bald, colours, template)
    np.testing.assert_allclose(shown[bald], np.tile([0.8, 0.6, 0.5], (bald.sum(), 1)), atol=1e-6)
    assert np.array_equal(shown[~bald], colours[~bald])
