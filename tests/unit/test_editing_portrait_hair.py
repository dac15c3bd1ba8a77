"""New hair colours reach all of a portrait's hair, seen or not, and nothing else."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from inference.editing.identity import ShapedHead, keep_identity
from inference.editing.kinds import HAIR, SKIN
from inference.editing.portrait_hair import KnownHair, portrait_hair
from inference.editing.projection import GRID, front, project, visible
from inference.face_map.labels import FEATURES, Label
from inference.head.gaussians import NUM_GAUSSIANS, Gaussians
from inference.rendering.camera import orbit_camera

SIZE = 512
DARK, PALE = np.array([0.15, 0.1, 0.08]), np.array([0.8, 0.62, 0.52])
EARS = (Label.LEFT_EAR, Label.RIGHT_EAR)


@pytest.fixture(scope="module")
def camera():
    return orbit_camera(size=(SIZE, SIZE))


@pytest.fixture(scope="module")
def nape(template):
    """Skin of the neck right below the hair at the back."""
    place = template.anchors
    return (template.labels == Label.NECK) & (place[:, 2] < -0.07) & (place[:, 1] > -0.07)


def fitted(template, hair):
    """A photograph's head: hair of three shades where `hair`, skin of some elsewhere."""
    rng = np.random.default_rng(0)
    colours = np.where(hair[:, None], DARK, PALE) * rng.uniform(0.8, 1.2, (NUM_GAUSSIANS, 1))
    turns = np.tile(np.array([1, 0, 0, 0], np.float32), (NUM_GAUSSIANS, 1))
    scales = np.full((NUM_GAUSSIANS, 3), 0.001, np.float32)
    opacities = np.full(NUM_GAUSSIANS, 0.9, np.float32)
    return Gaussians(template.anchors, turns, scales, opacities, colours.astype(np.float32))


def map_of(template, camera, hair):
    """What a parser says of that head."""
    labels = np.where(template.labels == Label.HAIR, np.uint8(Label.FACE), template.labels)
    labels = np.where(hair, np.uint8(Label.HAIR), labels)
    small, _ = front(project(template.anchors, camera), labels)
    return small.repeat(SIZE // GRID, 0).repeat(SIZE // GRID, 1)


def test_the_scalp_and_nape_that_nobody_saw_are_hair(template, camera, nape):
    hair = (template.labels == Label.HAIR) | nape
    found = portrait_hair(fitted(template, hair), map_of(template, camera, hair), camera, template)
    assert nape.sum() > 100
    behind = template.anchors[:, 2] < -0.05
    assert found[behind & (template.labels == Label.HAIR)].mean() > 0.95
    assert found[nape].mean() > 0.5
    assert found[~hair].mean() < 0.01


def test_a_bare_nape_and_a_bald_back_are_skin(template, camera, nape):
    back = template.anchors[:, 2] < -0.06
    hair = (template.labels == Label.HAIR) & ~back
    found = portrait_hair(fitted(template, hair), map_of(template, camera, hair), camera, template)
    assert found[back].mean() < 0.02
    assert not found[nape].any()
    assert found[hair].mean() > 0.9


@pytest.mark.parametrize("yaw", [0, 60])
def test_ears_and_features_as_dark_as_hair_never_are(template, yaw):
    camera = orbit_camera(yaw, size=(SIZE, SIZE))
    others = np.isin(template.labels, (*FEATURES, Label.INNER_MOUTH, *EARS))
    scalp = template.labels == Label.HAIR
    head = fitted(template, scalp | others)
    found = portrait_hair(head, map_of(template, camera, scalp), camera, template)
    sight = project(template.anchors, camera)
    seen = visible(sight, front(sight, template.labels)[1])
    # What the map does not show as hair; a cell along its border may be either.
    assert not found[others & ~seen].any()
    assert found[others & seen].mean() < 0.02
    assert found[scalp].mean() > 0.9


def test_hair_beside_an_ear_is_hair_where_the_map_shows_an_ear_before_it(template, camera):
    hair = template.labels == Label.HAIR
    labels = map_of(template, camera, hair)
    wide = labels.copy()
    for ear in EARS:  # as a parser draws ears whose border it is not sure of
        grown = cv2.dilate((labels == ear).astype(np.uint8), np.ones((25, 25), np.uint8)) > 0
        wide[grown & (labels == Label.HAIR)] = ear
    sight = project(template.anchors, camera)
    seen = visible(sight, front(sight, template.labels)[1])
    shown = wide[sight.cells // GRID * (SIZE // GRID), sight.cells % GRID * (SIZE // GRID)]
    hidden = hair & seen & np.isin(shown, EARS)
    assert hidden.sum() > 50
    found = portrait_hair(fitted(template, hair), wide, camera, template)
    assert found[hidden].mean() > 0.9
    bald = portrait_hair(fitted(template, hair & ~hidden), wide, camera, template)
    assert bald[hidden].mean() < 0.1


def test_pale_hair_takes_no_bright_skin_beside_it_for_hair(template, camera):
    hair = template.labels == Label.HAIR
    head = fitted(template, hair)
    rng = np.random.default_rng(3)
    shades = rng.uniform(0.7, 1.3, (NUM_GAUSSIANS, 1))
    white, skin = np.array([0.8, 0.72, 0.68]), np.array([0.72, 0.58, 0.52])
    colours = np.where(hair[:, None], white, skin) * shades
    pale = replace(head, colours=colours.clip(0, 1).astype(np.float32))
    found = portrait_hair(pale, map_of(template, camera, hair), camera, template)
    face = template.labels == Label.FACE
    assert found[face].mean() < 0.002
    assert found[hair].mean() > 0.8


def test_with_hardly_any_hair_on_the_map_only_that_counts(template, camera):
    hair = template.labels == Label.HAIR
    head = fitted(template, hair)
    labels = map_of(template, camera, np.zeros_like(hair))
    assert not portrait_hair(head, labels, camera, template).any()
    labels[130:138, 250:258] = Label.HAIR  # a forelock
    found = portrait_hair(head, labels, camera, template)
    assert 0 < found.sum() < 50
    column, row = camera.project(template.anchors[found].astype(np.float64))[0].T
    assert (np.abs(column - 254) < 8).all()
    assert (np.abs(row - 134) < 8).all()


def test_a_new_colour_changes_all_hair_alike(template):
    """The model's hair is dark along the hairline, where a new colour changes little."""
    scalp = template.labels == Label.HAIR
    model = scalp & (template.anchors[:, 1] > 0.0)  # the rest is skin to the model
    kinds = np.where(model, HAIR, SKIN)
    share = np.clip((0.02 - template.anchors[:, 2]) / 0.06, 0.1, 1) * model
    before = np.where(scalp[:, None], 0.3, 0.6) * np.ones((1, 3), np.float32)
    new = np.array([0.09, 0.03, 0.0], np.float32)
    colours = before + share[:, None] * new
    head = fitted(template, scalp)
    edited = ShapedHead(template.anchors.copy(), colours.astype(np.float32), kinds)
    own = ShapedHead(template.anchors.copy(), before.astype(np.float32), kinds)
    kept = keep_identity(edited, own, head, 1.0, template.neighbours, scalp, dye=1.0)
    inner = scalp  # towards skin it ends softly
    for _ in range(7):
        inner = inner & inner[template.neighbours].all(1)
    assert (inner & ~model).sum() > 500
    # The same hue everywhere, with the photograph's own light and shade.
    hue = kept.colours[inner] / kept.colours[inner].mean(1, keepdims=True)
    asked = edited.colours[model].mean(0) / edited.colours[model].mean()
    np.testing.assert_allclose(hue, np.tile(asked, (len(hue), 1)), atol=0.02)
    light = kept.colours[inner].mean(1) / head.colours[inner].mean(1)
    assert np.ptp(light) < 0.3 * light.mean()
    np.testing.assert_array_equal(kept.colours[~scalp], head.colours[~scalp])
    np.testing.assert_array_equal(kept.means, head.means)


def test_the_same_style_and_map_give_the_photograph_s_own_head(template):
    scalp = template.labels == Label.HAIR
    head = fitted(template, scalp)
    grey = np.full((NUM_GAUSSIANS, 3), 0.4, np.float32)
    own = ShapedHead(template.anchors.copy(), grey, np.where(scalp, HAIR, SKIN))
    kept = keep_identity(own, own, head, 1.0, template.neighbours, scalp)
    for name in ("means", "quaternions", "scales", "opacities", "colours"):
        np.testing.assert_array_equal(getattr(kept, name), getattr(head, name))


def test_edits_of_one_portrait_share_the_answer_and_another_portrait_gets_its_own(template, camera):
    known = KnownHair(template)
    scalp = template.labels == Label.HAIR
    head, labels = fitted(template, scalp), map_of(template, camera, scalp)
    mask = known.of(head, labels, camera)
    np.testing.assert_array_equal(mask, portrait_hair(head, labels, camera, template))
    assert known.of(head, labels.copy(), camera) is mask
    bald = known.of(fitted(template, np.zeros_like(scalp)), labels, camera)
    assert bald.sum() != mask.sum()
    shaved = np.where(labels == Label.HAIR, np.uint8(Label.FACE), labels)
    assert not known.of(head, shaved, camera).any()
