"""A renderer for any computer: 3D Gaussians on the processor, compiled by numba.

The algorithm is tile-based splatting (Kerbl et al. 2023) turned inside out for a processor:
projection.py, then one depth sort of the frame and tile lists (binning.py), then every tile is
blended Gaussian by Gaussian over rows of eight pixels (blend.py, draw.py).
"""

from inference.progress import Progress, no_progress


def compile_kernels(progress: Progress = no_progress) -> None:
    """Compile every kernel into the cache on disk; see warm_up.py."""
    from inference.rendering.portable import warm_up  # numba takes a second to import

    warm_up.compile_kernels(progress)
