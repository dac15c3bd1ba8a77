"""The parts that the portable renderer is made of."""

import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.rendering.portable.binning import depth_sort
from inference.rendering.portable.jit import kernel
from inference.rendering.portable.layout import CULLED
from inference.rendering.portable.memory import load, store
from inference.rendering.portable.simd import exp2, log2
from inference.rendering.selection import choose_renderer, renderer_options


@kernel
def apply_exp2_and_log2(values, powers, logarithms):
    for i in range(0, len(values), 8):
        store(powers, i, exp2(load(values, i)))
        store(logarithms, i, log2(load(values, i) * load(values, i)))


def test_the_quick_exponential_and_logarithm_are_accurate():
    values = np.linspace(-100, -1e-3, 80_000).astype(np.float32)
    powers, logarithms = np.empty_like(values), np.empty_like(values)
    apply_exp2_and_log2(values, powers, logarithms)
    exact = values.astype(np.float64)
    assert np.abs(powers / np.exp2(exact) - 1).max() < 4e-6
    assert np.abs(logarithms - np.log2((values * values).astype(np.float64))).max() < 2e-6


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(st.one_of(st.just(CULLED), st.integers(-5, 5), st.integers(-(2**31), 2**31 - 1))))
def test_the_depth_sort_is_stable_and_drops_what_is_culled(keys):
    keys = np.array(keys, np.int32)
    order = depth_sort(keys, np.empty(len(keys), np.uint64), np.empty(len(keys), np.uint64))
    drawn = np.flatnonzero(keys != CULLED)
    expected = drawn[np.argsort(keys[drawn], kind="stable")]
    assert np.array_equal(order & np.uint64(0xFFFFFFFF), expected)


def test_there_is_always_a_renderer_and_each_option_gives_its_reason():
    options = {option.name: option for option in renderer_options()}
    assert options["portable"].usable
    assert all(option.reason for option in options.values())
    expected = "gsplat" if options["gsplat"].usable else "portable"
    assert expected in choose_renderer().name


@pytest.mark.skipif(not hasattr(os, "fork"), reason="only where processes fork")
def test_a_forked_process_can_draw():
    """Data loaders fork; a threading layer that cannot stand that would abort here."""
    program = """
import os
import numpy as np
from inference.head.gaussians import Gaussians
from inference.rendering.camera import orbit_camera
from inference.rendering.portable.renderer import PortableRenderer
n = 5000
scene = Gaussians(np.random.default_rng(0).normal(0, 0.1, (n, 3)), np.tile([1.0, 0, 0, 0], (n, 1)),
                  np.full((n, 3), 0.01), np.ones(n), np.ones((n, 3)))
renderer = PortableRenderer(2)
parent = renderer.render_rgba8(scene, orbit_camera())
child = os.fork()
same = np.array_equal(renderer.render_rgba8(scene, orbit_camera()), parent)
if child == 0:
    os._exit(0 if same else 3)
assert same and os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
"""
    subprocess.run([sys.executable, "-W", "ignore", "-c", program], check=True, timeout=120)
