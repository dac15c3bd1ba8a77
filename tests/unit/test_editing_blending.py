"""Styles between styles, and variations around one."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.editing.blending import blend_styles, vary_style
from inference.editing.types import Style
from inference.errors import UsageError


def style(seed: int, network: str = "test") -> Style:
    vector = np.random.default_rng(seed).standard_normal(64)
    return Style((vector / np.linalg.norm(vector)).astype(np.float32), network, str(seed))


@given(st.integers(0, 999), st.integers(0, 999), st.floats(0, 1))
def test_a_blend_lies_on_the_sphere_at_its_share_of_the_angle(first, second, share):
    one, two = style(first), style(second)
    mixed = blend_styles(one, two, share)
    whole = np.arccos(np.clip(one.vector @ two.vector, -1, 1))
    part = np.arccos(np.clip(one.vector @ mixed.vector, -1, 1))
    assert np.linalg.norm(mixed.vector) == pytest.approx(1, abs=1e-5)
    assert part == pytest.approx(share * whole, abs=2e-3)


def test_the_ends_of_a_blend_are_the_two_styles():
    one, two = style(1), style(2)
    np.testing.assert_allclose(blend_styles(one, two, 0).vector, one.vector, atol=1e-6)
    np.testing.assert_allclose(blend_styles(one, two, 1).vector, two.vector, atol=1e-6)


def test_opposite_styles_have_a_middle_all_the_same():
    one = style(3)
    mixed = blend_styles(one, Style(-one.vector, "test", "opposite"), 0.5)
    assert np.linalg.norm(mixed.vector) == pytest.approx(1, abs=1e-5)


def test_styles_of_two_networks_are_not_mixed():
    with pytest.raises(UsageError, match="cannot be mixed"):
        blend_styles(style(1), style(2, "other"), 0.5)


def test_a_variation_keeps_its_distance_and_its_seed_decides_it():
    base = style(5)
    varied = vary_style(base, 0.3, 7)
    assert np.arccos(base.vector @ varied.vector) == pytest.approx(0.3, abs=1e-4)
    np.testing.assert_array_equal(varied.vector, vary_style(base, 0.3, 7).vector)
    assert not np.allclose(varied.vector, vary_style(base, 0.3, 8).vector)


@pytest.mark.parametrize(
    ("first", "second", "share", "mixed"),
    [
        (True, False, 0.4, True),
        (True, False, 0.6, False),
        (None, True, 0.3, True),  # only one of them speaks of lenses
        (False, None, 0.9, False),
        (None, True, 0.0, None),  # of that one, nothing is in it
        (True, None, 1.0, None),
        (None, None, 0.5, None),
    ],
)
def test_the_nearer_style_that_speaks_of_lenses_decides_them(first, second, share, mixed):
    one, two = replace(style(1), dark_lenses=first), replace(style(2), dark_lenses=second)
    assert blend_styles(one, two, share).dark_lenses is mixed


@pytest.mark.parametrize("dark", [True, False, None])
def test_a_variation_has_the_lenses_of_its_style(dark):
    assert vary_style(replace(style(5), dark_lenses=dark), 0.3, 7).dark_lenses is dark
