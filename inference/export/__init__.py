"""Splat files, pictures and video."""
