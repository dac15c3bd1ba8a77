"""The constants of gsplat 1.5.3's classic rasterisation that every renderer here shares.

Source: https://github.com/nerfstudio-project/gsplat at v1.5.3,
csrc/ProjectionEWA3DGSFused.cu, csrc/RasterizeToPixels3DGSFwd.cu and rendering.py.
"""

NEAR_PLANE = 0.01
"""Gaussians whose centre is nearer than this, in metres, are not drawn."""

BLUR_EPS = 0.3
"""Added to both variances on the screen, in square pixels."""

FRUSTUM_MARGIN = 0.15
"""The projection's Jacobian is taken at most this share of the picture outside of it."""

ALPHA_MAX = 0.999
"""One Gaussian never hides more than this of what is behind it."""

ALPHA_MIN = 1.0 / 255.0
"""A Gaussian does not touch a pixel where its alpha is below this."""

TRANSMITTANCE_MIN = 1e-4
"""A Gaussian that would leave no more than this is not drawn and ends the pixel."""

ALPHA_FLOOR = 1e-10
"""Expected depth is accumulated depth over alpha, the latter at least this."""
