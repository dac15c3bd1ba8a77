"""Numerics of the fit: blending as a linear map, least squares, smooth fields."""
