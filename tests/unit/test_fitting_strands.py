"""The pattern of hair that nobody photographed."""

import numpy as np
import pytest

from inference.fitting.colour.strands import StrandConfig, meridians, strand_pattern
from inference.head.template import HeadTemplate

HAIR = 14


@pytest.fixture(scope="module")
def hair() -> np.ndarray:
    template = HeadTemplate.load()
    return template.anchors[template.labels == HAIR]


def test_strands_are_calm_and_the_same_again(hair: np.ndarray) -> None:
    config = StrandConfig()
    pattern = strand_pattern(hair, config)
    assert abs(pattern.mean()) < 0.05
    assert 0.8 < pattern.std() < 1.1
    assert np.abs(pattern).max() <= config.limit + 1e-6
    assert np.array_equal(pattern, strand_pattern(hair, config))


def test_strands_run_down_from_the_crown(hair: np.ndarray) -> None:
    config = StrandConfig()
    azimuth, down, radius = meridians(hair, config.crown)
    pattern = strand_pattern(hair, config)
    first, second = np.random.default_rng(0).integers(0, len(hair), (2, 4_000_000))
    around = np.abs((azimuth[first] - azimuth[second] + 0.5) % 1 - 0.5)
    around *= 2 * np.pi * radius[first]
    along = np.abs(down[first] - down[second])
    change = (pattern[first] - pattern[second]) ** 2
    down_the_head = change[(around < 0.001) & (along > 0.006) & (along < 0.012)]
    across_it = change[(along < 0.001) & (around > 0.006) & (around < 0.012)]
    assert len(down_the_head) > 100
    assert len(across_it) > 100
    assert down_the_head.mean() < 0.6 * across_it.mean()


def test_no_hair_is_no_pattern() -> None:
    assert strand_pattern(np.zeros((0, 3), np.float32), StrandConfig()).shape == (0,)
