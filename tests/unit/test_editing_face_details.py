"""A portrait gets the age and the eyes that were asked for, and nothing that was not."""

import numpy as np
import pytest

from inference.editing.face_details import FaceDetails, FaceLook
from inference.editing.identity import ShapedHead
from inference.editing.kinds import SKIN
from inference.editing.spread import EDGE, pixels_of
from inference.editing.types import EditRequest
from inference.engine import Engine
from inference.face_map.labels import Label
from inference.head.gaussians import NUM_GAUSSIANS
from inference.progress import CancelToken, no_progress
from inference.rendering.camera import orbit_camera

EYES = (Label.RIGHT_EYE, Label.LEFT_EYE)
BROWN, BLUE = (np.array(tone, np.float32) for tone in ((0.35, 0.27, 0.2), (0.38, 0.49, 0.58)))
KINDS = np.full(NUM_GAUSSIANS, SKIN)


@pytest.fixture(scope="module")
def engine():
    return Engine()


@pytest.fixture(scope="module")
def camera():
    return orbit_camera(size=(EDGE, EDGE))


@pytest.fixture(scope="module")
def labels(engine, camera):
    found = np.full((EDGE, EDGE), Label.FACE, np.uint8)
    for eye in EYES:
        place = engine.template.anchors[engine.template.labels == eye]
        x, y = pixels_of(place, camera).mean(0).astype(int)
        found[y - 7 : y + 8, x - 15 : x + 16] = eye
    return found


@pytest.fixture(scope="module")
def portrait(engine):
    """A head with brown eyes."""
    template = engine.template
    colours = np.full((NUM_GAUSSIANS, 3), 0.6, np.float32)
    for eye in EYES:
        there = template.labels == eye
        place = template.anchors[:, :2]
        middle = (place[there].min(0) + place[there].max(0)) / 2
        colours[there] = 0.8
        colours[there & (np.linalg.norm(place - middle, axis=1) < 0.0058)] = 0.15
    return ShapedHead(template.anchors, colours, KINDS).splats(template.neighbours)


def detailed(engine, portrait, labels, camera, asked, own, keep=1.0):
    details = FaceDetails(engine.template)
    maps, looks = (labels, labels), (asked, own)
    return details.on_portrait(portrait, portrait, KINDS, maps, camera, looks, keep)


@pytest.mark.parametrize("age", [0.3, 0.6, 0.8])
def test_a_style_that_says_neither_changes_nothing(engine, portrait, labels, camera, age):
    own = FaceLook(age, BROWN)
    head = detailed(engine, portrait, labels, camera, own, own)
    np.testing.assert_array_equal(head.colours, portrait.colours)


def test_other_eyes_change_the_eyes_alone(engine, portrait, labels, camera):
    looks = FaceLook(0.3, BLUE), FaceLook(0.3, BROWN)
    head = detailed(engine, portrait, labels, camera, *looks)
    changed = (head.colours != portrait.colours).any(1)
    assert changed.sum() > 50
    assert np.isin(engine.template.labels[changed], EYES).all()


def test_an_older_portrait_is_wrinkled_and_keeps_its_eyes(engine, portrait, labels, camera):
    looks = FaceLook(0.9, BROWN), FaceLook(0.3, BROWN)
    head = detailed(engine, portrait, labels, camera, *looks)
    change = head.colours.mean(1) - portrait.colours.mean(1)
    assert (change < -0.06).sum() > 300
    assert not change[np.isin(engine.template.labels, (*EYES, Label.HAIR))].any()
    np.testing.assert_array_equal(head.means, portrait.means)


def test_words_about_eyes_move_no_other_colour_of_a_head(engine, labels):
    colours = [
        engine.editor.shape(
            EditRequest(labels, engine.style_of_text(words)), no_progress, CancelToken()
        )[0].colours
        for words in ("blue eyes", "green eyes")
    ]
    changed = np.abs(colours[0] - colours[1]).max(1) > 1e-4
    assert changed.any()
    assert np.isin(engine.template.labels[changed], EYES).all()
