"""Brows show where a map has them, and only there."""

import numpy as np
import pytest

from inference.editing.brows import paint_brows
from inference.editing.kinds import HAIR, SKIN
from inference.editing.painted_head import PaintedHead
from inference.editing.projection import front, project, visible
from inference.editing.spread import pixels_of
from inference.face_map.labels import Label
from inference.head.gaussians import NUM_GAUSSIANS
from inference.rendering.camera import orbit_camera

SIZE = 512
SKIN_TONE, SHADOW = 0.7, 0.35
TONE = np.array([0.4, 0.2, 0.1], np.float32)
BROWS = (Label.LEFT_BROW, Label.RIGHT_BROW)


@pytest.fixture(scope="module")
def camera():
    return orbit_camera(size=(SIZE, SIZE))


@pytest.fixture(scope="module")
def seen(template, camera):
    sight = project(template.anchors, camera)
    return visible(sight, front(sight, template.labels)[1])


def own_colours(template):
    """Even skin with the shadow of a brow, as the model makes it."""
    colours = np.full((NUM_GAUSSIANS, 3), SKIN_TONE, np.float32)
    colours[np.isin(template.labels, BROWS)] = SHADOW
    return colours


def face_map():
    return np.full((SIZE, SIZE), Label.FACE, np.uint8)


def painted(labels, template, camera, seen):
    colours = own_colours(template)
    kinds = np.full(NUM_GAUSSIANS, SKIN)
    paint_brows(PaintedHead(template.anchors, colours, kinds, seen, labels, camera, template), TONE)
    return colours


def test_brows_that_are_painted_higher_show_there_and_nowhere_else(template, camera, seen):
    labels = face_map()
    labels[172:182, 180:235], labels[172:182, 277:332] = BROWS[::-1]
    colours = painted(labels, template, camera, seen)
    column, row = pixels_of(template.anchors, camera).astype(int).T
    face = seen & np.isin(template.labels, (Label.FACE, *BROWS))
    beside = np.minimum(np.abs(column - 207), np.abs(column - 304))
    inside = face & (np.abs(row - 177) < 3) & (beside < 20)
    assert inside.sum() > 20
    assert np.abs(colours[inside] - TONE).max() < 0.2 * SKIN_TONE + 0.05
    own = seen & np.isin(template.labels, BROWS)
    np.testing.assert_allclose(colours[own], SKIN_TONE, atol=0.03)
    cheeks = seen & (template.labels == Label.FACE) & (template.anchors[:, 1] < 0.0)
    np.testing.assert_array_equal(colours[cheeks], np.float32(SKIN_TONE))
    hidden = ~seen
    np.testing.assert_array_equal(colours[hidden], own_colours(template)[hidden])


def test_a_face_without_brows_has_none(template, camera, seen):
    colours = painted(face_map(), template, camera, seen)
    np.testing.assert_allclose(colours[seen], SKIN_TONE, atol=0.03)


def test_what_hair_or_glasses_hide_stays_as_the_model_has_it(template, camera, seen):
    for hider in (Label.HAIR, Label.GLASSES):
        labels = face_map()
        labels[150:240] = hider
        colours = painted(labels, template, camera, seen)
        np.testing.assert_allclose(colours, own_colours(template), atol=1e-3)


def test_where_no_skin_is_in_sight_nothing_is_painted(template, camera, seen):
    """A head from behind, or all under hair."""
    labels = face_map()
    labels[172:182, 180:332] = Label.LEFT_BROW
    colours, kinds = own_colours(template), np.full(NUM_GAUSSIANS, HAIR)
    paint_brows(PaintedHead(template.anchors, colours, kinds, seen, labels, camera, template), TONE)
    np.testing.assert_array_equal(colours, own_colours(template))
