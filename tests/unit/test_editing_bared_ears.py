"""Ears come out where hair was painted away."""

from dataclasses import replace

import numpy as np
import pytest

from inference.editing.bared_ears import with_bared_ears
from inference.editing.identity import ShapedHead
from inference.editing.kinds import HAIR, SKIN
from inference.face_map.labels import Label
from inference.fitting.shape.covered_ears import lay_ears_down
from inference.head.gaussians import NUM_GAUSSIANS
from inference.rendering.camera import orbit_camera
from tests.unit.grey_portrait import SIZE

CAMERA = orbit_camera(size=(SIZE, SIZE))
MODEL, PERSON, STRANDS = 0.4, 0.7, 0.1  # tones of the model's skin, the person's, their hair


@pytest.fixture(scope="module")
def before(template):
    kinds = np.where(template.labels == Label.HAIR, HAIR, SKIN)
    return ShapedHead(template.anchors.copy(), np.full((NUM_GAUSSIANS, 3), MODEL), kinds)


@pytest.fixture(scope="module")
def ears(template):
    return np.isin(template.labels, (Label.RIGHT_EAR, Label.LEFT_EAR))


@pytest.fixture(scope="module")
def fitted(template, before, ears):
    """Somebody whose ears lie under hair and have its colour, and who sits 1 cm to the side."""
    laid = lay_ears_down(before.splats(template.neighbours), ears, template)
    colours = np.where((ears | (before.kinds == HAIR))[:, None], STRANDS, PERSON)
    means = laid.means + np.array([0.01, 0, 0], np.float32)
    return replace(laid, means=means, colours=np.repeat(colours, 3, 1).astype(np.float32))


def long_hair():
    labels = np.full((SIZE, SIZE), Label.HAIR, np.uint8)
    labels[:, 180:330] = Label.FACE
    return labels


def test_both_ears_stand_out_again_in_the_persons_skin(template, before, fitted, ears):
    cut = long_hair()
    cut[cut == Label.HAIR] = Label.BACKGROUND
    bared = with_bared_ears(fitted, before, template, cut, long_hair(), CAMERA)
    np.testing.assert_allclose(bared.means[ears], before.means[ears] + [0.01, 0, 0], atol=1e-5)
    np.testing.assert_allclose(bared.colours[ears], PERSON, atol=1e-5)
    standing = before.splats(template.neighbours)
    np.testing.assert_array_equal(bared.scales[ears], standing.scales[ears])
    np.testing.assert_array_equal(bared.means[~ears], fitted.means[~ears])
    np.testing.assert_array_equal(bared.colours[~ears], fitted.colours[~ears])


def test_the_ear_of_one_side_alone(template, before, fitted):
    cut = long_hair()
    cut[:, :180] = Label.BACKGROUND  # the person's right is on the left
    bared = with_bared_ears(fitted, before, template, cut, long_hair(), CAMERA)
    right, left = template.labels == Label.RIGHT_EAR, template.labels == Label.LEFT_EAR
    assert np.linalg.norm(bared.means[right] - fitted.means[right], axis=1).mean() > 0.003
    np.testing.assert_array_equal(bared.means[left], fitted.means[left])


def test_under_other_hair_they_stay_covered(template, before, fitted):
    assert with_bared_ears(fitted, before, template, long_hair(), long_hair(), CAMERA) is fitted
    more = np.full((SIZE, SIZE), Label.HAIR, np.uint8)
    assert with_bared_ears(fitted, before, template, more, long_hair(), CAMERA) is fitted
