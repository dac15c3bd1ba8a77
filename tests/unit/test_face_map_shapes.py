"""Regions, lifted regions, stamps and colours of a face map."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.face_map.colouring import colour_table, outlined
from inference.face_map.document import SIZE, FaceMapDocument
from inference.face_map.face_frame import face_frame
from inference.face_map.floating import FloatingRegion, Placement
from inference.face_map.labels import COLOURS, Label
from inference.face_map.regions import box_of, polygon_mask, region_at
from inference.face_map.stamps.stamp import Stamp, stamped
from inference.portrait.types import FaceLandmarks
from tests.unit.face_map_heads import seen_head, template


def two_spots() -> np.ndarray:
    labels = np.full((SIZE, SIZE), Label.FACE, np.uint8)
    labels[100:140, 100:150] = Label.NOSE
    labels[300:320, 300:330] = Label.NOSE
    return labels


def test_a_click_takes_one_patch_or_all_of_the_class():
    labels = two_spots()
    patch = region_at(labels, 120.5, 110.5, contiguous=True)
    assert box_of(patch) == (100, 100, 150, 140)
    everything = region_at(labels, 120.5, 110.5, contiguous=False)
    assert everything.sum() == 40 * 50 + 20 * 30
    assert not region_at(labels, -3, 600, contiguous=True).any()


def test_a_polygon_covers_what_it_encloses():
    mask = polygon_mask([(100, 100), (200, 100), (200, 180), (100, 180)], SIZE)
    assert mask[101:179, 101:199].all()
    assert mask.sum() == pytest.approx(100 * 80, rel=0.03)
    assert not polygon_mask([(1, 1), (400, 400)], SIZE).any()


def test_a_lifted_region_moves_and_what_it_leaves_is_filled():
    labels = two_spots()
    region = FloatingRegion(labels, labels, region_at(labels, 120, 110, contiguous=True))
    moved = region.placed(Placement(dx=60, dy=-20))
    assert box_of(region_at(moved, 180, 90, contiguous=True)) == (160, 80, 210, 120)
    assert (moved[100:140, 100:150] == Label.FACE).all()
    assert (moved[300:320, 300:330] == Label.NOSE).all()
    np.testing.assert_array_equal(region.placed(Placement()), labels)


@settings(deadline=None, max_examples=25)
@given(st.floats(0.5, 3), st.floats(0.5, 3))
def test_a_lifted_region_scales_about_its_middle(scale_x, scale_y):
    labels = two_spots()
    region = FloatingRegion(labels, labels, region_at(labels, 120, 110, contiguous=True))
    scaled = region.placed(Placement(scale_x=scale_x, scale_y=scale_y))
    left, top, right, bottom = box_of(region_at(scaled, 125, 120, contiguous=True))
    assert right - left == pytest.approx(50 * scale_x, abs=2)
    assert bottom - top == pytest.approx(40 * scale_y, abs=2)
    assert (left + right) / 2 == pytest.approx(125, abs=1.5)


def test_a_region_that_leaves_the_map_is_cut_off():
    labels = two_spots()
    region = FloatingRegion(labels, labels, region_at(labels, 120, 110, contiguous=True))
    assert (region.placed(Placement(dx=-1000))[:200] == Label.FACE).all()


def test_colours_are_premultiplied_and_hidden_classes_clear():
    table = colour_table(0.5, hidden=[Label.HAIR])
    assert table[Label.HAIR] == table[Label.BACKGROUND] == 0
    assert table[Label.FACE] >> 24 == 128
    assert table[Label.FACE] >> 16 & 255 == pytest.approx(COLOURS[Label.FACE][0] / 2, abs=1)
    assert colour_table(1.0, ground=True)[Label.BACKGROUND] >> 24 == 255


def test_an_outline_runs_along_the_borders_only():
    labels = two_spots()
    line = outlined(labels, colour_table(1.0), 1)
    assert line[100, 120] == colour_table(1.0)[Label.NOSE]
    assert line[99, 120] == colour_table(1.0)[Label.FACE]
    assert line[120, 120] == line[20, 20] == 0


# Stamps, on heads of which every anchor's place in the picture is known


@pytest.mark.parametrize("yaw", [-45, 0, 30])
def test_the_frame_finds_how_the_head_is_turned(yaw):
    head = seen_head(yaw)
    frame = face_frame(FaceLandmarks(head.landmarks, 1.0), template())
    assert np.degrees(frame.turn) == pytest.approx(yaw, abs=4)
    apart = np.linalg.norm(frame.project(template().anchors.astype(float)) - head.anchors, axis=1)
    on_head = template().anchors[:, 1] > -0.05
    assert np.median(apart[on_head]) < 6


@pytest.mark.parametrize("yaw", [-40, 0, 35])
def test_stamps_land_where_they_belong(yaw):
    head = seen_head(yaw)
    landmarks = FaceLandmarks(head.landmarks, 1.0)
    document = FaceMapDocument(head.labels, landmarks)
    at = {name: tuple(np.round(point).astype(int)[::-1]) for name, point in head.places.items()}
    maps = {stamp: stamped(stamp, document, template()) for stamp in Stamp}
    for stamp in (Stamp.ROUND_GLASSES, Stamp.SQUARE_GLASSES, Stamp.DARK_GLASSES):
        glasses = maps[stamp] == Label.GLASSES
        assert glasses[at["right eye"]]
        assert glasses[at["left eye"]]
        assert not glasses[at["mouth"]]
        assert not glasses[at["crown"]]
    for stamp in (Stamp.BEANIE, Stamp.BRIM_HAT):
        assert maps[stamp][at["crown"]] == Label.HAT
        assert (maps[stamp] == head.labels)[at["right eye"]]
        assert (maps[stamp] == head.labels)[at["left eye"]]
    near = "left ear" if yaw < 0 else "right ear"
    rows, columns = np.nonzero(maps[Stamp.EARRINGS] == Label.EARRING)
    assert np.hypot(rows - at[near][0], columns - at[near][1]).min() < 45
    for stamp in (Stamp.SHORT_HAIR, Stamp.BOB, Stamp.LONG_HAIR):
        assert maps[stamp][at["crown"]] == Label.HAIR
        assert maps[stamp][at["mouth"]] == head.labels[at["mouth"]]
    lowest = [
        np.nonzero((maps[stamp] == Label.HAIR).any(1))[0].max()
        for stamp in (Stamp.SHORT_HAIR, Stamp.BOB, Stamp.LONG_HAIR)
    ]
    assert lowest == sorted(lowest)
    assert lowest[2] > lowest[1] + 60


def test_a_stamp_replaces_its_like():
    head = seen_head(0)
    landmarks = FaceLandmarks(head.landmarks, 1.0)
    document = FaceMapDocument(head.labels, landmarks)
    document.replace("Dark", stamped(Stamp.DARK_GLASSES, document, template()))
    document.replace("Round", stamped(Stamp.ROUND_GLASSES, document, template()))
    alone = stamped(Stamp.ROUND_GLASSES, FaceMapDocument(head.labels, landmarks), template())
    np.testing.assert_array_equal(document.labels == Label.GLASSES, alone == Label.GLASSES)


def test_without_landmarks_there_is_no_stamp():
    assert stamped(Stamp.BEANIE, FaceMapDocument(), template()) is None
