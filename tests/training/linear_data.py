"""Rows that hang linearly on features, two of each head, for the regressions' tests."""

import numpy as np


def linear_rows(features):
    """Features [200, F] of falling spread, values [200, 2] that follow, and heads [200]."""
    rng = np.random.default_rng(0)
    truth = rng.normal(size=(features, 2)).astype(np.float32)
    x = rng.normal(size=(200, features)).astype(np.float32)
    x = x * np.linspace(1, 0.01, features, dtype=np.float32)
    return x, x @ truth, np.arange(200, dtype=np.int32) // 2
