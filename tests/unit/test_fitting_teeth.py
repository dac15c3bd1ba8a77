"""Upper teeth come down to where the photograph shows their edge."""

import numpy as np
import pytest

from inference.fitting.shape.teeth import FURTHEST, lower_upper_teeth, upper_teeth
from inference.head.gaussians import Gaussians
from inference.head.template import HeadTemplate
from inference.rendering.camera import orbit_camera

SIZE = 512
FRONT = orbit_camera(size=(SIZE, SIZE))
SKIN, LIPS, TEETH, TONGUE = (0.75, 0.55, 0.45), (0.6, 0.3, 0.3), (0.8, 0.78, 0.7), (0.75, 0.45, 0.4)
DARK = (0.08, 0.04, 0.04)
ABOVE, OPEN, WIDE = 6, 22, 28  # pixels of the mouth above the teeth's edge, in all, to each side


def edge_of_teeth(head: Gaussians, template: HeadTemplate) -> float:
    """Row of the lowest upper teeth near the middle."""
    pixels, _ = FRONT.project(head.means[upper_teeth(template)].astype(np.float64))
    return float(pixels[np.abs(pixels[:, 0] - SIZE / 2) < 15, 1].max())


def photograph(
    head: Gaussians, template: HeadTemplate, layers: list[tuple[int, tuple[float, float, float]]]
) -> tuple[np.ndarray, np.ndarray]:
    """A face with a mouth that shows layers of so many pixels, from the upper lip down."""
    image = np.full((SIZE, SIZE, 3), SKIN, np.float32)
    mouth = np.zeros((SIZE, SIZE), np.float32)
    top = round(edge_of_teeth(head, template)) - ABOVE
    wide = slice(SIZE // 2 - WIDE, SIZE // 2 + WIDE)
    image[top - 8 : top + OPEN + 8, wide] = LIPS
    mouth[top : top + OPEN, wide] = 1
    image[top : top + OPEN, wide] = DARK
    row = top
    for height, colour in layers:
        image[row : row + height, wide] = colour
        row += height
    return image, mouth


@pytest.mark.parametrize("tall", [10, 14, 18])
def test_they_end_where_the_photograph_shows_their_edge(
    head: Gaussians, template: HeadTemplate, tall: int
) -> None:
    image, mouth = photograph(head, template, [(tall, TEETH)])
    moved = lower_upper_teeth(head, template, FRONT, image, mouth)
    expected = edge_of_teeth(head, template) + tall - ABOVE
    assert edge_of_teeth(moved, template) == pytest.approx(expected, abs=1.5)


def test_nothing_else_moves_and_teeth_only_down(head: Gaussians, template: HeadTemplate) -> None:
    image, mouth = photograph(head, template, [(16, TEETH)])
    moved = lower_upper_teeth(head, template, FRONT, image, mouth)
    teeth = upper_teeth(template)
    assert np.array_equal(moved.means[~teeth], head.means[~teeth])
    way = (moved.means - head.means)[teeth]
    assert np.abs(way[:, [0, 2]]).max() < 1e-6
    assert way[:, 1].max() < 0
    assert way[:, 1].min() > -FURTHEST - 1e-6


def test_lower_teeth_below_a_gap_do_not_count(head: Gaussians, template: HeadTemplate) -> None:
    image, mouth = photograph(head, template, [(10, TEETH), (6, DARK), (6, TEETH)])
    moved = lower_upper_teeth(head, template, FRONT, image, mouth)
    expected = edge_of_teeth(head, template) + 10 - ABOVE
    assert edge_of_teeth(moved, template) == pytest.approx(expected, abs=1.5)


@pytest.mark.parametrize(
    "layers",
    [[], [(12, TONGUE)], [(8, DARK), (4, TONGUE), (10, TEETH)], [(3, TEETH)]],
    ids=["dark", "tongue", "lower teeth", "short teeth"],
)
def test_what_is_no_long_upper_tooth_leaves_them(
    head: Gaussians, template: HeadTemplate, layers: list[tuple[int, tuple[float, float, float]]]
) -> None:
    image, mouth = photograph(head, template, layers)
    moved = lower_upper_teeth(head, template, FRONT, image, mouth)
    assert np.abs(moved.means - head.means).max() < 1e-6


def test_a_closed_or_unknown_mouth_leaves_them(head: Gaussians, template: HeadTemplate) -> None:
    image, mouth = photograph(head, template, [(16, TEETH)])
    assert lower_upper_teeth(head, template, FRONT, image, None) is head
    assert lower_upper_teeth(head, template, FRONT, image, 0 * mouth) is head


def test_the_upper_row_is_the_higher_of_two(template: HeadTemplate) -> None:
    teeth = upper_teeth(template)
    mouth = template.labels == 11
    assert teeth[mouth].sum() == teeth.sum() > 500
    assert np.array_equal(teeth, teeth[template.mirror])
    tall = template.anchors[teeth, 1]
    assert np.ptp(tall) < 0.02
    assert (template.anchors[mouth & ~teeth, 1] < tall.min()).sum() > 1000  # tongue and lower row
