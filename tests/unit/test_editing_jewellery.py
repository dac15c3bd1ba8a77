"""Earrings and necklaces that are painted on a map are worn by the head."""

import numpy as np
import pytest

from inference.editing.jewellery import wear_jewellery
from inference.editing.kinds import EARRING, NECKLACE, SKIN, class_of
from inference.editing.painted_head import PaintedHead
from inference.editing.projection import front, project, visible
from inference.editing.spread import depth_of, pixels_of
from inference.face_map.labels import Label
from inference.head.gaussians import NUM_GAUSSIANS
from inference.rendering.camera import orbit_camera

SIZE = 512
ROWS, COLUMNS = np.mgrid[:SIZE, :SIZE]


@pytest.fixture(scope="module")
def camera():
    return orbit_camera(size=(SIZE, SIZE))


@pytest.fixture(scope="module")
def seen(template, camera):
    sight = project(template.anchors, camera)
    return visible(sight, front(sight, template.labels)[1])


def plain_map():
    return np.full((SIZE, SIZE), Label.FACE, np.uint8)


def worn(labels, template, camera, seen):
    """Places, colours and kinds of a bald grey head that wears what the map shows."""
    means, colours = template.anchors.copy(), np.full((NUM_GAUSSIANS, 3), 0.5, np.float32)
    kinds = np.full(NUM_GAUSSIANS, SKIN)
    wear_jewellery(PaintedHead(means, colours, kinds, seen, labels, camera, template))
    return means, colours, kinds


def lobe_of(template, ear):
    points = template.anchors[template.labels == ear]
    return points[points[:, 1].argmin()]


@pytest.mark.parametrize("ear", [Label.LEFT_EAR, Label.RIGHT_EAR])
def test_a_painted_earring_hangs_at_the_lobe(template, camera, seen, ear):
    lobe = lobe_of(template, ear)
    across, down = pixels_of(lobe[None], camera)[0]
    mask = np.hypot(COLUMNS - across, ROWS - down - 9) < 6
    labels = np.where(mask, np.uint8(Label.EARRING), plain_map())
    means, colours, kinds = worn(labels, template, camera, seen)
    ring = kinds == EARRING
    assert 5 < ring.sum() <= 200
    column, row = pixels_of(means[ring], camera).astype(int).T
    assert mask[row, column].all()
    assert np.ptp(row) > 8  # all of it, not its middle
    away = depth_of(means[ring], camera) - depth_of(lobe[None], camera)
    assert np.abs(away).max() < 0.02
    assert (class_of(kinds, template.labels)[ring] == Label.EARRING).all()
    assert (colours[ring, 0] > colours[ring, 2] + 0.2).all()  # gold
    np.testing.assert_array_equal(means[~ring], template.anchors[~ring])
    np.testing.assert_array_equal(colours[~ring], 0.5)


def test_two_earrings_hang_one_at_each_ear(template, camera, seen):
    labels = plain_map()
    for ear in (Label.LEFT_EAR, Label.RIGHT_EAR):
        across, down = pixels_of(lobe_of(template, ear)[None], camera)[0]
        labels[np.hypot(COLUMNS - across, ROWS - down - 6) < 4] = Label.EARRING
    means, _, kinds = worn(labels, template, camera, seen)
    ring = kinds == EARRING
    assert (means[ring, 0] > 0.05).sum() >= 3
    assert (means[ring, 0] < -0.05).sum() >= 3
    # Nobody crosses the head for it.
    assert (np.sign(means[ring, 0]) == np.sign(template.anchors[ring, 0])).all()


def test_a_painted_necklace_lies_on_the_neck(template, camera, seen):
    mask = (np.abs(COLUMNS - 256) < 45) & (
        np.abs(ROWS - 400 - 12 * np.cos((COLUMNS - 256) / 30)) < 3
    )
    labels = np.where(mask, np.uint8(Label.NECKLACE), plain_map())
    means, _, kinds = worn(labels, template, camera, seen)
    chain = kinds == NECKLACE
    assert chain.sum() > 20
    pixels = pixels_of(means[chain], camera)
    column, row = pixels.astype(int).T
    assert mask[row, column].all()
    assert np.ptp(column) > 70
    skin = seen & np.isin(template.labels, (Label.NECK, Label.FACE))
    there = pixels_of(template.anchors[skin], camera)
    nearest = ((pixels[:, None] - there[None]) ** 2).sum(2).argmin(1)
    before = depth_of(template.anchors[skin], camera)[nearest] - depth_of(means[chain], camera)
    assert before.min() > 0
    assert np.median(before) < 0.006
    assert (class_of(kinds, template.labels)[chain] == Label.NECKLACE).all()


def test_a_map_without_jewellery_and_a_speck_leave_all_as_it_is(template, camera, seen):
    speck = plain_map()
    across, down = pixels_of(lobe_of(template, Label.LEFT_EAR)[None], camera)[0].astype(int)
    speck[down + 3, across : across + 2] = Label.EARRING
    speck[400, 250:252] = Label.NECKLACE
    for labels in (plain_map(), speck):
        means, colours, kinds = worn(labels, template, camera, seen)
        np.testing.assert_array_equal(means, template.anchors)
        np.testing.assert_array_equal(colours, 0.5)
        assert (kinds == SKIN).all()


def test_a_map_of_another_size_says_the_same(template, camera, seen):
    across, down = pixels_of(lobe_of(template, Label.LEFT_EAR)[None], camera)[0] / 2
    small = np.full((256, 256), Label.FACE, np.uint8)
    small[np.hypot(COLUMNS[:256, :256] - across, ROWS[:256, :256] - down - 5) < 3] = Label.EARRING
    wide = small.repeat(2, 0).repeat(2, 1)
    found = [worn(labels, template, camera, seen)[0] for labels in (small, wide)]
    np.testing.assert_array_equal(*found)
