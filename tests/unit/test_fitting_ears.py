"""Ears go to the height at which the photograph's face map shows them."""

import numpy as np
import pytest

from inference.fitting.evidence.kinds import EAR_LABELS, HAIR_LABELS
from inference.fitting.shape.ear_places import ears_on_ears, free_ears, match_ears
from inference.fitting.shape.outline import OutlineMatches
from inference.fitting.solvers.blending import Blending, blend
from inference.head.gaussians import Gaussians
from inference.head.template import HeadTemplate
from inference.rendering.camera import Camera, orbit_camera
from tests.unit.template_heads import shown

SIZE = 256
FRONT = orbit_camera(size=(SIZE, SIZE))


def drawn(head: Gaussians, template: HeadTemplate, camera: Camera) -> tuple[Blending, np.ndarray]:
    """The head, and where its ears are seen."""
    return blend(head, camera), shown(head, template, EAR_LABELS, camera)


@pytest.mark.parametrize("up", [-6, 5])
def test_ears_move_by_as_much_as_the_photographs_are_elsewhere(
    head: Gaussians, template: HeadTemplate, up: int
) -> None:
    blending, ears = drawn(head, template, FRONT)
    points, shifts = match_ears(blending, head.means, template, FRONT, np.roll(ears, -up, 0))
    assert len(points) > 50
    assert set(np.sign(points[:, 0])) == {-1.0, 1.0}
    assert np.allclose(shifts, [0, -up], atol=0.6)


def test_longer_ears_stretch(head: Gaussians, template: HeadTemplate) -> None:
    blending, ears = drawn(head, template, FRONT)
    rows = np.flatnonzero(ears.max(1) > 0.5)
    middle = rows.mean()
    longer = ears[np.clip(((np.arange(SIZE) - middle) / 1.2 + middle).round(), 0, 255).astype(int)]
    points, shifts = match_ears(blending, head.means, template, FRONT, longer)
    low = points[:, 1] < np.median(points[:, 1])
    assert shifts[low, 1].mean() > 0.5 > -0.5 > shifts[~low, 1].mean()


def test_an_ear_that_is_turned_away_is_left_alone(head: Gaussians, template: HeadTemplate) -> None:
    camera = orbit_camera(20, size=(SIZE, SIZE))  # sees the person's left side, which is +x
    blending, ears = drawn(head, template, camera)
    points, _ = match_ears(blending, head.means, template, camera, np.roll(ears, 4, 0))
    assert len(points)
    assert (points[:, 0] > 0).all()


def test_ears_under_hair_stay_where_they_are(head: Gaussians, template: HeadTemplate) -> None:
    blending, ears = drawn(head, template, FRONT)
    points, shifts = match_ears(blending, head.means, template, FRONT, np.zeros_like(ears))
    assert len(points) > 50
    assert not shifts.any()


def test_ears_that_peep_out_of_hair_are_not_free(head: Gaussians, template: HeadTemplate) -> None:
    _, ears = drawn(head, template, FRONT)
    hair = shown(head, template, HAIR_LABELS, FRONT)
    seen = ears > 0.5
    assert (free_ears(ears, hair, FRONT)[seen] > 0.5).all()  # there is hair above them alone
    columns = np.arange(SIZE)
    long = np.where(~seen & (columns > SIZE / 2), 1, hair).astype(np.float32)
    free = free_ears(ears, long, FRONT)
    assert free[:, : SIZE // 2].sum() > 0
    assert free[:, SIZE // 2 :].sum() == 0


def test_hair_is_not_pulled_to_the_outline_of_an_ear(
    head: Gaussians, template: HeadTemplate
) -> None:
    _, ears = drawn(head, template, FRONT)
    hair = np.flatnonzero(np.isin(template.labels, HAIR_LABELS))
    side, top = hair[template.anchors[hair, 0].argmax()], hair[template.anchors[hair, 1].argmax()]
    ear = np.flatnonzero(np.isin(template.labels, EAR_LABELS))[0]
    anchors = np.array([side, top, ear])
    points = head.means[anchors].astype(np.float64)
    row, column = np.argwhere(ears > 0.9)[-1] + 0.5
    pixels, _ = FRONT.project(points)
    shifts = np.array([column, row]) - pixels
    shifts[1] = [0, -3]
    matches = OutlineMatches(points, shifts, np.ones(3), anchors)
    kept = ears_on_ears(matches, template, FRONT, ears)
    assert kept.anchors.tolist() == [top, ear]


def test_an_ear_is_pulled_out_to_an_ear_alone_but_in_to_any_outline(
    head: Gaussians, template: HeadTemplate
) -> None:
    _, ears = drawn(head, template, FRONT)
    ear = np.flatnonzero(np.isin(template.labels, EAR_LABELS))[:1]
    points = head.means[ear].astype(np.float64)
    pixels, _ = FRONT.project(points)
    outward = 3 * np.sign(pixels - SIZE / 2) * [1, 0]

    def kept(shifts: np.ndarray, shown: np.ndarray) -> int:
        matches = OutlineMatches(points, shifts, np.ones(1), ear)
        return len(ears_on_ears(matches, template, FRONT, shown).anchors)

    nothing = np.zeros_like(ears)
    assert kept(outward, np.ones_like(ears)) == 1
    assert kept(outward, nothing) == 0
    assert kept(-outward, nothing) == 1
