"""Irises take the colour that was asked for; whites, lids and dark glasses keep theirs."""

import numpy as np
import pytest

from inference.editing.irises import colour_change, colour_irises
from inference.editing.kinds import SKIN
from inference.editing.spread import EDGE, pixels_of
from inference.face_map.labels import Label
from inference.head.gaussians import NUM_GAUSSIANS
from inference.rendering.camera import orbit_camera

SKIN_TONE, WHITE, DARK = 0.6, 0.8, 0.15
BLUE = np.array([0.3, 0.45, 0.6], np.float32)
EYES = (Label.RIGHT_EYE, Label.LEFT_EYE)


def face_map(template, open_eyes=EYES):
    """Eyes as the template has them, wide and open, for a camera before it."""
    labels = np.full((EDGE, EDGE), Label.FACE, np.uint8)
    for eye in open_eyes:
        place = template.anchors[template.labels == eye]
        x, y = pixels_of(place, orbit_camera(size=(EDGE, EDGE))).mean(0).astype(int)
        labels[y - 7 : y + 8, x - 15 : x + 16] = eye
    return labels


def from_middle(template, moved=0.0):
    """Metres [N] of each anchor from the nearer iris, if both look aside by so many metres."""
    away = [
        np.hypot(*(template.anchors[:, :2] - (low + high) / 2 - np.array([moved, 0.0])).T)
        for low, high in (
            (place.min(0)[:2], place.max(0)[:2])
            for place in (template.anchors[template.labels == eye] for eye in EYES)
        )
    ]
    return np.minimum(*away)


def face(template, moved=0.0):
    colours = np.full((NUM_GAUSSIANS, 3), SKIN_TONE, np.float32)
    eyes = np.isin(template.labels, EYES)
    colours[eyes] = WHITE
    colours[eyes & (from_middle(template, moved) < 0.0058)] = DARK
    return colours


def edited(template, colours, labels, drawn):
    kinds = np.full(NUM_GAUSSIANS, SKIN)
    camera = orbit_camera(size=(EDGE, EDGE))
    return colour_irises(colours, template.anchors, kinds, labels, camera, template, BLUE, drawn)


def in_sight(template, labels):
    across, down = pixels_of(template.anchors, orbit_camera(size=(EDGE, EDGE))).astype(int).T
    there = (across >= 0) & (across < EDGE) & (down >= 0) & (down < EDGE)
    there[there] = np.isin(labels[down[there], across[there]], EYES)
    return there & np.isin(template.labels, EYES) & (template.normals[:, 2] > 0.5)


def is_blue(colours):
    return (colours[:, 2] > 1.3 * colours[:, 0]) & (colours[:, 2] > 0.15)


@pytest.mark.parametrize("moved", [0.0, 0.0025])
def test_a_photographs_iris_turns_blue_wherever_it_looks(template, moved):
    labels = face_map(template)
    colours, found = edited(template, face(template, moved), labels, drawn=False)
    seen, away = in_sight(template, labels), from_middle(template, moved)
    assert is_blue(colours[seen & (away > 0.0026) & (away < 0.0045)]).mean() > 0.9
    white = seen & (away > 0.0078)
    np.testing.assert_allclose(colours[white], WHITE, atol=0.03)
    outside = ~np.isin(template.labels, EYES)
    np.testing.assert_array_equal(colours[outside], face(template)[outside])
    np.testing.assert_array_equal(found, ~outside)


def test_a_drawn_eye_is_white_round_an_iris_of_natural_size_with_a_dark_pupil(template):
    labels = face_map(template)
    vague = face(template)
    vague[np.isin(template.labels, EYES) & (from_middle(template) < 0.0085)] = 0.4
    colours, _ = edited(template, vague, labels, drawn=True)
    seen, away = in_sight(template, labels), from_middle(template)
    assert is_blue(colours[seen & (away > 0.003) & (away < 0.0045)]).mean() > 0.8
    np.testing.assert_allclose(colours[seen & (away > 0.0075)].mean(0), WHITE, atol=0.06)
    assert colours[seen & (away < 0.0012)].min() < 0.15


@pytest.mark.parametrize("drawn", [True, False])
def test_closed_eyes_and_heads_without_them_stay(template, drawn):
    colours, found = edited(template, face(template), face_map(template, ()), drawn)
    np.testing.assert_array_equal(colours, face(template))
    assert not found.any()


def test_an_eye_that_the_map_does_not_see_is_as_blue_as_the_other(template):
    labels = face_map(template, (Label.LEFT_EYE,))
    colours, _ = edited(template, face(template), labels, drawn=True)
    away = from_middle(template)
    ring = (template.labels == Label.RIGHT_EYE) & (template.normals[:, 2] > 0.5)
    assert is_blue(colours[ring & (away > 0.003) & (away < 0.0045)]).mean() > 0.8


def test_no_iris_shines_through_dark_glasses(template):
    colours = face(template)
    colours[np.isin(template.labels, EYES)] = DARK
    labels = face_map(template)
    labels[np.isin(labels, EYES)] = Label.GLASSES
    np.testing.assert_array_equal(edited(template, colours, labels, drawn=False)[0], colours)


def test_a_style_that_says_nothing_of_eyes_changes_none():
    assert colour_change(BLUE, BLUE + 0.01) == 0
    assert colour_change(BLUE, np.array([0.4, 0.35, 0.3], np.float32)) == 1


def test_an_eye_whose_iris_the_map_hides_stays_as_it_is(template):
    labels = face_map(template)
    for eye in EYES:
        rows, columns = np.nonzero(labels == eye)
        middle = (columns.min() + columns.max()) // 2
        labels[rows.min() : rows.max() + 1, middle - 8 : middle + 9] = Label.FACE
    plain = np.full((NUM_GAUSSIANS, 3), SKIN_TONE, np.float32)
    colours, _ = edited(template, plain, labels, drawn=True)
    np.testing.assert_array_equal(colours, plain)
