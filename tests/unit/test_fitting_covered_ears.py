"""Ears under hair lie down, and only those."""

import numpy as np
import pytest

from inference.fitting.evidence.kinds import EAR_LABELS, Kinds
from inference.fitting.evidence.regions import Regions
from inference.fitting.shape.covered_ears import covered_ears, lay_ears_down
from inference.head.gaussians import Gaussians
from inference.head.template import HeadTemplate
from inference.rendering.camera import orbit_camera
from tests.unit.template_heads import shown

SIZE = 256
FRONT = orbit_camera(size=(SIZE, SIZE))
RIGHT, LEFT = EAR_LABELS
NOTHING, EVERYWHERE = np.zeros((SIZE, SIZE), np.float32), np.ones((SIZE, SIZE), np.float32)


def found(covered: np.ndarray, template: HeadTemplate) -> set[int]:
    return set(template.labels[covered].tolist())


def test_ears_are_covered_where_hair_is_and_no_ear(head: Gaussians, template: HeadTemplate) -> None:
    hair_alone = Regions(hair=EVERYWHERE, ears=NOTHING)
    covered = covered_ears(head, template, FRONT, hair_alone)
    assert np.array_equal(covered, np.isin(template.labels, EAR_LABELS))


def test_an_ear_in_sight_or_peeping_out_stays(head: Gaussians, template: HeadTemplate) -> None:
    left = shown(head, template, (LEFT,), FRONT)
    one = covered_ears(head, template, FRONT, Regions(hair=EVERYWHERE, ears=left))
    assert found(one, template) == {RIGHT}
    lobe = left.copy()
    rows = np.flatnonzero((left > 0.5).any(1))
    lobe[: rows[-1] - 4] = 0
    peeping = covered_ears(head, template, FRONT, Regions(hair=EVERYWHERE, ears=lobe))
    assert found(peeping, template) == {RIGHT}


@pytest.mark.parametrize(
    "regions",
    [
        Regions(hair=NOTHING, ears=NOTHING),  # a face map that found no ear on skin
        Regions(hair=EVERYWHERE),
        Regions(ears=NOTHING),
    ],
)
def test_what_tells_nothing_covers_nothing(
    head: Gaussians, template: HeadTemplate, regions: Regions
) -> None:
    assert not covered_ears(head, template, FRONT, regions).any()


@pytest.mark.parametrize("yaw", [40, -40])
def test_the_ear_that_is_turned_away_is_as_the_other(
    head: Gaussians, template: HeadTemplate, yaw: float
) -> None:
    side = orbit_camera(yaw, size=(SIZE, SIZE))
    covered = covered_ears(head, template, side, Regions(hair=EVERYWHERE, ears=NOTHING))
    assert found(covered, template) == set(EAR_LABELS)
    near = shown(head, template, EAR_LABELS, side)
    free = covered_ears(head, template, side, Regions(hair=EVERYWHERE, ears=near))
    assert not free.any()


def thickness(head: Gaussians, ear: np.ndarray) -> float:
    """How far an ear's anchors stray from one plane, metres."""
    places = head.means[ear] - head.means[ear].mean(0)
    return float(np.linalg.svd(places, full_matrices=False)[1][-1] / np.sqrt(ear.sum()))


def test_a_covered_ear_lies_flat_where_it_grew(head: Gaussians, template: HeadTemplate) -> None:
    left = template.labels == LEFT
    laid = lay_ears_down(head, left, template)
    assert thickness(laid, left) < 0.35 * thickness(head, left)
    assert np.linalg.norm(laid.means[left].mean(0) - head.means[left].mean(0)) < 0.025
    sticks_out = head.means[left, 0].max() - laid.means[left, 0].max()
    assert sticks_out > 0.008
    assert np.array_equal(laid.means[~left], head.means[~left])
    beside = template.neighbours[left][~left[template.neighbours[left]]]
    low, high = laid.means[beside].min(0) - 1e-4, laid.means[beside].max(0) + 1e-4
    assert ((laid.means[left] >= low) & (laid.means[left] <= high)).all()  # harmonic


def test_nothing_covered_changes_nothing(head: Gaussians, template: HeadTemplate) -> None:
    assert lay_ears_down(head, np.zeros(len(head), bool), template) is head


def test_a_covered_ear_is_hair(head: Gaussians, template: HeadTemplate) -> None:
    left = template.labels == LEFT
    kinds = Kinds.of(template, head.colours, covered=left)
    assert (kinds.labels[left] == 14).all()
    assert (kinds.labels[template.labels == RIGHT] == RIGHT).all()
    assert np.array_equal(kinds.template, template.labels)
