"""Matte and outline belong to the person alone: not to others, nor to the photograph's border."""

from dataclasses import replace

import numpy as np
import pytest

from inference.fitting.evidence.beyond import carry_beyond
from inference.fitting.evidence.regions import Regions
from inference.fitting.evidence.strangers import without_strangers
from inference.fitting.shape.outline import OutlineMatches, match_outline
from inference.fitting.shape.outline_kinds import FACE_REACH, of_one_kind
from inference.fitting.solvers.blending import Blending, blend
from inference.head.gaussians import Gaussians
from inference.head.template import HeadTemplate
from inference.portrait.types import CropBox, PreparedPortrait
from inference.rendering.camera import orbit_camera

SIZE = 256
FRONT = orbit_camera(size=(SIZE, SIZE))
HAIR, NECK, CHEEK = 14, 1, 2


def portrait(alpha: np.ndarray, inside: np.ndarray | None = None) -> PreparedPortrait:
    size = len(alpha)
    columns = np.tile(np.linspace(0, 1, size, dtype=np.float32), (size, 1))
    image = np.repeat(columns[..., None], 3, 2)
    return PreparedPortrait(image, alpha, None, CropBox(size / 2, size / 2, size), inside)


def ones(rows: slice, columns: slice) -> np.ndarray:
    result = np.zeros((SIZE, SIZE), np.float32)
    result[rows, columns] = 1
    return result


# What is beyond the photograph's border


def test_beyond_the_border_goes_on_what_is_at_it() -> None:
    inside = ones(slice(40, 200), slice(0, SIZE))
    alpha = ones(slice(100, 200), slice(50, 150))
    found = carry_beyond(portrait(alpha, inside), Regions(cloth=alpha))
    whole, regions, known = found.portrait, found.regions, found.inside
    assert known is not None
    assert regions.cloth is not None
    assert (whole.alpha[200:, 60:140] == 1).all()  # the shoulders go on
    assert (whole.alpha[:40] == 0).all()
    assert (regions.cloth[200:, 60:140] == 1).all()
    assert (whole.image[-1] == whole.image[150]).all()
    assert known[:40].max() == known[200:].max() == 0
    assert known[60:190].min() == 1  # the crop's own border is none of the photograph's


def test_of_a_photograph_that_fills_the_crop_everything_is_known() -> None:
    whole = portrait(ones(slice(0, 99), slice(0, 99)), np.ones((SIZE, SIZE), np.float32))
    found = carry_beyond(whole, Regions())
    assert found.portrait is whole
    assert found.inside is None
    unsaid = replace(whole, inside=None)
    assert carry_beyond(unsaid, Regions()).inside is None


def test_a_strip_of_a_photograph_is_left_as_it_is() -> None:
    strip = portrait(np.zeros((SIZE, SIZE), np.float32), ones(slice(0, 2), slice(0, SIZE)))
    assert carry_beyond(strip, Regions()).portrait is strip


# The outline


@pytest.fixture(scope="module")
def blending(head: Gaussians) -> Blending:
    return blend(head, FRONT)


def furthest(matches: OutlineMatches) -> float:
    """Pixels that any of the outline that counts is to move."""
    return float((np.linalg.norm(matches.shifts, axis=1) * matches.trust).max())


def test_shoulders_are_not_drawn_in_to_the_photographs_border(
    blending: Blending, head: Gaussians
) -> None:
    inside = ones(slice(0, SIZE), slice(85, SIZE - 85))
    cut = portrait(blending.alpha * inside, inside)
    found = carry_beyond(cut, Regions())
    whole, known = found.portrait, found.inside
    naive = match_outline(blending, head.means, cut.alpha, 40)
    told = match_outline(blending, head.means, whole.alpha, 40, known)
    assert furthest(naive) > 25
    assert furthest(told) < 2
    pixels, _ = FRONT.project(told.points)
    assert pixels[:, 0].min() > 80


@pytest.fixture(scope="module")
def matches(template: HeadTemplate) -> OutlineMatches:
    """One of a crown, one of a shoulder and one of a cheek, each to move 5 pixels outwards."""
    crown = int((template.anchors[:, 1] * (template.labels == HAIR)).argmax())
    neck = np.where(template.labels == NECK, template.anchors[:, 0] - template.anchors[:, 1], -9)
    face = np.where(template.labels == CHEEK, template.anchors[:, 0], -9)
    anchors = np.array([crown, int(neck.argmax()), int(face.argmax())])
    shifts = np.array([[0, -5.0], [5.0, 0], [5.0, 0]])
    points = template.anchors[anchors].astype(np.float64)
    return OutlineMatches(points, shifts, np.ones(3), anchors)


def test_heads_go_to_heads_and_shoulders_to_bodies(
    matches: OutlineMatches, template: HeadTemplate
) -> None:
    everywhere, nowhere = np.ones((SIZE, SIZE), np.float32), np.zeros((SIZE, SIZE), np.float32)
    heads = Regions(head=everywhere, body=nowhere)
    bodies = Regions(head=nowhere, body=everywhere)
    assert of_one_kind(matches, template, FRONT, heads).trust.tolist() == [1, 0, 1]
    assert of_one_kind(matches, template, FRONT, bodies).trust.tolist() == [0, 1, 0]
    assert of_one_kind(matches, template, FRONT, Regions()).trust.tolist() == [1, 1, 1]


def test_a_cheek_does_not_go_far(matches: OutlineMatches, template: HeadTemplate) -> None:
    far = FACE_REACH * FRONT.pixels_per_metre + 1
    away = replace(matches, shifts=matches.shifts / 5 * far)
    assert of_one_kind(away, template, FRONT, Regions()).trust.tolist() == [1, 1, 0]


# Other people


def test_what_the_face_map_calls_background_is_nobody() -> None:
    person, stranger = ones(slice(50, 256), slice(80, 180)), ones(slice(100, 200), slice(180, 240))
    seen = Regions(head=person * 0.6, body=person * 0.4)
    alone = without_strangers(portrait(person + stranger), seen)
    assert alone.alpha[120:180, 190:230].max() < 0.02
    assert alone.alpha[60:250, 90:170].min() > 0.98


def test_the_mattes_own_outline_stays() -> None:
    matte, map_ = ones(slice(50, 256), slice(80, 180)), ones(slice(53, 256), slice(83, 177))
    whole = portrait(matte)
    assert without_strangers(whole, Regions(head=map_, body=0 * map_)) is whole
    assert without_strangers(whole, Regions()) is whole
