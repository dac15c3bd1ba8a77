"""Gaussians follow the edges of the photograph that they lie on."""

from dataclasses import replace

import numpy as np
import pytest

from inference.fitting.colour.along_edges import EdgeConfig, draw_out_along_edges
from inference.fitting.evidence.trust import View
from inference.fitting.solvers.blending import blend
from inference.head.gaussians import Gaussians
from inference.head.rotations import rotations_of
from inference.head.template import HeadTemplate
from inference.rendering.camera import orbit_camera
from tests.unit.template_heads import lying, round_head, view_of

SIZE = 512
FRONT = orbit_camera(size=(SIZE, SIZE))
LIGHT, DARK = 0.9, 0.1
SLOPE = np.radians(60)  # of the edge, against the rows
ALONG = np.array([np.cos(SLOPE), np.sin(SLOPE)])


@pytest.fixture(scope="module")
def head(template: HeadTemplate) -> Gaussians:
    """Flat discs on the template, their first axis along the normal."""
    discs = replace(round_head(template, template.anchors), quaternions=lying(template))
    return replace(discs, scales=(discs.scales * [0.2, 1, 1]).astype(np.float32))


@pytest.fixture(scope="module")
def view(head: Gaussians, template: HeadTemplate) -> View:
    return view_of(head, template, FRONT)


def across(points: np.ndarray) -> np.ndarray:
    """Pixels from a slanted edge through the middle of the picture, of points (column, row)."""
    off = points - (SIZE / 2, 0.75 * SIZE)
    return np.asarray(off @ np.array([-ALONG[1], ALONG[0]]))


@pytest.fixture(scope="module")
def photograph() -> np.ndarray:
    """Light on one side of the edge and dark on the other, [S, S, 3]."""
    rows, columns = np.mgrid[:SIZE, :SIZE] + 0.5
    light = np.clip(across(np.stack([columns, rows], -1)) + 0.5, 0, 1)
    return np.repeat(DARK + (LIGHT - DARK) * light[..., None], 3, 2).astype(np.float32)


@pytest.fixture(scope="module")
def drawn(head: Gaussians, photograph: np.ndarray, view: View, template: HeadTemplate) -> Gaussians:
    return draw_out_along_edges(head, FRONT, photograph, view, template, EdgeConfig())


def on_the_edge(head: Gaussians, view: View) -> np.ndarray:
    pixels, _ = FRONT.project(head.means.astype(np.float64))
    inside = ((pixels > 0) & (pixels < SIZE)).all(1)
    return inside & (np.abs(across(pixels)) < 2) & (view.cosine > 0.8)


def test_their_long_axis_lies_along_the_edge(head: Gaussians, drawn: Gaussians, view: View) -> None:
    chosen = on_the_edge(head, view)
    assert chosen.sum() > 60
    axes = rotations_of(drawn.quaternions[chosen])
    longest = axes[np.arange(chosen.sum()), :, drawn.scales[chosen].argmax(1)]
    seen = longest @ FRONT.world_to_camera[:2, :3].T
    seen /= np.linalg.norm(seen, axis=1, keepdims=True)
    assert np.abs(seen @ ALONG).min() > 0.99
    ratio = np.sort(drawn.scales[chosen], 1)
    assert np.median(ratio[:, 2] / ratio[:, 1]) > 3


def test_they_stay_flat_and_as_large(head: Gaussians, drawn: Gaussians) -> None:
    before, after = np.sort(head.scales, 1), np.sort(drawn.scales, 1)
    np.testing.assert_allclose(after[:, 0], before[:, 0], rtol=1e-4)
    area = after[:, 1] * after[:, 2] / (before[:, 1] * before[:, 2])
    assert area.min() > 0.99
    assert area.max() < 1.6  # half drawn out, an ellipse between the two is larger than both
    normals = rotations_of(head.quaternions)[:, :, 0]
    thin = rotations_of(drawn.quaternions)
    thin = thin[np.arange(len(thin)), :, drawn.scales.argmin(1)]
    assert np.abs((thin * normals).sum(1)).min() > 0.999


def test_away_from_edges_and_turned_away_they_stay_as_they_were(
    head: Gaussians, drawn: Gaussians, view: View
) -> None:
    pixels, _ = FRONT.project(head.means.astype(np.float64))
    outside = ((pixels < 0) | (pixels > SIZE)).any(1)
    untouched = outside | (np.abs(across(pixels)) > 20) | (view.cosine < 0.3)
    assert np.array_equal(drawn.scales[untouched], head.scales[untouched])
    assert np.array_equal(drawn.quaternions[untouched], head.quaternions[untouched])


def test_a_slanted_edge_has_no_teeth(
    head: Gaussians, drawn: Gaussians, view: View, photograph: np.ndarray
) -> None:
    """Each Gaussian as light as the photograph is there: how far do contours stray from it?"""
    pixels, _ = FRONT.project(head.means.astype(np.float64))
    light = (across(pixels) > 0).astype(np.float32)[:, None]
    rows, columns = np.mgrid[:SIZE, :SIZE] + 0.5
    apart = across(np.stack([columns, rows], -1))

    def stray(gaussians: Gaussians) -> float:
        blending = blend(gaussians, FRONT)
        shown = blending.picture(light)[..., 0] / np.maximum(blending.alpha, 1e-3)
        inside = (blending.alpha > 0.99) & (np.abs(apart) < 6)
        wrong = np.abs(shown - (apart > 0))[inside]
        return float(wrong.mean())

    assert stray(drawn) < 0.85 * stray(head)


def test_a_photograph_without_edges_changes_nothing(
    head: Gaussians, view: View, template: HeadTemplate
) -> None:
    grey = np.full((SIZE, SIZE, 3), 0.5, np.float32)
    same = draw_out_along_edges(head, FRONT, grey, view, template, EdgeConfig())
    assert np.array_equal(same.scales, head.scales)
    assert np.array_equal(same.quaternions, head.quaternions)
