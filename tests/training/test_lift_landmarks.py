"""Landmarks are found again on the template, whatever place they were given before."""

from dataclasses import replace

import numpy as np
import pytest

from inference.fitting.evidence.landmark_groups import LOWER_LIP, UPPER_LIP
from inference.fitting.shape.camera import facing_weight
from inference.head.template import HeadTemplate
from inference.rendering.camera import orbit_camera
from training.synthetic.lift_landmarks import LandmarkSearch, Sighting
from training.template.labels import Label
from training.template.landmarks import read_landmarks, write_landmarks
from training.template.patches import Samples

SKIN = (Label.FACE, Label.NOSE, Label.LOWER_LIP, Label.UPPER_LIP, 6, 7)


@pytest.fixture(scope="module")
def template() -> HeadTemplate:
    return HeadTemplate.load()


def seen(template: HeadTemplate, truth: np.ndarray, yaw: float, noise: float) -> Sighting:
    camera = orbit_camera(yaw, size=(512, 512))
    places = template.anchors.astype(np.float64)
    pixels, _ = camera.project(places)
    face = np.ptp(pixels[truth], axis=0).max()
    stray = np.random.default_rng(100 + round(yaw)).normal(0, noise, (len(truth), 2))
    trust = facing_weight(places[truth], camera)
    return Sighting(pixels[truth] / face + stray, pixels / face, trust)


def found(template: HeadTemplate, truth: np.ndarray, noise: float) -> np.ndarray:
    search = LandmarkSearch(template, np.isin(template.labels, SKIN))
    for yaw in range(-42, 43, 6):
        search.add(seen(template, truth, float(yaw + 1), noise))
    return search.best()


def moved(template: HeadTemplate) -> HeadTemplate:
    """The template with its landmarks some millimetres beside their places, both sides alike."""
    start = template.landmark_anchors.copy()
    right = template.anchors[start, 0] < -0.003
    near = template.neighbours[template.neighbours[start, 3], 5]
    lip = np.isin(template.labels[start], (Label.LOWER_LIP, Label.UPPER_LIP))
    start[right & ~lip] = near[right & ~lip]
    return replace(template, landmark_anchors=start)


def test_exact_sightings_give_the_anchors_themselves(template: HeadTemplate) -> None:
    truth = template.landmark_anchors.astype(np.int64)
    best = found(moved(template), truth, 0.0)
    usable = np.isin(template.labels[truth], SKIN)
    off = np.linalg.norm(template.anchors[best] - template.anchors[truth], axis=1)
    assert np.median(off[usable]) < 2e-4
    assert np.quantile(off[usable], 0.9) < 1.5e-3


def test_noise_averages_out_in_depth_too(template: HeadTemplate) -> None:
    truth = template.landmark_anchors.astype(np.int64)
    best = found(template, truth, 0.01)
    off = np.abs(template.anchors[best] - template.anchors[truth])
    assert np.median(off, axis=0).max() < 2.5e-3  # the noise of one is 1.8 mm


def test_lips_keep_their_own_landmarks(template: HeadTemplate) -> None:
    crossed = template.landmark_anchors.astype(np.int64)
    crossed[[13, 14]] = crossed[[14, 13]]  # the inner rims of a closed mouth
    best = found(template, crossed, 0.0)
    assert (template.labels[best[list(LOWER_LIP)]] == Label.LOWER_LIP).all()
    assert (template.labels[best[list(UPPER_LIP)]] == Label.UPPER_LIP).all()


def test_places_are_read_as_they_were_written(tmp_path) -> None:
    quads = np.arange(32).reshape(2, 16)
    uv = np.random.default_rng(0).random((2, 16, 2))
    anchors = np.arange(468) % 32
    write_landmarks(anchors, Samples(quads, uv), tmp_path / "places.csv")
    read_quads, read_uv = read_landmarks(tmp_path / "places.csv")
    assert np.array_equal(read_quads, anchors)
    assert np.abs(read_uv - uv.reshape(-1, 2)[anchors]).max() < 1e-4
