"""Places of small things: spread evenly, each with an anchor of its own, seen where they are."""

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from inference.editing.spread import (
    EDGE,
    depth_of,
    metres_of_a_pixel,
    nearest_donors,
    pixels_of,
    points_at,
    spread_over,
)
from inference.rendering.camera import HEAD_CENTRE, orbit_camera


def ring(edge=80):
    rows, columns = np.mgrid[:edge, :edge]
    away = np.hypot(columns - 40, rows - 40)
    return (away > 22) & (away < 30)


def pixel_of(places):
    return places.astype(int).T


@pytest.mark.parametrize("count", [1, 7, 60])
def test_places_lie_in_the_mask_and_far_from_each_other(count):
    mask = ring()
    places = spread_over(mask, count)
    column, row = pixel_of(places)
    assert len(places) == count
    np.testing.assert_array_equal(places % 1, 0.5)  # the middles of pixels, as cameras count
    assert mask[row, column].all()
    # As many discs of this radius just cover the mask, so nobody has to be nearer than that.
    if count > 1:
        assert pdist(places).min() >= 0.95 * np.sqrt(mask.sum() / (np.pi * count))


def test_all_pixels_are_the_most_that_there_are():
    mask = ring(60)
    places = spread_over(mask, 100000)
    again = np.zeros_like(mask)
    column, row = pixel_of(places)
    again[row, column] = True
    assert len(places) == mask.sum()
    np.testing.assert_array_equal(again, mask)


def test_an_empty_mask_and_nothing_wanted_give_no_places():
    assert spread_over(np.zeros((20, 20), bool), 5).shape == (0, 2)
    assert spread_over(ring(), 0).shape == (0, 2)


def test_each_place_has_a_donor_of_its_own_and_ways_are_short():
    rng = np.random.default_rng(0)
    donors = rng.uniform(0, 100, (90, 2)).astype(np.float32)
    on_donors = rng.permutation(90)[:40]
    np.testing.assert_array_equal(nearest_donors(donors[on_donors], donors), on_donors)
    places = rng.uniform(0, 100, (60, 2)).astype(np.float32)
    who = nearest_donors(places, donors)
    assert len(np.unique(who)) == 60
    ways = ((places - donors[who]) ** 2).sum()
    for _ in range(20):
        others = rng.permutation(90)[:60]
        assert ways < ((places - donors[others]) ** 2).sum()


@pytest.mark.parametrize("seed", range(6))
def test_points_are_where_they_are_seen(seed):
    rng = np.random.default_rng(seed)
    yaw, elevation = rng.uniform(-90, 90), rng.uniform(-40, 40)
    edge = int(rng.choice([256, 512, 640]))
    camera = orbit_camera(yaw, elevation, size=(edge, edge))
    points = (HEAD_CENTRE + rng.normal(0, 0.08, (50, 3))).astype(np.float32)
    again = points_at(pixels_of(points, camera), depth_of(points, camera), camera)
    np.testing.assert_allclose(again, points, atol=1e-5)
    # The grid does not hang on the camera's size.
    wide = orbit_camera(yaw, elevation, size=(EDGE, EDGE))
    np.testing.assert_allclose(
        pixels_of(points, camera), wide.project(points.astype(float))[0], atol=1e-2
    )
    depth = np.full(2, 1.1, np.float32)
    one, next_one = points_at(np.array([[200, 300], [201, 300]], np.float32), depth, camera)
    width = metres_of_a_pixel(camera, 1.1)
    assert np.linalg.norm(next_one - one) == pytest.approx(width, rel=1e-2)
