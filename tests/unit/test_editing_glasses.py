"""Glasses leave the face behind them whole, and small things are beads of a fixed size."""

import numpy as np
import pytest

from inference.editing.discs import discs
from inference.editing.glasses import GlassesLook, wear_glasses
from inference.editing.kinds import EARRING, GLASSES, LENS, NECKLACE, SKIN
from inference.editing.painted_head import PaintedHead
from inference.editing.projection import front, project, visible
from inference.editing.spread import pixels_of
from inference.face_map.labels import Label
from inference.head.gaussians import NUM_GAUSSIANS
from inference.rendering.camera import orbit_camera

SIZE = 512
ROWS, COLUMNS = np.mgrid[:SIZE, :SIZE]
EYES = (Label.LEFT_EYE, Label.RIGHT_EYE)
BLUE = np.array([0.1, 0.1, 0.4], np.float32)


@pytest.fixture(scope="module")
def camera():
    return orbit_camera(size=(SIZE, SIZE))


@pytest.fixture(scope="module")
def painted(template, camera):
    """A map with two round glasses on a face."""
    labels = np.full((SIZE, SIZE), Label.FACE, np.uint8)
    for eye in EYES:
        x, y = pixels_of(template.anchors[template.labels == eye], camera).mean(0)
        labels[np.hypot(COLUMNS - x, ROWS - y) < 30] = Label.GLASSES
    return labels


def worn(labels, template, camera, dark):
    means, colours = template.anchors.copy(), np.full((NUM_GAUSSIANS, 3), 0.7, np.float32)
    kinds = np.full(NUM_GAUSSIANS, SKIN)
    head = PaintedHead(means, colours, kinds, kinds >= 0, labels, camera, template)
    wear_glasses(head, GlassesLook(BLUE, dark))
    return means, colours, kinds


@pytest.mark.parametrize("dark", [False, True])
def test_the_face_behind_glasses_has_no_holes(template, camera, painted, dark):
    means, _, kinds = worn(painted, template, camera, dark)
    sight = project(template.anchors, camera)
    seen = visible(sight, front(sight, template.labels)[1])
    column, row = np.clip(pixels_of(template.anchors, camera).astype(int).T, 0, SIZE - 1)
    under = seen & (painted[row, column] == Label.GLASSES) & (template.labels == Label.FACE)
    assert under.sum() > 300
    stays = under & (kinds == SKIN)
    assert stays.sum() >= under.sum() / 3
    np.testing.assert_array_equal(means[stays], template.anchors[stays])
    # Nowhere under them has lost all of its neighbours.
    left = (kinds == SKIN)[template.neighbours].any(1)
    assert left[under].mean() > 0.97


def test_rims_take_nothing_from_the_eyes(template, camera, painted):
    eyes = np.isin(template.labels, EYES)
    means, _, kinds = worn(painted, template, camera, dark=False)
    assert (kinds[eyes] == SKIN).all()
    np.testing.assert_array_equal(means[eyes], template.anchors[eyes])
    kinds = worn(painted, template, camera, dark=True)[2]
    assert not (kinds[eyes] == GLASSES).any()
    assert (kinds[eyes] == LENS).any()


def test_rims_are_seen_along_the_border_and_have_the_style_s_colour(template, camera, painted):
    means, colours, kinds = worn(painted, template, camera, dark=False)
    rim = (kinds == GLASSES) & (means[:, 2] > 0.06)
    column, row = pixels_of(means[rim], camera).astype(int).T
    inside = painted == Label.GLASSES
    near = [np.roll(inside, (down, right), (0, 1)) for down in (-7, 0, 7) for right in (-7, 0, 7)]
    border = np.any(near, 0) & ~np.all(near, 0)
    assert border[row, column].mean() > 0.95
    np.testing.assert_array_equal(colours[rim], np.tile(BLUE, (rim.sum(), 1)))
    # All round: each eighth of the left lens's border has some of them.
    x, y = pixels_of(template.anchors[template.labels == Label.LEFT_EYE], camera).mean(0)
    mine = np.hypot(column - x, row - y) < 40
    eighth = np.arctan2(row[mine] - y, column[mine] - x) // (np.pi / 4)
    assert len(np.unique(eighth)) == 8


@pytest.mark.parametrize("kind", [GLASSES, EARRING, NECKLACE])
def test_beads_are_round_and_of_one_size_wherever_their_anchors_come_from(template, kind):
    rng = np.random.default_rng(0)
    beads = rng.random(NUM_GAUSSIANS) < 0.05
    means = template.anchors.copy()
    means[beads] += rng.normal(0, 0.03, (beads.sum(), 3)).astype(np.float32)
    turns, scales, opacities = discs(means, np.where(beads, kind, SKIN), template.neighbours)
    size = scales[beads]
    assert size.min() == size.max()
    assert 0.0005 < size[0, 0] < 0.0015
    assert opacities[beads].min() > 0.9
    np.testing.assert_allclose(np.linalg.norm(turns, axis=1), 1, atol=1e-5)
    assert np.ptp(scales[~beads][:, 1]) > 0  # skin is as wide as its neighbours are far


def test_thin_frames_and_chains_have_beads_that_touch():
    """An anchor each 1.3 or 1.8 mm: a bead of a third of that would show as dots."""
    means = np.zeros((9, 3), np.float32)
    neighbours = np.array([[j for j in range(9) if j != i] for i in range(9)], np.int32)
    for kind, pitch in ((GLASSES, 0.0013), (EARRING, 0.0012), (NECKLACE, 0.0018)):
        size = discs(means, np.full(9, kind), neighbours)[1]
        assert (size > pitch / 2).all()
