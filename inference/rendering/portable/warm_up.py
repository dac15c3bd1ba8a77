"""Compiling the kernels before anyone waits for a picture."""

import shutil
from collections.abc import Callable

import numpy as np

from inference.head.gaussians import Gaussians
from inference.progress import Progress, no_progress
from inference.rendering.camera import orbit_camera
from inference.rendering.portable.jit import cache_folder
from inference.rendering.portable.renderer import PortableRenderer
from inference.rendering.portable.workspace import Splats


def compile_kernels(progress: Progress = no_progress) -> None:
    """Compile every kernel of the portable renderer into the cache on disk.

    Takes some seconds the first time and is over at once later. Set-up calls it, so that the
    first picture does not wait for a compiler.

    Args:
        progress: told the stage "compiling the renderer" and the fraction done.
    """
    one = Gaussians(
        means=np.zeros((1, 3), np.float32),
        quaternions=np.array([[1, 0, 0, 0]], np.float32),
        scales=np.full((1, 3), 0.01, np.float32),
        opacities=np.ones(1, np.float32),
        colours=np.ones((1, 3), np.float32),
    )
    camera = orbit_camera(size=(8, 8))
    colour, alpha = np.ones((8, 8, 3), np.float32), np.ones((8, 8), np.float32)
    renderer = PortableRenderer(threads=1)
    steps: list[Callable[[], object]] = [
        lambda: renderer.render_rgba8(one, camera),
        lambda: renderer.render(one, camera),
        lambda: renderer.gradients(renderer.record(Splats.of(one), camera), colour, alpha, alpha),
    ]
    for done, step in enumerate(steps):
        progress("compiling the renderer", done / len(steps))
        step()
    progress("compiling the renderer", 1.0)
    _remove_old_caches()


def _remove_old_caches() -> None:
    """Delete the machine code of earlier versions of the kernels."""
    current = cache_folder()
    for folder in current.parent.glob("kernels-*"):
        if folder != current:
            shutil.rmtree(folder, ignore_errors=True)
