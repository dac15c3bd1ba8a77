"""Skin has the wrinkles of the age that was asked for, where it is bare, and no others."""

import numpy as np
import pytest

from inference.editing.kinds import HAIR, SKIN
from inference.editing.wrinkles import Wrinkles, added_age, removed_age
from inference.face_map.labels import Label
from inference.head.gaussians import NUM_GAUSSIANS
from inference.rendering.camera import orbit_camera

SIZE = 512
TONE = 0.6
BARE = (Label.FACE, Label.NOSE, Label.NECK)
MARKS = {"forehead": 151, "crow's feet": 35, "under the eye": 230, "beside the nose": 206}


@pytest.fixture(scope="module")
def wrinkles(template):
    return Wrinkles(template)


def face_map(label=Label.FACE):
    return np.full((SIZE, SIZE), label, np.uint8)


def even_skin():
    return np.full((NUM_GAUSSIANS, 3), TONE, np.float32)


def painted(wrinkles, template, age, labels=None, kinds=None):
    labels = face_map() if labels is None else labels
    kinds = np.full(NUM_GAUSSIANS, SKIN) if kinds is None else kinds
    camera = orbit_camera(size=(SIZE, SIZE))
    return wrinkles.paint(even_skin(), template.anchors, kinds, labels, camera, age)


def around(template, landmark, side=1.0):
    place = template.anchors[template.landmark_anchors[landmark]] * np.array([side, 1, 1])
    return np.linalg.norm(template.anchors - place, axis=1) < 0.01


@pytest.mark.parametrize("age", [-0.05, 0.1, 0.38, 0.42])
def test_children_and_the_young_stay_smooth(wrinkles, template, age):
    np.testing.assert_array_equal(painted(wrinkles, template, age), np.float32(TONE))


@pytest.mark.parametrize("place", list(MARKS))
def test_the_old_have_creases_beside_lighter_folds_on_both_sides(wrinkles, template, place):
    shade = painted(wrinkles, template, 0.75).mean(1) / TONE
    for side in (1.0, -1.0):
        near = shade[around(template, MARKS[place], side)]
        assert 0.6 < near.min() < 0.95
        assert near.max() > 1.02


def test_wrinkles_deepen_with_the_years(wrinkles, template):
    depth = [
        np.abs(painted(wrinkles, template, age) - TONE).mean() for age in (0.45, 0.55, 0.65, 0.75)
    ]
    assert depth == sorted(depth)
    assert depth[-1] > 5 * depth[0] > 0


def test_only_bare_skin_wrinkles_and_only_where_the_map_shows_it(wrinkles, template):
    colours = painted(wrinkles, template, 0.8)
    rest = ~np.isin(template.labels, BARE)
    np.testing.assert_array_equal(colours[rest], np.float32(TONE))
    kinds = np.full(NUM_GAUSSIANS, HAIR)
    np.testing.assert_array_equal(painted(wrinkles, template, 0.8, kinds=kinds), np.float32(TONE))
    fringe = face_map()
    fringe[:220] = Label.HAIR
    colours = painted(wrinkles, template, 0.8, fringe)
    np.testing.assert_allclose(colours[around(template, MARKS["forehead"])], TONE, atol=1e-3)
    assert colours[around(template, MARKS["beside the nose"])].min() < 0.9 * TONE


def test_a_portrait_gets_no_wrinkles_that_its_style_already_had():
    for years in (0.2, 0.5, 0.7, 0.9):
        assert added_age(years, years) == pytest.approx(0.42)
        assert removed_age(years, years) == 0
    assert added_age(0.95, 0.5) == pytest.approx(0.95)
    assert removed_age(0.2, 0.7) == 1


def test_a_younger_portrait_loses_its_own_wrinkles(wrinkles, template):
    kinds, camera = np.full(NUM_GAUSSIANS, SKIN), orbit_camera(size=(SIZE, SIZE))
    old = painted(wrinkles, template, 0.8)
    young = wrinkles.smoothed(old, template.anchors, kinds, face_map(), camera, 1.0)
    forehead = around(template, MARKS["forehead"])
    assert np.abs(young - TONE)[forehead].mean() < 0.6 * np.abs(old - TONE)[forehead].mean()
    untouched = np.isin(template.labels, (Label.HAIR, Label.UPPER_LIP, Label.LEFT_BROW))
    np.testing.assert_array_equal(young[untouched], old[untouched])
    same = wrinkles.smoothed(old, template.anchors, kinds, face_map(), camera, 0.0)
    np.testing.assert_array_equal(same, old)
