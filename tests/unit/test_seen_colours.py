"""What the shipped network takes over from a photograph alone, before any fit."""

from dataclasses import replace

import numpy as np
import pytest

from inference.engine import Engine
from inference.engine_protocol import ReconstructionOptions
from inference.files import resource_path

GREEN = np.array([0.15, 0.6, 0.2], np.float32)


@pytest.fixture(scope="module")
def engine():
    return Engine()


@pytest.fixture(scope="module")
def portrait(engine):
    image = engine.open_image(resource_path("samples/astronaut.png"))
    return engine.prepare(image, engine.suggest_crop(image, engine.detect(image)[0]))


def test_a_painted_cheek_is_painted_on_the_head_and_nowhere_behind(engine, portrait):
    middle = portrait.landmarks.points.mean(0)
    rows, columns = np.mgrid[: portrait.size, : portrait.size]
    edge = portrait.size / 12
    disc = np.hypot(columns - middle[0], rows - middle[1]) < edge
    image = portrait.image.copy()
    image[disc] = GREEN
    plain, painted = (
        engine.reconstruct(shown, ReconstructionOptions(fit=False))
        for shown in (portrait, replace(portrait, image=image))
    )
    means = plain.gaussians.means
    seen, _ = plain.camera.project(means)
    near = np.hypot(*(seen - middle).T) < 0.6 * edge
    away = means[:, 2] < np.median(means[:, 2]) - 0.04
    greener = [
        made.gaussians.colours[:, 1] - made.gaussians.colours[:, [0, 2]].mean(1)
        for made in (plain, painted)
    ]
    gained = greener[1] - greener[0]
    faces = engine.template.normals[:, 2] > 0.6
    front = near & faces & (means[:, 2] > np.quantile(means[near, 2], 0.7))
    assert front.sum() > 100
    assert (near & away).sum() > 100
    assert np.median(gained[front]) > 0.15
    assert np.abs(np.median(gained[near & away])) < 0.05
