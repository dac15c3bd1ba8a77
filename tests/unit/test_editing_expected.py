"""The edits that PercHead promises, on the sample portrait and with the weights that ship."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
import pytest

from inference.editing.kinds import HAIR, LENS
from inference.editing.projection import front, project, visible
from inference.editing.types import EditRequest, Style
from inference.engine import Engine
from inference.engine_protocol import Reconstruction, ReconstructionOptions
from inference.face_map.document import FaceMapDocument
from inference.face_map.labels import Label
from inference.face_map.stamps.stamp import Stamp, stamped
from inference.files import resource_path
from inference.progress import CancelToken, no_progress

EYES = (Label.RIGHT_EYE, Label.LEFT_EYE)
EARS = (Label.RIGHT_EAR, Label.LEFT_EAR)


@dataclass(frozen=True)
class Sample:
    """The sample portrait, its head without the fit, its map [512, 512] and its style."""

    engine: Engine
    base: Reconstruction
    labels: np.ndarray
    own: Style

    def request(self, labels, style=None):
        return EditRequest(labels, style or self.own, self.base, self.labels, self.own, 1.0)

    def edit(self, labels, words=None):
        style = self.engine.style_of_text(words) if words else None
        return self.engine.edit(self.request(labels, style)).gaussians

    def hair(self, labels):
        """[N] which anchors stand for hair in the edit of a map."""
        request = self.request(labels)
        head, _ = self.engine.editor.shape(request, no_progress, CancelToken())
        return head.kinds == HAIR

    def eye(self, label):
        """[3] metres: the middle of an eye of the portrait's head."""
        return self.base.gaussians.means[self.engine.template.labels == label].mean(0)


@pytest.fixture(scope="module")
def sample():
    engine = Engine()
    image = engine.open_image(resource_path("samples/astronaut.png"))
    portrait = engine.prepare(image, engine.suggest_crop(image, engine.detect(image)[0]))
    base = engine.reconstruct(portrait, ReconstructionOptions(fit=False))
    return Sample(engine, base, engine.parse(portrait).labels, engine.style_of_portrait(portrait))


@pytest.fixture(scope="module")
def mane(sample):
    """The map with hair 25 pixels wider all round and 60 longer, and the head it gives."""
    hair = (sample.labels == Label.HAIR).astype(np.uint8)
    wider = cv2.dilate(hair, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (51, 51))) > 0
    wider[60:] |= wider[:-60].copy()
    labels = sample.labels.copy()
    labels[wider & np.isin(labels, (Label.BACKGROUND, Label.NECK, Label.CLOTH))] = Label.HAIR
    return labels, sample.edit(labels)


def seen_in(mask, means, camera):
    """[N] whether the camera sees the places [N, 3] within a mask [S, S]."""
    there = means @ camera.world_to_camera[:3, :3].T + camera.world_to_camera[:3, 3]
    pixels = there[:, :2] / there[:, 2:] * camera.intrinsics[[0, 1], [0, 1]]
    columns, rows = np.round(pixels + camera.intrinsics[:2, 2]).astype(int).T
    inside = (np.minimum(rows, columns) >= 0) & (np.maximum(rows, columns) < len(mask))
    return inside & mask[np.where(inside, rows, 0), np.where(inside, columns, 0)]


def test_hair_painted_wider_and_longer_is_there_outside_the_old_outline(sample, mane):
    labels, head = mane
    old = cv2.dilate((sample.labels == Label.HAIR).astype(np.uint8), np.ones((13, 13))) > 0
    new = (labels == Label.HAIR) & ~old  # more than six pixels outside
    camera = sample.base.camera
    before = sample.hair(sample.labels) & seen_in(new, sample.base.gaussians.means, camera)
    after = sample.hair(labels) & seen_in(new, head.means, camera)
    assert after.sum() > 4000
    assert after.sum() > 2 * before.sum()


def test_hair_painted_wider_and_longer_changes_behind_the_ears_too(sample, mane):
    before, head = sample.base.gaussians, mane[1]
    ears = np.isin(sample.engine.template.labels, EARS)
    behind = sample.hair(sample.labels) & (before.means[:, 2] < before.means[ears, 2].min())
    assert behind.sum() > 4000
    moved = np.linalg.norm(head.means - before.means, axis=1) > 0.005
    recoloured = np.abs(head.colours - before.colours).max(1) > 0.05
    assert (moved | recoloured)[behind].mean() > 0.5


def test_hair_painted_wider_and_longer_leaves_eyes_and_nose_in_place(sample, mane):
    still = np.isin(sample.engine.template.labels, (*EYES, Label.NOSE))
    away = np.linalg.norm(mane[1].means - sample.base.gaussians.means, axis=1)
    assert away[still].max() < 0.004


def test_grey_curly_hair_is_greyer_and_livelier_than_the_portrait_s_own(sample):
    hair, neighbours = sample.hair(sample.labels), sample.engine.template.neighbours
    saturation, contrast = [], []
    for words in (None, "grey curly hair"):
        colours = sample.edit(sample.labels, words).colours
        brightest = np.maximum(colours.max(1), 1e-3)
        saturation.append(np.median((1 - colours.min(1) / brightest)[hair]))
        # As a share of how bright the hair is: grey hair may be brighter than the portrait's.
        grey = colours.mean(1)
        beside = np.abs(grey - grey[neighbours].mean(1))
        contrast.append(beside[hair].mean() / grey[hair].mean())
    assert saturation[1] < 0.3 * saturation[0]
    assert contrast[1] > 1.3 * contrast[0]


def dark_before(head, eye):
    """How many dark splats stand 8 mm or more before the middle [3] of an eye."""
    beside = np.hypot(*(head.means - eye)[:, :2].T) < 0.012
    before = head.means[:, 2] > eye[2] + 0.008
    return (beside & before & (head.colours.max(1) < 0.12) & (head.opacities > 0.5)).sum()


def test_dark_glasses_stand_before_both_eyes_and_leave_the_head_as_it_was(sample, mane):
    labels, former = mane
    document = FaceMapDocument(sample.labels, sample.base.portrait.landmarks)
    document.replace("Hair", labels)
    document.replace("Glasses", stamped(Stamp.DARK_GLASSES, document, sample.engine.template))
    head = sample.edit(document.labels, "sunglasses")  # a map does not tell dark from clear
    for label in EYES:
        assert dark_before(former, sample.eye(label)) < 20, label.title
        assert dark_before(head, sample.eye(label)) > 300, label.title
    document.undo()
    again = sample.edit(document.labels)
    for name in ("means", "quaternions", "scales", "opacities", "colours"):
        values = getattr(again, name), getattr(former, name)
        np.testing.assert_allclose(*values, atol=1e-6, err_msg=name)


@pytest.fixture(scope="module")
def stamped_map(sample):
    """The map with the stamp for dark glasses."""
    document = FaceMapDocument(sample.labels, sample.base.portrait.landmarks)
    return stamped(Stamp.DARK_GLASSES, document, sample.engine.template)


def dark_lenses(sample, labels, style):
    """How many anchors stand for dark lenses in the edit of a map."""
    request = sample.request(labels, style)
    head, _ = sample.engine.editor.shape(request, no_progress, CancelToken())
    return (head.kinds == LENS).sum()


@pytest.mark.parametrize("words", ["round glasses", "a man with glasses", "clear glasses"])
def test_glasses_in_words_have_clear_lenses_whatever_the_stamp(sample, stamped_map, words):
    assert dark_lenses(sample, stamped_map, sample.engine.style_of_text(words)) == 0


@pytest.mark.parametrize("words", ["sunglasses", "dark glasses", "red hair, shades"])
def test_dark_lenses_in_words_are_dark(sample, stamped_map, words):
    assert dark_lenses(sample, stamped_map, sample.engine.style_of_text(words)) > 300


def test_a_style_that_is_told_to_have_dark_lenses_changes_nothing_else(sample, stamped_map):
    """The stamp in the window adds them so to the portrait's own style."""
    told = replace(sample.own, dark_lenses=True)
    clear, dark = (
        sample.engine.edit(sample.request(stamped_map, style)).gaussians
        for style in (sample.own, told)
    )
    for label in EYES:
        assert dark_before(dark, sample.eye(label)) > dark_before(clear, sample.eye(label)) + 300
    others = ~np.isin(sample.engine.template.labels, (*EYES, Label.FACE, Label.NOSE))
    brows = np.isin(sample.engine.template.labels, (Label.RIGHT_BROW, Label.LEFT_BROW))
    np.testing.assert_array_equal(dark.means[others & ~brows], clear.means[others & ~brows])


def test_glasses_leave_the_hair_of_the_crown_as_it_was(sample):
    template, before = sample.engine.template, sample.base.gaussians
    document = FaceMapDocument(sample.labels, sample.base.portrait.landmarks)
    head = sample.edit(stamped(Stamp.ROUND_GLASSES, document, template))
    hair = template.labels == Label.HAIR
    crown = hair & (template.anchors[:, 1] > np.quantile(template.anchors[hair, 1], 0.6))
    assert np.abs(head.means - before.means).max() > 0.01  # the glasses
    moved = np.linalg.norm(head.means - before.means, axis=1)[crown]
    assert np.quantile(moved, 0.95) < 1e-4
    assert np.quantile(np.abs(head.colours - before.colours).max(1)[crown], 0.95) < 0.01


def test_stamped_long_hair_hides_the_ears_and_leaves_the_cheeks_whole(sample):
    template, camera = sample.engine.template, sample.base.camera
    document = FaceMapDocument(sample.labels, sample.base.portrait.landmarks)
    labels = stamped(Stamp.LONG_HAIR, document, template)
    places, former = sample.edit(labels).means, sample.base.gaussians.means
    hair = sample.hair(labels)
    # What shows well inside the painted hair is hair.
    within = cv2.erode((labels == Label.HAIR).astype(np.uint8), np.ones((13, 13))) > 0
    seen = project(places, camera)
    _, depth = front(seen, template.labels)
    skin = np.isin(template.labels, (*EARS, Label.FACE)) & ~hair
    assert (skin & visible(seen, depth) & seen_in(within, places, camera)).sum() < 100
    # Anchors that were beside each other on the sides of the face still are.
    sides = (np.abs(template.anchors[:, 0]) > 0.03) & (template.anchors[:, 2] > 0.02)
    cheeks = skin & sides & (template.labels == Label.FACE) & ~sample.hair(sample.labels)
    one, column = np.nonzero(cheeks[:, None] & cheeks[template.neighbours])
    other = template.neighbours[one, column]
    now, then = (np.linalg.norm(m[one] - m[other], axis=1) for m in (places, former))
    assert len(one) > 20000
    assert np.quantile(now - then, 0.99) < 0.002


def test_other_hair_leaves_the_brows_as_dark_as_they_were(sample, mane):
    """One was 0.11 darker, one 0.07 paler, painted again on what the edit moved below them."""
    painted = sample.engine.template.labels
    document = FaceMapDocument(sample.labels, sample.base.portrait.landmarks)
    longer = sample.edit(stamped(Stamp.LONG_HAIR, document, sample.engine.template))
    for brow in (Label.RIGHT_BROW, Label.LEFT_BROW):
        before = sample.base.gaussians.colours[painted == brow].mean()
        for head in (longer, mane[1]):
            after = head.colours[painted == brow].mean()
            assert after == pytest.approx(before, abs=0.03), brow.title
