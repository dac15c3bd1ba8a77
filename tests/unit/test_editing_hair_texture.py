"""Hair is straight, wavy or curly, the same at the same place every time."""

import numpy as np
import pytest

from inference.editing.hair_texture import HairKind, texture_hair
from inference.editing.kinds import HAIR, SKIN

STRAIGHT, WAVY, CURLY = HairKind(0, 0), HairKind(0, 1), HairKind(1, 0)
TONE = 0.4


@pytest.fixture(scope="module")
def hair(template):
    return template.anchors[:, 1] > 0.06


def textured(template, hair, kind):
    means = template.anchors.copy()
    colours = np.full_like(means, TONE)
    texture_hair(means, colours, np.where(hair, HAIR, SKIN), kind)
    return means, colours


def contrast(colours, hair, template):
    """How much an anchor's brightness differs from that of the anchors beside it."""
    grey = colours.mean(1)
    return np.abs(grey - grey[template.neighbours].mean(1))[hair].mean()


@pytest.mark.parametrize("kind", [STRAIGHT, WAVY, CURLY])
def test_only_hair_changes_and_stays_within_colours(template, hair, kind):
    means, colours = textured(template, hair, kind)
    np.testing.assert_array_equal(means[~hair], template.anchors[~hair])
    np.testing.assert_array_equal(colours[~hair], np.float32(TONE))
    assert 0 <= colours.min() <= colours.max() <= 1
    # The colour that was asked for stays the colour of the hair.
    assert np.median(colours[hair]) == pytest.approx(TONE, rel=0.2)
    assert np.linalg.norm(means - template.anchors, axis=1).max() < 0.01


def test_straight_hair_keeps_its_places_and_curls_stand_off(template, hair):
    np.testing.assert_array_equal(textured(template, hair, STRAIGHT)[0], template.anchors)
    for kind in (WAVY, CURLY):
        moved = np.linalg.norm(textured(template, hair, kind)[0] - template.anchors, axis=1)
        assert moved[hair].mean() > 0.0005


def test_curls_are_livelier_than_waves_and_those_than_straight_hair(template, hair):
    found = [
        contrast(textured(template, hair, kind)[1], hair, template)
        for kind in (STRAIGHT, WAVY, CURLY)
    ]
    assert found[2] > 2 * found[0]
    assert found[2] > found[1]


@pytest.mark.parametrize("kind", [STRAIGHT, WAVY, CURLY])
def test_a_place_looks_the_same_whatever_hair_grows_elsewhere(template, hair, kind):
    means, colours = textured(template, hair, kind)
    np.testing.assert_array_equal(textured(template, hair, kind)[1], colours)
    everywhere = np.ones_like(hair)  # a beard, a long mane
    more = textured(template, everywhere, kind)
    np.testing.assert_allclose(more[0][hair], means[hair], atol=1e-6)
    np.testing.assert_allclose(more[1][hair], colours[hair], atol=1e-5)
    one = np.flatnonzero(hair)[[17]]
    alone = textured(template, np.isin(np.arange(len(hair)), one), kind)
    np.testing.assert_allclose(alone[1][one], colours[one], atol=1e-5)


def test_a_bald_head_stays_as_it_is(template, hair):
    means, colours = textured(template, np.zeros_like(hair), CURLY)
    np.testing.assert_array_equal(means, template.anchors)
    np.testing.assert_array_equal(colours, np.float32(TONE))
