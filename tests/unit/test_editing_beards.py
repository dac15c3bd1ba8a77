"""A beard that is asked for shows as hair where it grows; nobody gets one who did not ask."""

from dataclasses import replace

import numpy as np
import pytest

from inference.editing.beards import BeardLook, beard_of, grow_beard
from inference.editing.identity import ShapedHead, keep_identity, only_near
from inference.editing.kinds import HAIR, SKIN
from inference.editing.painted_head import PaintedHead
from inference.editing.projection import front, project, visible
from inference.editing.shaving import other_beard, shaved
from inference.editing.spread import pixels_of
from inference.face_map.labels import Label
from inference.features.style_blocks import BLOCKS, WIDTH
from inference.head.gaussians import NUM_GAUSSIANS
from inference.rendering.camera import orbit_camera

SIZE = 512
SKIN_TONE = 0.7
TONE = np.array([0.2, 0.12, 0.08], np.float32)
HAIR_TONE, FAIR = np.array([0.3, 0.2, 0.1]), np.full(3, SKIN_TONE)
FULL = BeardLook((1, 1, 1), 0.011, 0.0, TONE)
SHORT = BeardLook((1, 1, 1), 0.0035, 0.0, TONE)
MOUSTACHE = BeardLook((1, 0, 0), 0.006, 0.0, TONE)
GOATEE = BeardLook((1, 1, 0), 0.006, 0.0, TONE)
STUBBLE = BeardLook((0, 0, 0), 0.006, 1.0, TONE)
NONE = BeardLook((0, 0, 0), 0.0, 0.0, TONE)


@pytest.fixture(scope="module")
def places(template):
    """Anchors of the skin by what one calls the place."""
    x, y, z = np.abs(template.anchors[:, 0]), template.anchors[:, 1], template.anchors[:, 2]
    face = template.labels == Label.FACE
    return {
        "chin": face & (x < 0.012) & (y < -0.060) & (y > -0.072),
        "jaw": face & (x > 0.045) & (y < -0.035) & (y > -0.05) & (z > 0.01),
        "lip": face & (x > 0.008) & (x < 0.016) & (y < -0.022) & (y > -0.026) & (z > 0.06),
        "above": face & (y > 0.04),
        "cheek": face & (y > -0.01) & (y < 0.02) & (x < 0.045) & (z > 0.03),
    }


def bearded(template, beard, labels=None, kinds=None):
    """Means, colours and what is hidden, of even skin that grew a beard."""
    camera = orbit_camera(size=(SIZE, SIZE))
    labels = np.full((SIZE, SIZE), Label.FACE, np.uint8) if labels is None else labels
    means, colours = template.anchors.copy(), np.full((NUM_GAUSSIANS, 3), SKIN_TONE, np.float32)
    kinds = np.full(NUM_GAUSSIANS, SKIN) if kinds is None else kinds
    sight = project(means, camera)
    seen = visible(sight, front(sight, template.labels)[1])
    hidden = grow_beard(PaintedHead(means, colours, kinds, seen, labels, camera, template), beard)
    return means, colours, hidden


def relief(means, template):
    return np.linalg.norm(means - template.anchors, axis=1)


def test_a_full_beard_covers_lip_chin_and_jaw_and_stands_off(template, places):
    means, colours, hidden = bearded(template, FULL)
    for place in ("chin", "jaw", "lip"):
        assert np.abs(np.median(colours[places[place]], 0) - TONE).max() < 0.08
        assert hidden[places[place]].mean() > 0.8
    away = relief(means, template)
    assert 0.008 < np.median(away[places["chin"]]) < 0.014
    assert 0.001 < np.median(away[places["jaw"]]) < np.median(away[places["chin"]])
    assert away.max() < 0.02
    # Hairs are not all alike.
    assert colours[places["chin"]].mean(1).std() > 0.015


def test_a_short_beard_stands_off_less(template, places):
    away = relief(bearded(template, SHORT)[0], template)[places["chin"]]
    assert 0.002 < np.median(away) < 0.005


@pytest.mark.parametrize("beard", [FULL, SHORT, MOUSTACHE, GOATEE, STUBBLE])
def test_lips_nose_eyes_and_the_rest_of_the_head_stay_free(template, places, beard):
    means, colours, hidden = bearded(template, beard)
    free = ~np.isin(template.labels, (Label.FACE, Label.NECK)) | places["above"] | places["cheek"]
    np.testing.assert_array_equal(means[free], template.anchors[free])
    np.testing.assert_array_equal(colours[free], np.float32(SKIN_TONE))
    assert not hidden[free].any()
    assert 0 <= colours.min() <= colours.max() <= 1


def test_a_moustache_and_a_goatee_grow_only_where_they_are(template, places):
    for beard, bare in ((MOUSTACHE, ("chin", "jaw")), (GOATEE, ("jaw",))):
        means, colours, _ = bearded(template, beard)
        assert np.median(colours[places["lip"]]) < 0.35
        for place in bare:
            np.testing.assert_array_equal(means[places[place]], template.anchors[places[place]])
            np.testing.assert_array_equal(colours[places[place]], np.float32(SKIN_TONE))
    assert np.median(bearded(template, GOATEE)[1][places["chin"]]) < 0.35


def test_stubble_darkens_the_skin_and_has_no_relief(template, places):
    means, colours, _ = bearded(template, STUBBLE)
    np.testing.assert_array_equal(means, template.anchors)
    chin = colours[places["chin"]].mean(1)
    assert 0.4 < chin.mean() < 0.95 * SKIN_TONE
    assert chin.std() > 0.01


def test_no_beard_changes_nothing(template):
    means, colours, hidden = bearded(template, NONE)
    np.testing.assert_array_equal(means, template.anchors)
    np.testing.assert_array_equal(colours, np.float32(SKIN_TONE))
    assert not hidden.any()


def test_the_same_beard_is_the_same_every_time(template):
    for first, second in zip(bearded(template, FULL), bearded(template, FULL), strict=True):
        np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("label", [Label.LOWER_LIP, Label.INNER_MOUTH, Label.HAIR, Label.CLOTH])
def test_nothing_grows_on_what_the_map_shows_there(template, label):
    labels = np.full((SIZE, SIZE), Label.FACE, np.uint8)
    labels[330:380, 230:282] = label
    means, colours, hidden = bearded(template, FULL, labels)
    column, row = pixels_of(template.anchors, orbit_camera(size=(SIZE, SIZE))).astype(int).T
    inside = (
        (np.abs(row - 355) < 21) & (np.abs(column - 256) < 22) & (template.anchors[:, 2] > 0.06)
    )
    assert (bearded(template, FULL)[2][inside] > 0.5).sum() > 100
    assert not hidden[inside].any()
    np.testing.assert_array_equal(means[inside], template.anchors[inside])
    np.testing.assert_array_equal(colours[inside], np.float32(SKIN_TONE))


def test_a_beard_grows_on_skin_alone(template):
    means, colours, _ = bearded(template, FULL, kinds=np.full(NUM_GAUSSIANS, HAIR))
    np.testing.assert_array_equal(means, template.anchors)
    np.testing.assert_array_equal(colours, np.float32(SKIN_TONE))


def look_of(stubble=0.0, moustache=0.0, goatee=0.0, short=0.0, full=0.0):
    chances = np.array([stubble, moustache, goatee, short, full], np.float32)
    return beard_of(chances, HAIR_TONE, FAIR)


def test_what_a_palette_says_is_the_beard_that_grows():
    assert look_of(full=1).zones == (1, 1, 1)
    assert look_of(full=1).length > 2 * look_of(short=1).length
    assert look_of(goatee=1).zones == (1, 1, 0)
    assert look_of(moustache=1).zones == (1, 0, 0)
    assert (look_of(stubble=1).zones, look_of(stubble=1).stubble) == ((0, 0, 0), 1)
    # Darker than hair, unless that is white.
    assert (look_of(full=1).tone < 0.8 * HAIR_TONE).all()
    chances = np.array([0, 0, 0, 0, 1], np.float32)
    assert beard_of(chances, np.full(3, 0.9), FAIR).tone.mean() > 0.7


def test_an_average_palette_and_a_shaved_one_give_nobody_a_beard():
    for look in (look_of(0.3, 0.11, 0.08, 0.13, 0.11), look_of(-0.3, -0.1, -0.1, -0.1, -0.1)):
        assert look.zones == (0, 0, 0)
        assert look.stubble == 0


def shaped(template, beard, kinds):
    means, colours, hidden = bearded(template, beard, kinds=kinds)
    return ShapedHead(means, colours, kinds, means - template.anchors, hidden)


def test_a_photographs_head_gets_the_beard_and_nothing_else_changes(template, places):
    kinds = np.where(template.labels == Label.HAIR, HAIR, SKIN)
    before = shaped(template, NONE, kinds)
    own = before.splats(template.neighbours)
    rng = np.random.default_rng(0)
    noise = rng.uniform(-0.05, 0.05, (NUM_GAUSSIANS, 3)).astype(np.float32)
    fitted = replace(own, colours=own.colours + noise, means=own.means + 0.01 * noise)
    edited = only_near(shaped(template, FULL, kinds), before, np.zeros(NUM_GAUSSIANS, np.float32))
    kept = keep_identity(edited, before, fitted, 1.0, template.neighbours)
    away = np.linalg.norm(kept.means - fitted.means, axis=1)
    assert 0.008 < np.median(away[places["chin"]]) < 0.014
    assert np.abs(np.median(kept.colours[places["chin"]], 0) - TONE).max() < 0.1
    elsewhere = (edited.grown == 0) & (away == 0)
    assert elsewhere.sum() > 50000
    for name in ("means", "colours", "quaternions", "scales", "opacities"):
        np.testing.assert_array_equal(
            getattr(kept, name)[elsewhere], getattr(fitted, name)[elsewhere]
        )


def test_a_photographs_own_beard_goes_where_another_is_asked_for(template, places):
    kinds = np.where(template.labels == Label.HAIR, HAIR, SKIN)
    before = shaped(template, NONE, kinds)  # the model does not know of it
    fitted = shaped(template, FULL, kinds).splats(template.neighbours)
    bare = shaved(fitted, before, template, 1.0)
    for place in ("chin", "jaw", "lip"):
        assert np.abs(bare.colours[places[place]] - SKIN_TONE).max() < 0.1
    np.testing.assert_array_equal(bare.colours[places["above"]], fitted.colours[places["above"]])
    assert shaved(fitted, before, template, 0.0) is fitted
    clean = before.splats(template.neighbours)
    assert shaved(clean, before, template, 1.0) is clean


def test_only_a_style_that_says_another_beard_asks_for_one():
    own = np.random.default_rng(3).normal(size=WIDTH).astype(np.float32)
    look = own.copy()
    for block in BLOCKS:
        own[block.where] *= block.weight / np.linalg.norm(own[block.where])
        look[block.where] = -own[block.where] if block.name != "beard" else own[block.where]
    assert other_beard(look, own) == 0
    assert other_beard(-own, own) == 1
