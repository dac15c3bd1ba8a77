"""A photograph's own beard and brows stay the photograph's until others are asked for."""

import numpy as np
import pytest

from inference.editing.beard_shape import beard_zones
from inference.editing.editor import Editor
from inference.editing.types import EditRequest, Style
from inference.face_map.labels import Label
from inference.features.embedded_style import NAME
from inference.progress import CancelToken, no_progress
from tests.unit.grey_portrait import ellipse, face_under_hair, grey_portrait

SIZE = 512


@pytest.fixture(scope="module")
def editor(template):
    return Editor(template)


@pytest.fixture(scope="module")
def base(template):
    return grey_portrait(template)


def face_map():
    labels = face_under_hair()
    for brow, middle in ((Label.RIGHT_BROW, 220), (Label.LEFT_BROW, 292)):
        labels[ellipse(middle, 215, 22, 6)] = brow
    return labels


def change(editor, template, base, own, asked, keep=1.0):
    """How much the beard's places [n, 3] change colour where a style is asked for."""
    labels = face_map()
    styles = [editor.style_of_text(words, no_progress, CancelToken()) for words in (own, asked)]
    mine = Style(styles[0].vector, NAME, "own")
    request = EditRequest(labels, styles[1], base, labels, mine, keep_identity=keep)
    made = editor.edit(request, no_progress, CancelToken()).gaussians
    chin = (beard_zones(template.anchors)[:, 1] > 0.5) & (template.labels == Label.FACE)
    assert chin.sum() > 200
    moved = np.linalg.norm(made.means - base.gaussians.means, axis=1)[chin].max()
    return float(np.abs(made.colours - 0.5)[chin].mean()), float(moved)


BEARDED = "an old white-haired man with light skin and a full beard"
SHAVED = "an old white-haired clean-shaven man with light skin"


def test_a_new_hair_colour_leaves_the_beard_alone(editor, template, base):
    bearded, plain = (change(editor, template, base, own, "red hair") for own in (BEARDED, SHAVED))
    assert bearded[1] == plain[1] == 0.0
    assert bearded[0] < plain[0] + 0.01


def test_a_beard_that_is_asked_for_grows(editor, template, base):
    colour, moved = change(editor, template, base, SHAVED, "a full beard")
    assert colour > 0.05
    assert moved > 0.003


def test_a_head_of_the_model_alone_has_the_beard_of_its_own_style(editor, template, base):
    bearded, shaved = (
        change(editor, template, base, own, own, keep=0.0)[0] for own in (BEARDED, SHAVED)
    )
    assert abs(bearded - shaved) > 0.03


def test_brows_keep_their_colour_when_hair_is_dyed(editor, template, base):
    labels = face_map()
    words = "a man with black hair and light skin", "white hair"
    own, asked = (editor.style_of_text(text, no_progress, CancelToken()) for text in words)
    mine = Style(own.vector, NAME, "own")
    request = EditRequest(labels, asked, base, labels, mine, keep_identity=1.0)
    made = editor.edit(request, no_progress, CancelToken()).gaussians
    change = np.abs(made.colours - 0.5).max(1)
    x, y, z = template.anchors.T
    scalp = (template.labels == Label.HAIR) & (y > 0.08)
    assert change[scalp].mean() > 0.1
    middle = (template.labels == Label.FACE) & (np.abs(y - 0.03) < 0.03) & (z > 0.04)
    middle &= np.abs(x) < 0.045  # beyond, on the temples, the map shows hair
    brows = np.isin(template.labels, (Label.RIGHT_BROW, Label.LEFT_BROW))
    assert change[brows | middle].mean() < 0.01


def change_of_hair(editor, template, base, own, asked):
    """[n, 3] how hair of a portrait whose style is `own` changes colour, left and right of it."""
    labels = face_map()
    styles = [editor.style_of_text(words, no_progress, CancelToken()) for words in (own, asked)]
    mine = Style(styles[0].vector, NAME, "own")
    request = EditRequest(labels, styles[1], base, labels, mine, keep_identity=1.0)
    made = editor.edit(request, no_progress, CancelToken()).gaussians
    x = template.anchors[:, 0]
    hair = (template.labels == Label.HAIR) & (template.anchors[:, 1] > 0.06)
    return [(made.colours - 0.5)[hair & side].mean(0) for side in (x > 0.03, x < -0.03)]


def test_who_is_white_haired_already_does_not_turn_grey_with_age(editor, template, base):
    own = "a middle-aged clean-shaven man with white hair"
    aged, dyed = (
        np.abs(change_of_hair(editor, template, base, own, asked)).max()
        for asked in ("an old person", "an old person with black hair")
    )
    assert aged < 0.02
    assert dyed > 0.05


def test_light_from_a_side_falls_on_hair_too(editor, template, base):
    own = "a clean-shaven man with white hair, soft light"
    left, right = change_of_hair(editor, template, base, own, "strong light from the left")
    lit = left.mean() - right.mean()
    assert abs(lit) > 0.03
    left, right = change_of_hair(editor, template, base, own, "strong light from the right")
    assert np.sign(left.mean() - right.mean()) == -np.sign(lit)
