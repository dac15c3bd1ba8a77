"""The geometry of edits: maps move heads, kinds follow maps, glasses stand before the eyes."""

import cv2
import numpy as np
import pytest

from inference.editing.discs import discs
from inference.editing.feature_fit import feature_displacement
from inference.editing.glasses import GlassesLook, wear_glasses
from inference.editing.identity import ShapedHead, keep_identity
from inference.editing.kinds import GLASSES, HAIR, LENS, SKIN, Choices, choose_kinds, class_of
from inference.editing.map_camera import camera_of_pose
from inference.editing.map_fit import follow, movement
from inference.editing.painted_head import PaintedHead
from inference.editing.projection import GRID, front, project, shrink, visible
from inference.face_map.labels import FEATURES, Label
from inference.head.gaussians import NUM_GAUSSIANS
from inference.rendering.camera import HEAD_CENTRE, orbit_camera

SIZE = 512
LOOK = GlassesLook(np.array([0.1, 0.1, 0.1], np.float32), dark=False)


@pytest.fixture(scope="module")
def camera():
    return orbit_camera(size=(SIZE, SIZE))


def bald(count):
    return np.full(count, SKIN)


def test_a_pose_and_its_camera_agree():
    for yaw, elevation in ((0, 0), (0.6, 0.2), (-1.1, -0.3)):
        pose = np.array([yaw, elevation, 0.1, 0.05, -0.04, 0.03], np.float32)
        camera = camera_of_pose(pose, SIZE)
        centre = camera.project(np.array([HEAD_CENTRE]))[0][0] / (SIZE / 2) - 1
        np.testing.assert_allclose(centre, pose[3:5], atol=1e-6)
        away = -camera.world_to_camera[2, :3]
        assert np.arctan2(away[0], away[2]) == pytest.approx(yaw, abs=1e-6)
        assert np.arcsin(away[1]) == pytest.approx(elevation, abs=1e-6)


def test_only_what_is_in_front_shows(template, camera):
    seen = project(template.anchors, camera)
    labels, depth = front(seen, class_of(bald(NUM_GAUSSIANS), template.labels))
    shown = visible(seen, depth)
    assert shown[template.labels == Label.NOSE].mean() > 0.9
    behind = template.anchors[:, 2] < -0.08
    assert shown[behind].mean() < 0.1
    assert labels[GRID // 2, GRID // 2] in (Label.NOSE, Label.FACE)
    assert labels[0, 0] == Label.BACKGROUND


def test_the_front_is_what_a_loop_over_anchors_finds(camera):
    rng = np.random.default_rng(3)
    means = (HEAD_CENTRE + rng.normal(0, 0.09, (4000, 3))).astype(np.float32)
    labels = rng.integers(1, 19, 4000).astype(np.uint8)
    seen = project(means, camera)
    shown, depth = front(seen, labels)
    nearest, wide = np.full((2, GRID + 2, GRID + 2), np.inf)
    names = np.zeros((GRID + 2, GRID + 2), np.uint8)
    for cell, far, label in zip(seen.cells[seen.inside], seen.depth[seen.inside],
                                labels[seen.inside], strict=True):  # fmt: skip
        row, column = divmod(int(cell), GRID)
        if far < nearest[row + 1, column + 1]:
            nearest[row + 1, column + 1], names[row + 1, column + 1] = far, label
    for row in range(1, GRID + 1):
        for column in range(1, GRID + 1):
            wide[row, column] = nearest[row - 1 : row + 2, column - 1 : column + 2].min()
    own = depth == nearest[1:-1, 1:-1]
    assert (shown[own] == names[1:-1, 1:-1][own]).all()
    np.testing.assert_array_equal(depth[~own], wide[1:-1, 1:-1][~own].astype(np.float32))
    assert (~own).any()
    assert np.isin(shown, [*np.unique(labels), 0]).all()


def test_a_head_follows_a_map_that_moved_a_part(template, camera):
    kinds = bald(NUM_GAUSSIANS)
    seen = project(template.anchors, camera)
    shown, _ = front(seen, class_of(kinds, template.labels))
    wanted = shown.copy()
    lips = np.isin(shown, (Label.UPPER_LIP, Label.LOWER_LIP, Label.INNER_MOUTH))
    wanted[lips] = Label.FACE
    lower = np.roll(lips, 4, axis=0)
    wanted[lower] = np.roll(shown, 4, axis=0)[lower]
    moved = follow(template.anchors, kinds == SKIN, seen, movement(shown, wanted), camera)
    step = moved - template.anchors
    mouth = np.isin(template.labels, (Label.UPPER_LIP, Label.LOWER_LIP))
    assert step[mouth, 1].mean() < -0.007  # four cells are 13 mm
    eyes = np.isin(template.labels, (Label.LEFT_EYE, Label.RIGHT_EYE))
    assert np.abs(step[eyes]).mean() < 0.002
    again, _ = front(project(moved, camera), class_of(kinds, template.labels))
    there = np.isin(again, (Label.UPPER_LIP, Label.LOWER_LIP))
    agree = (there & lower).sum() / (there | lower).sum()
    assert agree > (lips & lower).sum() / (lips | lower).sum() + 0.2


def test_outlines_that_the_head_shows_already_move_nothing(template, camera):
    seen = project(template.anchors, camera)
    shown, _ = front(seen, class_of(bald(NUM_GAUSSIANS), template.labels))
    plain = np.where(np.isin(shown, FEATURES), np.uint8(Label.FACE), shown)
    found = movement(plain, plain)
    assert np.abs(found.worn).max() < 1e-3
    assert np.abs(found.skin).max() < 1e-3


def test_a_nose_that_is_as_wide_as_maps_draw_noses_stays_as_it_is(template, camera):
    """Anchors called nose are 0.76 as wide as the nose of a map of the same head."""
    seen = project(template.anchors, camera)
    shown, _ = front(seen, class_of(bald(NUM_GAUSSIANS), template.labels))
    nose = shown == Label.NOSE
    shown = np.where(nose, np.uint8(Label.NOSE), np.uint8(Label.FACE))
    rows, columns = np.nonzero(nose)
    drawn = shown.copy()
    wider = cv2.resize(nose.astype(np.uint8), None, fx=1 / 0.76, fy=1 / 0.92)
    tall, wide = wider.shape
    centre = round(rows.mean() * tall / GRID), round(columns.mean() * wide / GRID)
    top = centre[0] - round(rows.mean() + 0.27 * rows.std() / 0.92)
    left = centre[1] - round(columns.mean())
    drawn[wider[top : top + GRID, left : left + GRID] > 0] = Label.NOSE
    still = np.zeros((GRID, GRID, 2), np.float32)
    moved = feature_displacement(shown, drawn, still)
    as_drawn = feature_displacement(shown, shown, still)
    assert np.ptp(moved[nose][:, 0]) < 0.6
    assert np.ptp(as_drawn[nose][:, 0]) > 1.2  # such a map has a narrower nose than the head


def test_a_fringe_moves_over_a_face_and_leaves_it_where_it_is(template, camera):
    seen = project(template.anchors, camera)
    shown, _ = front(seen, class_of(bald(NUM_GAUSSIANS), template.labels))
    rows = np.arange(GRID)[:, None]
    brows = np.argwhere(np.isin(shown, (Label.LEFT_BROW, Label.RIGHT_BROW)))[:, 0].min()
    short = np.where((rows < brows - 12) & (shown > 0), np.uint8(Label.HAIR), shown)
    long = np.where((rows < brows - 4) & (shown > 0), np.uint8(Label.HAIR), shown)
    found = movement(short, long)
    edge = (brows - 12, GRID // 2)
    assert found.worn[edge][1] > 4
    assert np.abs(found.skin[edge]).max() < 1


def test_what_hair_leaves_of_an_ear_draws_no_cheek_along(template, camera):
    seen = project(template.anchors, camera)
    bald_head, _ = front(seen, class_of(bald(NUM_GAUSSIANS), template.labels))
    rows, columns = np.nonzero(bald_head == Label.LEFT_EAR)
    inner = columns.min()
    wanted = np.where(bald_head == Label.LEFT_EAR, np.uint8(Label.FACE), bald_head)
    wanted[rows.min() - 12 : rows.max() + 12, inner : inner + 16] = Label.HAIR
    shown = wanted.copy()
    middle = (rows.min() + rows.max()) // 2
    shown[middle - 3 : middle + 3, inner - 2 : inner] = Label.LEFT_EAR
    still = movement(wanted, wanted).skin  # features find their places
    for found in (movement(shown, wanted), movement(wanted, shown)):
        assert np.abs(found.skin - still).max() < 0.5


def test_anchors_in_sight_are_what_the_map_shows_there(template, camera):
    places = np.repeat(template.anchors[:, None], 4, axis=1)
    places[:, HAIR] += 0.004 * template.normals
    chances = np.tile(np.array([0.5, 0.5, 0, 0], np.float32), (NUM_GAUSSIANS, 1))
    choices = Choices(chances, places, np.zeros_like(places))
    bare, _ = front(
        project(template.anchors, camera), class_of(bald(NUM_GAUSSIANS), template.labels)
    )
    wanted = bare.copy()
    wanted[: GRID // 3][wanted[: GRID // 3] > 0] = Label.HAIR
    kinds = choose_kinds(choices, template.labels, wanted, camera, template.neighbours)
    seen = project(template.anchors, camera)
    _, depth = front(seen, template.labels)
    sure = visible(seen, depth)
    top = sure & (seen.points[:, 1] < GRID / 3 - 4)
    face = sure & (seen.points[:, 1] > GRID / 3 + 4) & (template.anchors[:, 1] > -0.1)
    assert (kinds[top] == HAIR).mean() > 0.9
    assert (kinds[face] == SKIN).mean() > 0.9
    without = np.where(wanted == Label.HAIR, Label.FACE, wanted)
    kinds = choose_kinds(choices, template.labels, without, camera, template.neighbours)
    assert not (kinds == HAIR).any()


@pytest.mark.parametrize("dark", [False, True])
def test_painted_glasses_stand_before_the_eyes(template, camera, dark):
    means, kinds = template.anchors.copy(), bald(NUM_GAUSSIANS)
    colours = np.full_like(means, 0.7)
    labels = np.full((SIZE, SIZE), Label.FACE, np.uint8)
    eyes = np.isin(template.labels, (Label.LEFT_EYE, Label.RIGHT_EYE))
    spots = camera.project(template.anchors[eyes].astype(np.float64))[0]
    rows, columns = np.mgrid[:SIZE, :SIZE]
    for side in (spots[:, 0] < SIZE / 2, spots[:, 0] >= SIZE / 2):
        x, y = spots[side].mean(0)
        labels[np.hypot(columns - x, rows - y) < 30] = Label.GLASSES
    look = GlassesLook(LOOK.colour, dark)
    assert wear_glasses(
        PaintedHead(means, colours, kinds, kinds >= 0, labels, camera, template), look
    )
    worn = np.isin(kinds, (GLASSES, LENS))
    assert worn.sum() > 150
    front_part = worn & (means[:, 2] > 0.06)
    assert (means[front_part, 2] >= template.anchors[front_part, 2]).all()
    assert (colours[worn].mean(1) < 0.2).all()
    covered = worn[eyes].mean()
    assert covered > 0.5 if dark else covered < 0.1
    left = worn & (template.anchors[:, 0] > 0.05) & (means[:, 2] < 0.03)
    assert left.sum() > 5  # an arm to the ear


def test_a_map_without_glasses_leaves_the_head_alone(template, camera):
    means, kinds = template.anchors.copy(), bald(NUM_GAUSSIANS)
    labels = np.full((SIZE, SIZE), Label.FACE, np.uint8)
    assert not wear_glasses(
        PaintedHead(means, means.copy(), kinds, kinds >= 0, labels, camera, template), LOOK
    )
    np.testing.assert_array_equal(means, template.anchors)


def test_discs_lie_in_the_surface(template):
    turns, scales, opacities = discs(template.anchors, bald(NUM_GAUSSIANS), template.neighbours)
    w, x, y, z = turns.T
    normal = np.stack([1 - 2 * (y * y + z * z), 2 * (x * y + w * z), 2 * (x * z - w * y)], axis=1)
    face = template.labels == Label.FACE
    assert np.median(np.abs((normal * template.normals).sum(1))[face]) > 0.97
    assert (scales[:, 0] <= scales[:, 1:].min(1)).all()
    assert 0 < opacities.min() <= opacities.max() <= 1


def test_discs_of_some_anchors_are_those_of_all(template):
    rng = np.random.default_rng(0)
    kinds = rng.integers(0, 6, NUM_GAUSSIANS)
    wanted = rng.random(NUM_GAUSSIANS) < 0.1
    everything = discs(template.anchors, kinds, template.neighbours)
    some = discs(template.anchors, kinds, template.neighbours, wanted)
    for whole, part in zip(everything, some, strict=True):
        np.testing.assert_array_equal(part, whole[wanted])


def head_of(template, colour):
    kinds = np.where(template.labels == Label.HAIR, HAIR, SKIN)
    return ShapedHead(template.anchors.copy(), np.full((NUM_GAUSSIANS, 3), colour), kinds)


def test_identity_is_kept_where_nothing_changed_and_only_there(template):
    before = head_of(template, 0.4)
    fitted = before.splats(template.neighbours)
    rng = np.random.default_rng(0)
    from dataclasses import replace

    fitted = replace(fitted, colours=rng.random((NUM_GAUSSIANS, 3), np.float32))
    same = keep_identity(before, before, fitted, 1.0, template.neighbours)
    np.testing.assert_array_equal(same.colours, fitted.colours)
    np.testing.assert_array_equal(same.means, fitted.means)
    none = keep_identity(before, before, fitted, 0.0, template.neighbours)
    np.testing.assert_allclose(none.colours, 0.4, atol=1e-6)

    changed = before.kinds.copy()
    crown = (template.labels == Label.HAIR) & (template.anchors[:, 1] > 0.1)
    changed[crown] = SKIN
    edited = ShapedHead(before.means, before.colours, changed)
    skin = np.array([0.7, 0.5, 0.3], np.float32)
    colours = fitted.colours.copy()
    colours[before.kinds == SKIN] = (
        skin + rng.uniform(-0.1, 0.1, colours.shape)[before.kinds == SKIN]
    )
    fitted = replace(fitted, colours=colours)
    kept = keep_identity(edited, before, fitted, 1.0, template.neighbours)
    # New skin is like the photograph's skin, not like the hair that was there.
    np.testing.assert_allclose(kept.colours[crown], np.tile(skin, (crown.sum(), 1)), atol=0.06)
    face = template.labels == Label.NOSE
    np.testing.assert_array_equal(kept.colours[face], fitted.colours[face])


def test_shrinking_a_map_keeps_its_classes():
    labels = np.zeros((SIZE, SIZE), np.uint8)
    labels[:, SIZE // 2 :] = Label.HAIR
    small = shrink(labels)
    assert small.shape == (GRID, GRID)
    assert (small == Label.HAIR).mean() == 0.5


def test_what_only_looks_like_hair_changes_as_hair_does(template):
    before = head_of(template, 0.4)
    fitted = before.splats(template.neighbours)
    fringe = (template.labels == Label.FACE) & (template.anchors[:, 1] > 0.07)
    colours = before.colours.copy()
    colours[before.kinds == HAIR] = 0.6
    edited = ShapedHead(before.means, colours, before.kinds)
    scalp = before.kinds == HAIR
    kept = keep_identity(edited, before, fitted, 1.0, template.neighbours, fringe | scalp, dye=1.0)
    inner = fringe | scalp  # towards the face it ends softly
    for _ in range(7):
        inner = inner & inner[template.neighbours].all(1)
    assert (inner & fringe).sum() > 300
    np.testing.assert_allclose(kept.colours[inner & fringe], 0.75, atol=1e-5)
    assert kept.colours[fringe].min() >= 0.4 - 1e-6
    np.testing.assert_allclose(kept.colours[template.labels == Label.NOSE], 0.4, atol=1e-6)
