"""Loads the fit's compiled kernels, so that the first head does not wait for them."""

import numpy as np

from inference.fitting.solvers.blending import blend
from inference.fitting.solvers.smooth_field import Kernel, SmoothField
from inference.head.gaussians import Gaussians
from inference.rendering.camera import HEAD_CENTRE, orbit_camera


def warm_up() -> None:
    """Run every kernel once on almost nothing: from the disk's cache, or compiled into it."""
    one = np.array([HEAD_CENTRE], np.float32)
    gaussian = Gaussians(
        means=one,
        quaternions=np.array([[1, 0, 0, 0]], np.float32),
        scales=np.full((1, 3), 0.01, np.float32),
        opacities=np.ones(1, np.float32),
        colours=np.ones((1, 3), np.float32),
    )
    blend(gaussian, orbit_camera(size=(16, 16))).picture(gaussian.colours)
    SmoothField(one, one, Kernel((0.1,), (1.0,))).at(one)
