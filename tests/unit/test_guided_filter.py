"""What the matte relies on from the guided filter."""

import numpy as np

from inference.portrait.guided_filter import guided_filter


def test_a_constant_stays():
    guide = np.random.default_rng(0).random((40, 50, 3)).astype(np.float32)
    values = np.full((40, 50), 0.3, np.float32)
    assert np.allclose(guided_filter(guide, values, 5, 1e-3), 0.3, atol=1e-3)


def test_what_is_linear_in_the_guide_stays():
    guide = np.random.default_rng(0).random((60, 60, 3)).astype(np.float32)
    values = guide @ np.array([0.2, 0.5, -0.1], np.float32) + np.float32(0.2)
    assert np.abs(guided_filter(guide, values, 4, 1e-6) - values).max() < 1e-3


def test_a_soft_shifted_edge_moves_onto_the_guide_s():
    """A ramp of 12 pixels, 3 pixels beside a colour edge, becomes that edge."""
    columns = np.tile(np.arange(80), (60, 1))
    guide = np.where(columns[..., None] < 40, [0.8, 0.3, 0.2], [0.1, 0.4, 0.7]).astype(np.float32)
    values = np.clip((columns - 37) / 12 + 0.5, 0, 1).astype(np.float32)
    out = guided_filter(guide, values, 8, 1e-4)
    assert values[30, 40] - values[30, 39] < 0.1
    assert out[30, 40] - out[30, 39] > 5 * (values[30, 40] - values[30, 39])
    assert out[30, 20] < 0.02
    assert out[30, 60] > 0.98


def test_in_flat_colour_it_is_the_mean_of_means():
    values = np.random.default_rng(0).random((50, 50)).astype(np.float32)
    out = guided_filter(np.full((50, 50, 3), 0.4, np.float32), values, 3, 1e-2)
    box = np.ones(7) / 7
    once = np.apply_along_axis(np.convolve, 1, values, box, "valid")
    once = np.apply_along_axis(np.convolve, 0, once, box, "valid")
    twice = np.apply_along_axis(np.convolve, 1, once, box, "valid")
    twice = np.apply_along_axis(np.convolve, 0, twice, box, "valid")
    assert np.allclose(out[6:-6, 6:-6], twice, atol=1e-5)
