"""Photographs without colours make heads without colours."""

import numpy as np
import pytest

from inference.fitting.colour.monochrome import toned, tones_of

SIZE = 96
EVERYWHERE = np.ones((SIZE, SIZE), bool)
GREY, SEPIA = (1.0, 1.0, 1.0), (1.1, 0.95, 0.75)


def photograph(tint: tuple[float, float, float], noise: float = 0.004) -> np.ndarray:
    """Tones of one tint, with a compressor's noise."""
    random = np.random.default_rng(0)
    tone = random.uniform(0.05, 0.85, (SIZE, SIZE, 1))
    shown = tone * tint + random.normal(0, noise, (SIZE, SIZE, 3))
    return np.clip(shown, 0, 1).astype(np.float32)


@pytest.mark.parametrize("tint", [GREY, SEPIA])
def test_colours_take_the_photographs_tint(tint: tuple[float, float, float]) -> None:
    curve = tones_of(photograph(tint), EVERYWHERE)
    assert curve is not None
    people = np.array([[0.2, 0.35, 0.6], [0.9, 0.5, 0.5], [0.3, 0.2, 0.1]], np.float32)
    found = toned(people, curve)
    np.testing.assert_allclose(found.mean(1), people.mean(1), atol=0.01)
    expected = np.array(tint) / np.mean(tint)
    np.testing.assert_allclose(
        found / found.mean(1, keepdims=True), expected[None] + 0 * found, atol=0.02
    )


def test_photographs_in_colour_stay() -> None:
    skin, shirt = photograph((1.2, 0.95, 0.8)), photograph((0.8, 1.0, 1.2))
    both = np.where(np.arange(SIZE)[:, None, None] < SIZE // 2, skin, shirt)
    assert tones_of(both, EVERYWHERE) is None


def test_only_the_person_counts() -> None:
    image = photograph(GREY)
    image[: SIZE // 2] = (0.1, 0.6, 0.2)
    person = EVERYWHERE.copy()
    person[: SIZE // 2] = False
    assert tones_of(image, person) is not None
    assert tones_of(image, np.zeros_like(person)) is None


def test_a_picture_of_one_tone_is_no_special_case() -> None:
    curve = tones_of(np.full((SIZE, SIZE, 3), 0.5, np.float32), EVERYWHERE)
    assert curve is not None
    np.testing.assert_allclose(toned(np.full((1, 3), 0.5, np.float32), curve), 0.5, atol=1e-4)
