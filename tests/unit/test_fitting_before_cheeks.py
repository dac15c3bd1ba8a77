"""A lock that hangs before the side of a cheek does not colour the cheek."""

import numpy as np
import pytest

from inference.fitting.colour.before_cheeks import without_what_hangs_before
from inference.fitting.evidence.trust import View
from inference.fitting.solvers.blending import Blending, blend
from inference.head.gaussians import Gaussians
from inference.head.template import HeadTemplate
from inference.rendering.camera import orbit_camera
from tests.unit.template_heads import view_of

SIZE = 256
FRONT = orbit_camera(size=(SIZE, SIZE))
SKIN, LOCK = (0.8, 0.6, 0.5), (0.2, 0.12, 0.05)
CHEEK, FOREHEAD = -0.01, 0.075  # heights, metres
HEIGHT = 12  # of a lock, pixels


@pytest.fixture(scope="module")
def blending(head: Gaussians) -> Blending:
    return blend(head, FRONT)


@pytest.fixture(scope="module")
def view(head: Gaussians, template: HeadTemplate) -> View:
    return view_of(head, template, FRONT)


def row_of(height: float) -> int:
    pixels, _ = FRONT.project(np.array([[0.0, height, 0.06]]))
    return int(pixels[0, 1])


def edge_of_face(template: HeadTemplate, blending: Blending, row: int) -> int:
    """Column of the last pixel of the face in this row."""
    face = (template.labels == 2).astype(np.float32)
    return int(np.flatnonzero(blending.picture(face[:, None])[row, :, 0] > 0.7)[-1])


def believed(
    template: HeadTemplate, blending: Blending, view: View, row: int, columns: slice
) -> np.ndarray:
    """Weights of a lock there, on a face of one colour."""
    image = np.full((SIZE, SIZE, 3), SKIN, np.float32)
    rows = slice(row - HEIGHT // 2, row + HEIGHT // 2)
    image[rows, columns] = LOCK
    weight = np.ones((SIZE, SIZE), np.float32)
    after = without_what_hangs_before(weight, image, blending, view, template)
    outside = after.copy()
    outside[rows, columns] = 1
    assert (outside > 0.95).all()
    return np.asarray(after[rows, columns])


def test_the_tip_of_a_lock_at_the_side_is_not_believed(
    template: HeadTemplate, blending: Blending, view: View
) -> None:
    row = row_of(CHEEK)
    last = edge_of_face(template, blending, row)
    assert believed(template, blending, view, row, slice(last - 1, last + 1)).mean() < 0.1


def test_what_is_in_the_middle_of_the_face_stays(
    template: HeadTemplate, blending: Blending, view: View
) -> None:
    middle = slice(SIZE // 2 + 12, SIZE // 2 + 16)
    assert (believed(template, blending, view, row_of(CHEEK), middle) > 0.95).all()


def test_a_fringe_at_the_temple_stays(
    template: HeadTemplate, blending: Blending, view: View
) -> None:
    row = row_of(FOREHEAD)
    last = edge_of_face(template, blending, row)
    assert (believed(template, blending, view, row, slice(last - 1, last + 1)) > 0.95).all()


def test_a_beard_is_like_the_cheek_beside_it(
    template: HeadTemplate, blending: Blending, view: View
) -> None:
    image = np.full((SIZE, SIZE, 3), SKIN, np.float32)
    image[row_of(CHEEK) :] = LOCK
    weight = np.ones((SIZE, SIZE), np.float32)
    after = without_what_hangs_before(weight, image, blending, view, template)
    assert (after[row_of(CHEEK - 0.03) :] > 0.9).all()
