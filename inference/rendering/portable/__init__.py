"""A renderer for any computer: 3D Gaussians on the processor, compiled by numba.

The algorithm is tile-based splatting (Kerbl et al. 2023) turned inside out for a processor:
projection.py, then one depth sort of the frame and tile lists (binning.py), then every tile is
blended Gaussian by Gaussian over rows of eight pixels (blend.py, draw.py).
"""
