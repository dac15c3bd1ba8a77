"""Tilted heads are shown to networks upright."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from inference.engine import Engine
from inference.face_map.labels import Label
from inference.files import resource_path
from inference.model.predict import decode_head, encode_portrait
from inference.portrait.types import PreparedPortrait
from inference.portrait.upright import LEVEL, beyond_level, roll_of, turned_upright


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine()


@pytest.fixture(scope="module")
def sample(engine: Engine) -> PreparedPortrait:
    image = engine.open_image(resource_path("samples/astronaut.png"))
    return engine.prepare(image, engine.suggest_crop(image, engine.detect(image)[0]))


def tilted(portrait: PreparedPortrait, degrees: float) -> PreparedPortrait:
    """The portrait turned clockwise about the middle of its crop."""
    size = portrait.size
    turn = cv2.getRotationMatrix2D(((size - 1) / 2, (size - 1) / 2), -degrees, 1.0)
    assert portrait.landmarks is not None
    points = (portrait.landmarks.points - 0.5) @ turn[:, :2].T + turn[:, 2] + 0.5
    return replace(
        portrait,
        image=cv2.warpAffine(portrait.image, turn, (size, size), borderValue=(0.5,) * 3),
        alpha=cv2.warpAffine(portrait.alpha, turn, (size, size)),
        landmarks=replace(portrait.landmarks, points=points),
        inside=None,
    )


@pytest.mark.parametrize("degrees", [-170, -40, -8, 15, 90])
def test_the_landmarks_tell_the_roll(sample: PreparedPortrait, degrees: float) -> None:
    assert sample.landmarks is not None
    turned = tilted(sample, degrees).landmarks
    assert turned is not None
    change = roll_of(turned) - roll_of(sample.landmarks)
    wrapped = (change + np.pi) % (2 * np.pi) - np.pi
    assert np.degrees(wrapped) == pytest.approx(degrees, abs=0.1)


def test_level_portraits_and_those_without_landmarks_stay(sample: PreparedPortrait) -> None:
    assert turned_upright(sample) is sample
    nobody = replace(tilted(sample, 40), landmarks=None)
    assert turned_upright(nobody) is nobody


def test_the_tilt_begins_softly() -> None:
    assert beyond_level(0.9 * LEVEL) == 0
    assert beyond_level(LEVEL + 0.01) == pytest.approx(0.01)
    assert beyond_level(-LEVEL - 0.01) == pytest.approx(-0.01)


def test_a_portrait_is_turned_back_as_a_whole(sample: PreparedPortrait) -> None:
    upright = turned_upright(tilted(sample, 30))
    assert upright.landmarks is not None
    assert sample.landmarks is not None
    assert upright.inside is not None
    assert abs(roll_of(upright.landmarks)) == pytest.approx(LEVEL, abs=0.01)
    expected = tilted(sample, float(np.degrees(LEVEL - roll_of(sample.landmarks))))
    assert expected.landmarks is not None
    np.testing.assert_allclose(upright.landmarks.points, expected.landmarks.points, atol=0.5)
    middle = (slice(140, 380), slice(140, 380))
    assert np.abs(upright.image - expected.image)[middle].mean() < 0.02
    assert np.abs(upright.alpha - expected.alpha)[middle].mean() < 0.02
    assert upright.inside[0, 0] == 0
    assert upright.alpha[upright.inside == 0].max() < 1e-3


def test_a_tilted_head_is_about_the_same_head(engine: Engine, sample: PreparedPortrait) -> None:
    engine.load_models()
    plain = tilted(sample, 35)
    own, turned, as_it_is = (
        decode_head(engine.model, tokens).gaussians
        for tokens in (
            engine.trunk.tokens(sample),
            engine.trunk.tokens(plain),
            encode_portrait(engine.model, plain),
        )
    )
    hair = engine.template.labels == Label.HAIR
    apart, before = (
        np.linalg.norm((found.means - own.means)[hair], axis=1).mean()
        for found in (turned, as_it_is)
    )
    assert apart < 0.7 * before
