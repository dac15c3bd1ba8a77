"""Painting on a face map: strokes, protection, undo, and what the eraser brings to light."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.face_map.box import Box
from inference.face_map.document import SIZE, FaceMapDocument
from inference.face_map.footprint import swept_disc
from inference.face_map.history import TILE
from inference.face_map.inks import EraserInk, LabelInk, RestoreInk, SmoothInk
from inference.face_map.labels import COLOURS, COUNT, MIRRORED, Label, beneath
from inference.face_map.stroke import BrushStroke
from inference.face_map.symmetry import Axis, symmetry_axis
from inference.portrait.types import FaceLandmarks
from tests.unit.face_map_heads import seen_head
from training.template import labels as template_labels


def head() -> np.ndarray:
    """A disc of face on background, its upper third hair, clothing below."""
    y, x = np.mgrid[:SIZE, :SIZE]
    labels = np.zeros((SIZE, SIZE), np.uint8)
    labels[400:] = Label.CLOTH
    disc = (x - 256) ** 2 + (y - 250) ** 2 < 150**2
    labels[disc] = Label.FACE
    labels[disc & (y < 180)] = Label.HAIR
    return labels


def draw(document, ink, points, radius=20.0, axis=None, title="Brush"):
    document.begin(title)
    stroke = BrushStroke(document, ink(document) if callable(ink) else ink, radius, axis)
    for point in points:
        stroke.to(*point)
    return document.finish()


def test_the_classes_are_those_of_the_template_and_each_has_a_colour_of_its_own():
    assert [(a.name, a.value) for a in Label] == [(a.name, a.value) for a in template_labels.Label]
    np.testing.assert_array_equal(MIRRORED, template_labels.MIRRORED_LABEL)
    assert len(np.unique(COLOURS, axis=0)) == COUNT
    for label in Label:
        assert label not in beneath(label)


points = st.tuples(st.floats(-50, 562), st.floats(-50, 562))
lines = st.lists(points, min_size=1, max_size=4)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(lines, st.integers(0, 18), st.floats(0.5, 120)), max_size=5))
def test_undo_goes_back_to_every_state_and_redo_forward(strokes):
    document = FaceMapDocument(head())
    states = [document.labels.copy()]
    for line, label, radius in strokes:
        if draw(document, LabelInk(label), line, radius):
            states.append(document.labels.copy())
    for state in reversed(states[:-1]):
        assert document.undo()
        np.testing.assert_array_equal(document.labels, state)
    assert not document.undo()
    for state in states[1:]:
        assert document.redo()
        np.testing.assert_array_equal(document.labels, state)
    assert not document.redo()


def test_a_new_stroke_ends_what_could_be_redone():
    document = FaceMapDocument(head())
    draw(document, LabelInk(Label.HAT), [(100, 100)])
    document.undo()
    draw(document, LabelInk(Label.HAT), [(200, 200)], title="Hat")
    assert document.history.redo_title is None
    assert document.history.undo_title == "Hat"


def test_the_history_keeps_within_its_memory_and_forgets_the_oldest():
    document = FaceMapDocument(head(), memory=40_000)
    rng = np.random.default_rng(0)
    for _ in range(300):
        draw(document, LabelInk(int(rng.integers(19))), rng.uniform(0, SIZE, (2, 2)), 15)
        assert document.history.size <= 40_000
    left = document.history.steps
    undone = 0
    while document.undo():
        undone += 1
        assert document.history.steps == left - undone
    assert 10 < undone < 300
    assert document.history.steps == 0
    while document.redo():
        undone -= 1
    assert (document.history.steps, undone) == (left, 0)


def test_a_small_stroke_costs_little_memory():
    document = FaceMapDocument(head())
    draw(document, LabelInk(Label.HAT), [(100, 100)], 10)
    assert 0 < document.history.size < 4 * (TILE * TILE // 8)


def test_a_stroke_that_changes_nothing_is_no_step():
    document = FaceMapDocument(head())
    assert not draw(document, LabelInk(Label.FACE), [(256, 300)])
    assert document.history.undo_title is None


def test_an_abandoned_stroke_never_was():
    document = FaceMapDocument(head())
    document.begin("Brush")
    BrushStroke(document, LabelInk(Label.HAT), 40).to(256, 256)
    assert (document.labels == Label.HAT).any()
    document.abandon()
    np.testing.assert_array_equal(document.labels, head())
    assert not document.undo()


def test_a_locked_class_keeps_its_pixels():
    document = FaceMapDocument(head())
    document.locked = {Label.HAIR}
    draw(document, LabelInk(Label.HAT), [(256, 180)], 60)
    np.testing.assert_array_equal((document.labels == Label.HAIR), head() == Label.HAIR)
    assert (document.labels == Label.HAT).any()
    draw(document, EraserInk, [(256, 120)], 60)
    np.testing.assert_array_equal((document.labels == Label.HAIR), head() == Label.HAIR)


def test_only_over_paints_nothing_else():
    document = FaceMapDocument(head())
    document.only_over = {Label.FACE}
    draw(document, LabelInk(Label.GLASSES), [(100, 180), (420, 180)], 30)
    changed = document.labels != head()
    assert changed.any()
    assert set(np.unique(head()[changed])) == {Label.FACE}


def test_listeners_learn_where_and_when_a_stroke_is_over():
    document = FaceMapDocument(head())
    heard: list[tuple[Box, bool]] = []
    document.subscribe(lambda box, finished: heard.append((box, finished)))
    before = document.labels.copy()
    draw(document, LabelInk(Label.HAT), [(100, 100), (150, 120)], 10)
    assert [finished for _, finished in heard] == [False, False, True]
    rows, columns = np.nonzero(document.labels != before)
    box = heard[-1][0]
    assert box.left <= columns.min()
    assert columns.max() < box.right
    assert box.top <= rows.min()
    assert rows.max() < box.bottom


def test_the_map_cannot_be_changed_behind_the_documents_back():
    document = FaceMapDocument(head())
    with pytest.raises(ValueError, match="read-only"):
        document.labels[0, 0] = 3
    with pytest.raises(ValueError, match="face map"):
        FaceMapDocument(np.full((SIZE, SIZE), 19, np.uint8))


def test_the_eraser_brings_back_what_was_parsed():
    document = FaceMapDocument(head())
    draw(document, LabelInk(Label.GLASSES), [(200, 230), (312, 230)], 25)
    draw(document, EraserInk, [(150, 230), (362, 230)], 60)
    np.testing.assert_array_equal(document.labels == Label.GLASSES, np.zeros((SIZE, SIZE), bool))
    np.testing.assert_array_equal(document.labels[225:235, 180:330], head()[225:235, 180:330])


def test_the_eraser_lets_the_nearest_class_grow_where_the_parser_saw_the_same():
    parsed = head()
    parsed[240:260, 180:330] = Label.GLASSES
    document = FaceMapDocument(parsed)
    draw(document, EraserInk, [(180, 250), (330, 250)], 30)
    assert set(np.unique(document.labels[240:260, 180:330])) == {Label.FACE}
    # Hair at the rim of the head becomes background, hair at the forehead becomes face.
    draw(document, EraserInk, [(256, 102), (256, 178)], 2)
    assert document.labels[104, 256] == Label.BACKGROUND
    assert document.labels[176, 256] == Label.FACE


def test_restoring_goes_back_to_the_parsed_map_under_the_brush_only():
    document = FaceMapDocument(head())
    draw(document, LabelInk(Label.HAT), [(100, 100), (400, 100)], 30)
    draw(document, RestoreInk, [(100, 100)], 40)
    assert (document.labels[90:110, 90:110] == head()[90:110, 90:110]).all()
    assert (document.labels == Label.HAT).any()
    document.reset()
    np.testing.assert_array_equal(document.labels, head())
    document.undo()
    assert (document.labels == Label.HAT).any()


def test_smoothing_shortens_a_ragged_border_and_leaves_flat_ground_alone():
    labels = head()
    labels[250:350:2, 100:110] = Label.HAIR  # teeth on the border
    ragged = np.abs(np.diff((labels == Label.HAIR).astype(int), axis=0)).sum()
    document = FaceMapDocument(labels)
    for _ in range(2):
        draw(document, lambda d: SmoothInk(d, 3.0), [(105, 240), (105, 360)], 25)
    after = np.abs(np.diff((document.labels == Label.HAIR).astype(int), axis=0)).sum()
    assert after < ragged - 80
    document = FaceMapDocument(head())
    assert not draw(document, lambda d: SmoothInk(d, 3.0), [(256, 300)], 30)


def test_a_mirrored_stroke_swaps_left_and_right():
    document = FaceMapDocument(head())
    draw(document, LabelInk(Label.RIGHT_BROW), [(200, 210)], 12, Axis(256, 0, 0, 1))
    right, left = document.labels == Label.RIGHT_BROW, document.labels == Label.LEFT_BROW
    assert right.sum() == left.sum() > 300
    np.testing.assert_array_equal(right, left[:, ::-1])
    document.undo()
    np.testing.assert_array_equal(document.labels, head())


@settings(deadline=None)
@given(st.floats(-0.6, 0.6), st.floats(0.5, 2), st.floats(-40, 40))
def test_the_axis_follows_the_face(roll, scale, shift):
    turned = np.array([[np.cos(roll), -np.sin(roll)], [np.sin(roll), np.cos(roll)]])
    moved = (seen_head(0).landmarks - 256) @ turned.T * scale + 256 + shift
    axis = symmetry_axis(FaceLandmarks(moved, 1.0), SIZE)
    right, left = moved[33], moved[263]
    assert axis.reflected(*right) == pytest.approx(tuple(left), abs=1.0 * scale)
    assert axis.reflected(*axis.reflected(12.0, 34.0)) == pytest.approx((12.0, 34.0), abs=1e-6)


def test_without_landmarks_the_axis_is_the_middle():
    assert symmetry_axis(None, SIZE).reflected(100, 70) == pytest.approx((412, 70))


@settings(deadline=None)
@given(points, points, st.floats(0, 200))
def test_a_swept_disc_covers_its_way_and_stays_in_the_map(start, end, radius):
    box, mask = swept_disc(start, end, radius, SIZE)
    assert mask.shape == (box.bottom - box.top, box.right - box.left)
    for x, y in (start, end):
        if 1 <= x < SIZE - 1 and 1 <= y < SIZE - 1:
            assert mask[int(y) - box.top, int(x) - box.left]
